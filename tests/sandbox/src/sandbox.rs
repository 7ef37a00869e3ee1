//! A sandbox that runs: its addresses, its account, its log of calls.

use crate::builder::SandboxBuilder;
use crate::connection;
use crate::fault::{Calls, Fault};
use crate::incident::Incident;
use crate::record::CallRecord;
use crate::server::{BASE, Door, State, lock};
use crate::verdict::Verdict;
use crate::world::World;
use std::net::SocketAddr;
use std::ops::RangeBounds;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// The sandbox: starts on free loopback ports and stops when it is dropped.
///
/// # Panics
///
/// When it is dropped: with what one of its hooks or handlers panicked with, and when a call that was
/// [expected](Self::expect) did not come. A test that leans on the sandbox then fails, although the panic happened in another
/// task.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) address: SocketAddr,
    pub(crate) state: Arc<State>,
}

impl Sandbox {
    /// Starts a sandbox with the defaults.
    ///
    /// # Errors
    ///
    /// When no loopback port is to be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts the configuration of a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// The base URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// The authority host: where tokens are given out.
    pub fn authority(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The tenant of the one account.
    pub fn tenant(&self) -> String {
        self.world().account.tenant.clone()
    }

    /// The application of the one account.
    pub fn client_id(&self) -> String {
        self.world().account.client_id.clone()
    }

    /// The secret of the one account.
    pub fn client_secret(&self) -> String {
        self.world().account.secret.clone()
    }

    /// A federated assertion of the application, as a platform writes it into a file: it lives ten minutes.
    pub fn federated_assertion(&self) -> String {
        let world = self.world();
        world.account.signers.federated(world.clock.wall())
    }

    /// How many tokens were given out.
    pub fn grants(&self) -> usize {
        self.world().grants
    }

    /// Takes back every token that was given out: the next call with one answers 401.
    pub fn revoke_tokens(&self) {
        self.world().tokens.clear();
    }

    /// The next calls of this kind meet the fault, so many of them; several faults happen in the order in which they were
    /// asked for.
    pub fn fail(&self, calls: Calls, fault: Fault, times: usize) {
        lock(&self.state.faults).add(calls, fault, times);
    }

    /// How often calls of this kind have to come until the sandbox is dropped; faults count too.
    ///
    /// ```should_panic
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use partner_sandbox::{Calls, Sandbox};
    ///
    /// let sandbox = Sandbox::start().await?;
    /// sandbox.expect(Calls::of("GET", "/products"), 1..=3);
    /// drop(sandbox); // Nobody asked for the products.
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect(&self, calls: Calls, times: impl RangeBounds<usize>) {
        lock(&self.state.expectations).add(calls, &times);
    }

    /// Begins an incident, which lasts until [`Sandbox::end`].
    ///
    /// # Errors
    ///
    /// [`Incident::FrontDoorUploads`] needs another port; when none is to be had, nothing begins.
    pub fn begin(&self, incident: Incident) -> std::io::Result<()> {
        begin(&self.state, incident)
    }

    /// Ends an incident.
    pub fn end(&self, incident: Incident) {
        self.world().incidents.remove(&incident);
    }

    /// What comes of the next submission that is created; several are kept in their order. Without a verdict a submission
    /// passes when it is complete.
    pub fn decide(&self, verdict: Verdict) {
        self.world().verdicts.push_back(verdict);
    }

    /// How long tokens live that are given out from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.world().token_lifetime = lifetime;
    }

    /// From now on so many of a hundred calls to the service meet a fault that is drawn at random: a connection that breaks
    /// before, after or within the answer, 408, 429, 500, 502 or 503. The same seed draws the same faults. [`heal`](Self::heal)
    /// ends it.
    pub fn disturb(&self, seed: u64, percent: u8) {
        lock(&self.state.faults).disturb(seed, percent);
    }

    /// Moves the sandbox's clock forward: tokens expire, packages are processed, submissions move on.
    pub fn advance(&self, by: Duration) {
        self.world().clock.advance(by);
    }

    /// Forgets the faults that have not happened yet, those at random too.
    pub fn heal(&self) {
        lock(&self.state.faults).clear();
    }

    /// The calls that came, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.state.calls).all()
    }

    /// How many calls came to the service itself, faults among them: the log of a long run forgets.
    pub fn served(&self) -> usize {
        self.state.served.load(Ordering::Relaxed)
    }

    /// The same as a counter that can be read from elsewhere.
    pub fn served_counter(&self) -> Arc<AtomicUsize> {
        self.state.served.clone()
    }

    /// Waits until the sandbox is dropped elsewhere, which for a program is never.
    pub async fn run(self) {
        std::future::pending::<()>().await;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.state.world)
    }
}

/// Begins an incident; one that needs a door of its own gets it.
pub(crate) fn begin(state: &Arc<State>, incident: Incident) -> std::io::Result<()> {
    if incident == Incident::FrontDoorUploads && lock(&state.world).front_door.is_none() {
        let (listener, address) = connection::bind(0)?;
        connection::open(state, &state.runtime, listener, Door::Blobs)?;
        lock(&state.world).front_door = Some(format!("http://{address}"));
    }
    lock(&state.world).incidents.insert(incident);
    Ok(())
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for door in lock(&self.state.doors).drain(..) {
            door.abort();
        }
        // A test that fails already says why.
        if std::thread::panicking() {
            return;
        }
        let panic = lock(&self.state.panics).pop();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        let unmet = lock(&self.state.expectations).unmet();
        assert!(unmet.is_empty(), "the sandbox expected other calls: {}", unmet.join("; "));
    }
}
