//! What a sandbox is like, said before it starts.

use crate::clock::Clock;
use crate::connection::{bind, open};
use crate::entra::Signers;
use crate::incident::Incident;
use crate::message::guid;
use crate::record::{CallRecord, Exchange};
use crate::sandbox::Sandbox;
use crate::server::{Door, OnCall, OnExchange, State};
use crate::world::{Account, World};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// Configures a [`Sandbox`].
#[must_use = "the sandbox is started by `start`"]
pub struct SandboxBuilder {
    port: u16,
    pace: Duration,
    page_size: usize,
    token_lifetime: Duration,
    certificates: Vec<String>,
    on_call: Option<OnCall>,
    on_exchange: Vec<OnExchange>,
    control: bool,
    incidents: BTreeSet<Incident>,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            pace: Duration::from_millis(50),
            page_size: 2,
            token_lifetime: Duration::from_secs(3600),
            certificates: Vec::new(),
            on_call: None,
            on_exchange: Vec::new(),
            control: false,
            incidents: BTreeSet::new(),
        }
    }

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
    /// | POST `faults` | as [`Sandbox::fail`]: `{"calls": "GET /products", "times": 2, "status": 503}` |
    /// | DELETE `faults` | as [`Sandbox::heal`] |
    /// | POST, DELETE `incidents` | as [`Sandbox::begin`] and [`Sandbox::end`]: `{"incident": "list-refused"}` |
    /// | POST `submissions` | as [`Sandbox::decide`]: `{"next": "fail-certification"}` |
    /// | POST `clock` | as [`Sandbox::advance`]: `{"advanceSeconds": 3600}` |
    /// | POST `tokens` | as [`Sandbox::set_token_lifetime`]: `{"lifetimeSeconds": 60}` |
    /// | DELETE `tokens` | as [`Sandbox::revoke_tokens`] |
    ///
    /// The `calls` of a fault are `any`, `tokens`, `uploads` or an operation; it has one of `status` (with `headers`, and `body`
    /// or the name of an [`ErrorShape`](crate::ErrorShape) as `shape`), `connection` (`reset`, `cut`, `torn`, `stall`) and
    /// `perSecond`; `delayMilliseconds` goes with each of them, or stands alone.
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

    /// Is called with every call and its answer in full, before the answer is sent. Several hooks are
    /// called in their order. A panic of one fails the test that owns the sandbox, when it is dropped.
    pub fn on_exchange(mut self, f: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.on_exchange.push(Box::new(f));
        self
    }

    /// Starts with an incident under way.
    pub fn incident(mut self, incident: Incident) -> Self {
        self.incidents.insert(incident);
        self
    }

    /// Starts the sandbox on loopback.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or a certificate is none.
    pub async fn start(self) -> io::Result<Sandbox> {
        let (service, address) = bind(self.port)?;
        let (store, blobs) = bind(0)?;
        let origin = format!("http://{address}");
        let signers = Signers::new(&origin, &self.certificates);
        let signers = signers.map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
        let account = Account { tenant: guid(), client_id: guid(), secret: format!("sandbox~{}", guid()), signers };
        let world = World {
            clock: Clock::new(),
            account,
            origin,
            store: format!("http://{blobs}"),
            front_door: None,
            token_lifetime: self.token_lifetime,
            pace: self.pace,
            page_size: self.page_size,
            incidents: BTreeSet::new(),
            verdicts: Default::default(),
            tokens: Default::default(),
            grants: 0,
            submissions: 0,
            blobs: Default::default(),
            products: Default::default(),
            order: Vec::new(),
        };
        let runtime = Handle::current();
        let state = Arc::new(State {
            world: Mutex::new(world),
            calls: Mutex::default(),
            served: Arc::default(),
            faults: Mutex::default(),
            expectations: Mutex::default(),
            panics: Mutex::default(),
            on_call: self.on_call,
            on_exchange: self.on_exchange,
            control: self.control,
            runtime: runtime.clone(),
            doors: Mutex::default(),
        });
        open(&state, &runtime, service, Door::Service)?;
        open(&state, &runtime, store, Door::Blobs)?;
        let sandbox = Sandbox { address, state };
        for incident in self.incidents {
            sandbox.begin(incident)?;
        }
        Ok(sandbox)
    }
}
