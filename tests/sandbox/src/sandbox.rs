//! A running sandbox.

use crate::builder::SandboxBuilder;
use crate::clock::limited;
use crate::connection;
use crate::fault::{Calls, Fault};
use crate::incident::Incident;
use crate::model::Model;
use crate::record::CallRecord;
use crate::replay::{self, Replay};
use crate::reset;
use crate::server::{BASE, Host, State, lock};
use crate::submission_outcome::SubmissionOutcome;
use std::ops::RangeBounds;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// A running sandbox on loopback ports. It stops when it is dropped.
///
/// # Panics
///
/// Dropping the sandbox panics if an [expected](Self::expect) call was not received, or if a hook or a handler panicked in the
/// sandbox's own task. The test that owns the sandbox fails then.
#[derive(Debug)]
pub struct Sandbox {
    /// Scheme, host and port.
    pub(crate) origin: String,
    pub(crate) state: Arc<State>,
}

impl Sandbox {
    /// Starts a sandbox with the default configuration.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder for a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// Returns the base URL of the API.
    pub fn url(&self) -> String {
        format!("{}{BASE}", self.origin)
    }

    /// Returns the URL of the authority, which issues the tokens.
    pub fn authority(&self) -> String {
        self.origin.clone()
    }

    /// Returns the address of the web page with the token for its controls. `None` without [`SandboxBuilder::page`].
    pub fn page_url(&self) -> Option<String> {
        let page = self.state.local.page.as_ref()?;
        Some(format!("{}/?token={}", self.origin, page.token))
    }

    /// Returns the tenant id.
    pub fn tenant(&self) -> String {
        self.model().account.tenant.clone()
    }

    /// Returns the client id of the application.
    pub fn client_id(&self) -> String {
        self.model().account.client_id.clone()
    }

    /// Returns the client secret of the application.
    pub fn client_secret(&self) -> String {
        self.model().account.secret.clone()
    }

    /// Returns a federated assertion for the application, as a platform writes it to a file. It is valid for ten minutes.
    pub fn federated_assertion(&self) -> String {
        let model = self.model();
        model.account.trusted_keys.federated(model.clock.wall())
    }

    /// Returns the number of tokens issued so far.
    pub fn issued_tokens(&self) -> usize {
        self.model().issued_tokens
    }

    /// Revokes all issued tokens. The next call with one of them returns 401.
    pub fn revoke_tokens(&self) {
        self.model().tokens.clear();
    }

    /// Injects a fault into the next `times` matching calls. Several faults are applied in the order in which they were added.
    pub fn fail(&self, calls: Calls, fault: Fault, times: usize) {
        lock(&self.state.faults).add(calls, fault, times);
        self.state.changes.account();
    }

    /// Expects this number of matching calls until the sandbox is dropped. Calls with an injected fault count, too.
    ///
    /// ```should_panic
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use partner_sandbox::{Calls, Sandbox};
    ///
    /// let sandbox = Sandbox::start().await?;
    /// sandbox.expect(Calls::of("GET", "/products"), 1..=3);
    /// drop(sandbox); // Panics, because there was no such call.
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect(&self, calls: Calls, times: impl RangeBounds<usize>) {
        lock(&self.state.expectations).add(calls, &times);
    }

    /// Starts an incident. It is active until [`stop_incident`](Self::stop_incident) is called.
    ///
    /// # Errors
    ///
    /// Returns an error if the incident is [`Incident::FrontDoorUploads`] and no other port can be bound. The incident is not
    /// started then.
    pub fn start_incident(&self, incident: Incident) -> std::io::Result<()> {
        start_incident(&self.state, incident)
    }

    /// Stops an incident.
    pub fn stop_incident(&self, incident: Incident) {
        self.model().incidents.remove(&incident);
        self.state.changes.account();
    }

    /// Sets the outcome of the next submission. Several outcomes are queued in order.
    ///
    /// By default, a submission passes if the offer follows the rules of publishing. See
    /// [`SandboxBuilder::without_rule`].
    pub fn set_next_outcome(&self, outcome: SubmissionOutcome) {
        self.model().next_outcomes.push_back(outcome);
        self.state.changes.account();
    }

    /// Sets the lifetime of tokens issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.model().token_lifetime = limited(lifetime);
    }

    /// Injects random faults into `percent` percent of the calls to the API, until [`clear_faults`](Self::clear_faults) is called.
    ///
    /// The faults are connections closed before the request, before the response or within the body, and the statuses 408, 429,
    /// 500, 502 and 503. The same seed results in the same faults.
    pub fn inject_random_faults(&self, seed: u64, percent: u8) {
        lock(&self.state.faults).inject_random(seed, percent);
    }

    /// Advances the sandbox's clock: tokens expire, and the processing of packages and submissions proceeds.
    pub fn advance(&self, by: Duration) {
        self.model().clock.advance(by);
        self.state.changes.account();
    }

    /// Removes all resources, files, faults, outcomes and calls, and starts again as the sandbox was started: with the resources of its
    /// [`seed`](SandboxBuilder::seed) and its incidents. Issued tokens remain valid, and the clock is not changed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = partner_sandbox::Sandbox::start().await?;
    /// sandbox.reset();
    /// assert!(sandbox.calls().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) {
        reset::reset(&self.state);
    }

    /// Removes all pending faults, including random faults.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
        self.state.changes.account();
    }

    /// Returns the latest 100,000 calls, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.state.calls).all()
    }

    /// Returns the number of calls to the API, including calls with an injected fault. Unlike [`calls`](Self::calls), it is not
    /// limited.
    pub fn call_count(&self) -> usize {
        self.state.call_count.load(Ordering::Relaxed)
    }

    /// Returns a shared counter of the calls to the API, to read from other tasks.
    pub fn call_counter(&self) -> Arc<AtomicUsize> {
        self.state.call_count.clone()
    }

    /// Sends the requests of a [recording](SandboxBuilder::record) to this sandbox, and compares its responses with the recorded ones:
    /// their status, and the names and types in their bodies. Ids, entity tags and upload URLs are replaced by those that this
    /// sandbox issues, and the clock is advanced by the recorded time between two requests. Start it with a new sandbox.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let recording = r#"{"time": "2026-01-01T00:00:00Z", "method": "GET", "path": "/v1.0/ingestion/products",
    ///     "request": {"headers": {"authorization": "Bearer ***"}}, "status": 200, "response": {"body": {"value": [], "more": 1}}}"#;
    /// let sandbox = partner_sandbox::Sandbox::start().await?;
    /// let replay = sandbox.replay(&recording.replace('\n', " "))?;
    /// assert_eq!(replay.differences[0].to_string(), "line 1: GET /v1.0/ingestion/products: /more is missing");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`InvalidData`](std::io::ErrorKind::InvalidData) with the line that is not a recorded exchange.
    pub fn replay(&self, recording: &str) -> std::io::Result<Replay> {
        let invalid = |error: String| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        replay::run(&self.state, recording).map_err(invalid)
    }

    /// Stops the sandbox: accepts no more connections, completes the current calls for at most 5 seconds, and saves the state file.
    /// Expectations are checked as when the sandbox is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the state file or the recording cannot be written.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = partner_sandbox::Sandbox::start().await?;
    /// sandbox.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stop(self) -> std::io::Result<()> {
        let servers = std::mem::take(&mut *lock(&self.state.servers));
        connection::stop(&self.state.changes, servers).await;
        self.state.save()?;
        self.state.file_error().map_or(Ok(()), |error| Err(std::io::Error::other(error)))
    }

    /// Runs the sandbox until this future is dropped. The future never completes.
    pub async fn run(self) {
        std::future::pending::<()>().await;
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.state.model)
    }
}

/// Starts an incident, and the server that it needs.
pub(crate) fn start_incident(state: &Arc<State>, incident: Incident) -> std::io::Result<()> {
    if incident == Incident::FrontDoorUploads && lock(&state.model).front_door.is_none() {
        let (listener, address) = state.network.bind(0)?;
        connection::start(state, &state.runtime, listener, Host::BlobStore)?;
        lock(&state.model).front_door = Some(state.network.origin(address));
    }
    lock(&state.model).incidents.insert(incident);
    state.changes.account();
    Ok(())
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for server in lock(&self.state.servers).drain(..) {
            server.abort();
        }
        // A program that needs the error calls `stop` before.
        let _ = self.state.save();
        // Keep the original panic of a failing test.
        if std::thread::panicking() {
            return;
        }
        let panic = lock(&self.state.panics).pop();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        let unmet = lock(&self.state.expectations).unmet();
        assert!(unmet.is_empty(), "unexpected number of calls to the sandbox: {}", unmet.join("; "));
    }
}
