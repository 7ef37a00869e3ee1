//! The builder of a sandbox.

mod environment;
mod start;

use crate::clock::limited;
use crate::incident::Incident;
use crate::message::guid;
use crate::network::Network;
use crate::record::{CallRecord, Exchange};
use crate::server::{OnCall, OnExchange};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// A builder for a [`Sandbox`](crate::Sandbox).
#[must_use = "call `start` to start the sandbox"]
pub struct SandboxBuilder {
    network: Network,
    tenant: String,
    client_id: String,
    client_secret: String,
    seed: Option<PathBuf>,
    state_file: Option<PathBuf>,
    record: Option<PathBuf>,
    processing_delay: Duration,
    page_size: usize,
    token_lifetime: Duration,
    certificates: Vec<String>,
    on_call: Option<OnCall>,
    on_exchange: Vec<OnExchange>,
    control: bool,
    page: bool,
    incidents: BTreeSet<Incident>,
    rules_off: Vec<String>,
    without_rules: bool,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            network: Network {
                host: "127.0.0.1".to_owned(),
                port: 0,
                blob_port: Some(0),
                hostname: None,
                allow_remote: false,
            },
            tenant: guid(),
            client_id: guid(),
            client_secret: format!("sandbox~{}", guid()),
            seed: None,
            state_file: None,
            record: None,
            processing_delay: Duration::from_millis(50),
            page_size: 2,
            token_lifetime: Duration::from_secs(3600),
            certificates: Vec::new(),
            on_call: None,
            on_exchange: Vec::new(),
            control: false,
            page: false,
            incidents: BTreeSet::new(),
            rules_off: Vec::new(),
            without_rules: false,
        }
    }

    /// Sets the duration of each asynchronous processing step: the branches of a new plan, packages and submissions.
    /// Default: 50 ms; maximum: 1,000 years.
    pub fn processing_delay(mut self, delay: Duration) -> Self {
        self.processing_delay = limited(delay);
        self
    }

    /// Sets the number of products per page. Default: 2; minimum: 1.
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = items.max(1);
        self
    }

    /// Sets the lifetime of access tokens. Default: one hour; maximum: 1,000 years.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = limited(lifetime);
        self
    }

    /// Registers a PEM certificate for the application, which can then authenticate with assertions signed by the
    /// certificate's key. A private key in the PEM text is ignored.
    pub fn certificate(mut self, pem: impl Into<String>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Enables the HTTP control API under `/sandbox/`, for tests in other languages, and `/healthz`. Default: disabled.
    ///
    /// | request | effect |
    /// | --- | --- |
    /// | GET `calls` | returns the call log with headers and bodies, oldest call first; `?after=N`: the calls after the number N |
    /// | GET `openapi.json` | returns the corrected document that the sandbox implements |
    /// | GET `state` | returns the content of a [state file](Self::state_file) |
    /// | POST `seed` | replaces resources and files by those of the state file in the body |
    /// | POST `reset` | same as [`Sandbox::reset`](crate::Sandbox::reset) |
    /// | POST `faults` | same as [`Sandbox::fail`](crate::Sandbox::fail): `{"calls": "GET /products", "times": 2, "status": 503}` |
    /// | DELETE `faults` | same as [`Sandbox::clear_faults`](crate::Sandbox::clear_faults) |
    /// | POST, DELETE `incidents` | same as [`Sandbox::start_incident`](crate::Sandbox::start_incident) and [`Sandbox::stop_incident`](crate::Sandbox::stop_incident): `{"incident": "list-refused"}` |
    /// | POST `submissions` | same as [`Sandbox::set_next_outcome`](crate::Sandbox::set_next_outcome): `{"nextOutcome": "fail-certification"}` |
    /// | DELETE `submissions` | removes the outcomes that were set and not used yet |
    /// | POST `clock` | same as [`Sandbox::advance`](crate::Sandbox::advance): `{"advanceSeconds": 3600}` |
    /// | POST `tokens` | same as [`Sandbox::set_token_lifetime`](crate::Sandbox::set_token_lifetime): `{"lifetimeSeconds": 60}` |
    /// | DELETE `tokens` | same as [`Sandbox::revoke_tokens`](crate::Sandbox::revoke_tokens) |
    ///
    /// The `calls` of a fault are `any`, `tokens`, `uploads` or an operation. A fault has exactly one of these fields:
    ///
    /// * `status`, with optional `headers`, either `body` or `shape`, the name of an [`ErrorShape`](crate::ErrorShape), and
    ///   `"afterProcessing": true` to process the call before
    /// * `connection`: `reset`, `drop-response`, `truncate-body` or `stall`
    /// * `perSecond`
    ///
    /// `delayMilliseconds` may be added to each of them, or used alone. `times` is the number of affected calls. Default: 1.
    ///
    /// An invalid request returns 400 with the reason. Requests of other web pages are rejected with 421 or 403. Secrets, tokens and
    /// signatures of upload URLs are removed from the call log. It has bodies of at most 256 KiB, for the latest calls: 32 MiB in total.
    ///
    /// GET `/healthz` returns 200, or 500 if the state file cannot be written.
    pub fn control(mut self, on: bool) -> Self {
        self.control = on;
        self
    }

    /// Serves a web page at `/`, for people: calls, offers and controls. Default: disabled.
    ///
    /// Its address is [`Sandbox::page_url`](crate::Sandbox::page_url). The page shows no secrets. Requests of other web pages are
    /// rejected, and the controls need the token in the address.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = partner_sandbox::Sandbox::builder().page(true).start().await?;
    /// println!("{}", sandbox.page_url().unwrap());
    /// # Ok(())
    /// # }
    /// ```
    pub fn page(mut self, on: bool) -> Self {
        self.page = on;
        self
    }

    /// Sets a function that is called after every call.
    pub fn on_call(mut self, f: impl Fn(&CallRecord) + Send + Sync + 'static) -> Self {
        self.on_call = Some(Box::new(f));
        self
    }

    /// Adds a function that is called with the complete request and response, before the response is sent.
    ///
    /// Several functions are called in the order in which they were added. If one panics, dropping the sandbox panics, too, so
    /// that the test fails.
    pub fn on_exchange(mut self, f: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.on_exchange.push(Box::new(f));
        self
    }

    /// Starts the sandbox with an active incident. May be called several times.
    pub fn incident(mut self, incident: Incident) -> Self {
        self.incidents.insert(incident);
        self
    }

    /// Turns off a rule of publishing, by its id.
    ///
    /// By default, a submission fails in validation if the offer violates any rule in the portal's documentation. It is
    /// unknown which of them the real service checks. The id follows `sandbox/` in the error code of the validation. See
    /// `openapi/publishing-rules.toml` in the repository of this project.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = partner_sandbox::Sandbox::builder().without_rule("large-logo-required").start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_rule(mut self, id: impl Into<String>) -> Self {
        self.rules_off.push(id.into());
        self
    }

    /// Turns off all rules of publishing. See [`without_rule`](Self::without_rule).
    pub fn without_rules(mut self) -> Self {
        self.without_rules = true;
        self
    }
}
