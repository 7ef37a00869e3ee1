//! A sandbox that runs: its addresses, its account, its log of calls.

use crate::clock::Clock;
use crate::entra::Signers;
use crate::fault::{Calls, Fault};
use crate::http::guid;
use crate::server::{BASE, OnCall, State, answer, lock};
use crate::world::{Account, World};
use axum::Router;
use axum::body::Body;
use axum::http::Request as HttpRequest;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The sandbox: starts on a free loopback port and stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
}

/// One call that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRecord {
    /// The HTTP method.
    pub method: String,
    /// Path and query, without the signature of an upload address.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused, in more words than the service would use.
    pub note: Option<String>,
    /// The value of If-Match.
    pub if_match: Option<String>,
    /// The value of Client-Request-ID.
    pub client_request_id: Option<String>,
}

/// Configures a [`Sandbox`].
#[must_use = "the sandbox is started by `start`"]
pub struct SandboxBuilder {
    port: u16,
    pace: Duration,
    page_size: usize,
    token_lifetime: Duration,
    certificates: Vec<String>,
    on_call: Option<OnCall>,
    control: bool,
}

impl SandboxBuilder {
    /// Listens on this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long each step takes of what changes by itself: branches of a new plan, packages, submissions. 50 ms if not set.
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// How many products a page has; 2 if not set.
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = items.max(1);
        self
    }

    /// How long tokens live; one hour if not set.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Registers a certificate for the application, as PEM: it may sign in with assertions that its key signed. A key beside
    /// it is not read.
    pub fn certificate(mut self, pem: impl Into<String>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Turns on the control interface under `/sandbox/`, for tests in other languages.
    ///
    /// | request | does |
    /// | --- | --- |
    /// | GET `calls` | the calls that came, oldest first |
    /// | POST `faults` | as [`Sandbox::fail`]: `{"calls": "GET /products", "times": 2, "status": 503, "headers": {"Retry-After": "1"}, "body": "", "cut": false, "delayMilliseconds": 0}`; `calls` may be `any`, `tokens` or `uploads` |
    /// | DELETE `faults` | as [`Sandbox::heal`] |
    /// | POST `clock` | as [`Sandbox::advance`]: `{"advanceSeconds": 3600}` |
    /// | DELETE `tokens` | as [`Sandbox::revoke_tokens`] |
    ///
    /// What it does not understand is answered 400 with the reason.
    pub fn control(mut self, on: bool) -> Self {
        self.control = on;
        self
    }

    /// Is called for every call that was answered.
    pub fn on_call(mut self, f: impl Fn(&CallRecord) + Send + Sync + 'static) -> Self {
        self.on_call = Some(Box::new(f));
        self
    }

    /// Starts the sandbox on loopback.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or a certificate is none.
    pub async fn start(self) -> std::io::Result<Sandbox> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        let address = listener.local_addr()?;
        let origin = format!("http://{address}");
        let signers = Signers::new(&origin, &self.certificates);
        let signers = signers.map_err(|what| std::io::Error::new(std::io::ErrorKind::InvalidInput, what))?;
        let world = World {
            clock: Clock::new(),
            account: Account {
                tenant: guid(),
                client_id: guid(),
                secret: format!("sandbox~{}", guid()),
                signers,
            },
            origin,
            token_lifetime: self.token_lifetime,
            pace: self.pace,
            page_size: self.page_size,
            tokens: Default::default(),
            grants: 0,
            blobs: Default::default(),
            products: Default::default(),
            order: Vec::new(),
        };
        let state = Arc::new(State {
            world: Mutex::new(world),
            calls: Mutex::default(),
            faults: Mutex::default(),
            on_call: self.on_call,
            control: self.control,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = state.clone();
        let app = Router::new().fallback(move |request: HttpRequest<Body>| answer(shared.clone(), request));
        tokio::spawn(async move {
            let server = axum::serve(listener, app);
            tokio::select! {
                _ = server.into_future() => {}
                // Dropped or stopped: open connections are cut.
                _ = stopped => {}
            }
        });
        Ok(Sandbox {
            address,
            state,
            stop: Some(stop),
        })
    }
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
        SandboxBuilder {
            port: 0,
            pace: Duration::from_millis(50),
            page_size: 2,
            token_lifetime: Duration::from_secs(3600),
            certificates: Vec::new(),
            on_call: None,
            control: false,
        }
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
        self.world().account.signers.federated()
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

    /// Moves the sandbox's clock forward: tokens expire, packages are processed, submissions move on.
    pub fn advance(&self, by: Duration) {
        self.world().clock.advance(by);
    }

    /// Forgets the faults that have not happened yet.
    pub fn heal(&self) {
        lock(&self.state.faults).clear();
    }

    /// The calls that came, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.state.calls).clone()
    }

    /// Waits until the sandbox is dropped elsewhere, which for a program is never.
    pub async fn run(self) {
        std::future::pending::<()>().await;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.state.world)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may be gone with its runtime.
            let _ = stop.send(());
        }
    }
}
