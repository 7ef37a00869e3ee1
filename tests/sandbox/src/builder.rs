//! The builder of a sandbox.

use crate::clock::{Clock, limited};
use crate::connection::{bind, start};
use crate::entra::TrustedKeys;
use crate::incident::Incident;
use crate::message::guid;
use crate::model::{Account, Model};
use crate::record::{CallRecord, Exchange};
use crate::rules::Off;
use crate::sandbox::Sandbox;
use crate::server::{Host, OnCall, OnExchange, State};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// A builder for a [`Sandbox`].
#[must_use = "call `start` to start the sandbox"]
pub struct SandboxBuilder {
    port: u16,
    processing_delay: Duration,
    page_size: usize,
    token_lifetime: Duration,
    certificates: Vec<String>,
    on_call: Option<OnCall>,
    on_exchange: Vec<OnExchange>,
    control: bool,
    incidents: BTreeSet<Incident>,
    rules_off: Vec<String>,
    without_rules: bool,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            processing_delay: Duration::from_millis(50),
            page_size: 2,
            token_lifetime: Duration::from_secs(3600),
            certificates: Vec::new(),
            on_call: None,
            on_exchange: Vec::new(),
            control: false,
            incidents: BTreeSet::new(),
            rules_off: Vec::new(),
            without_rules: false,
        }
    }

    /// Sets the port. Default: a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
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

    /// Enables the HTTP control API under `/sandbox/`, for tests in other languages. Default: disabled.
    ///
    /// | request | effect |
    /// | --- | --- |
    /// | GET `calls` | returns the call log, oldest call first |
    /// | POST `faults` | same as [`Sandbox::fail`]: `{"calls": "GET /products", "times": 2, "status": 503}` |
    /// | DELETE `faults` | same as [`Sandbox::clear_faults`] |
    /// | POST, DELETE `incidents` | same as [`Sandbox::start_incident`] and [`Sandbox::stop_incident`]: `{"incident": "list-refused"}` |
    /// | POST `submissions` | same as [`Sandbox::set_next_outcome`]: `{"nextOutcome": "fail-certification"}` |
    /// | POST `clock` | same as [`Sandbox::advance`]: `{"advanceSeconds": 3600}` |
    /// | POST `tokens` | same as [`Sandbox::set_token_lifetime`]: `{"lifetimeSeconds": 60}` |
    /// | DELETE `tokens` | same as [`Sandbox::revoke_tokens`] |
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
    /// An invalid request returns 400 with the reason.
    pub fn control(mut self, on: bool) -> Self {
        self.control = on;
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

    /// Starts the sandbox on a loopback address.
    ///
    /// # Errors
    ///
    /// Returns an error if the port cannot be bound. Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if a certificate is
    /// invalid or the id of a rule is unknown.
    pub async fn start(self) -> io::Result<Sandbox> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
        let mut rules_off = if self.without_rules { Off::all() } else { Off::default() };
        for id in &self.rules_off {
            rules_off.add(id).map_err(invalid)?;
        }
        let (service, address) = bind(self.port)?;
        let (store, blobs) = bind(0)?;
        let origin = format!("http://{address}");
        let trusted_keys = TrustedKeys::new(&origin, &self.certificates);
        let trusted_keys = trusted_keys.map_err(invalid)?;
        let account =
            Account { tenant: guid(), client_id: guid(), secret: format!("sandbox~{}", guid()), trusted_keys };
        let model = Model {
            clock: Clock::new(),
            account,
            origin,
            store: format!("http://{blobs}"),
            front_door: None,
            token_lifetime: self.token_lifetime,
            processing_delay: self.processing_delay,
            page_size: self.page_size,
            incidents: BTreeSet::new(),
            late: Default::default(),
            rules_off,
            next_outcomes: Default::default(),
            tokens: Default::default(),
            issued_tokens: 0,
            submissions: 0,
            blobs: Default::default(),
            products: Default::default(),
            order: Vec::new(),
        };
        let runtime = Handle::current();
        let state = Arc::new(State {
            model: Mutex::new(model),
            calls: Mutex::default(),
            call_count: Arc::default(),
            faults: Mutex::default(),
            expectations: Mutex::default(),
            panics: Mutex::default(),
            on_call: self.on_call,
            on_exchange: self.on_exchange,
            control: self.control,
            runtime: runtime.clone(),
            servers: Mutex::default(),
        });
        start(&state, &runtime, service, Host::Service)?;
        start(&state, &runtime, store, Host::BlobStore)?;
        let sandbox = Sandbox { address, state };
        for incident in self.incidents {
            sandbox.start_incident(incident)?;
        }
        Ok(sandbox)
    }
}
