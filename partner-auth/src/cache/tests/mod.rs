//! The cache with a scripted issuer and a manual clock.

mod lost_acquisitions;
mod refresh;
mod rejected_tokens;
mod thundering_herd;

use super::*;
use crate::testing::ManualClock;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex as StdMutex, Weak};
use tokio::sync::watch;

pub(super) const HOUR: u64 = 3600;

/// A scripted response of the issuer.
#[derive(Clone)]
pub(super) enum Response {
    /// A token with this lifetime and this `refresh_in`, in seconds.
    Token(u64, Option<u64>),
    /// A token with this text and a lifetime of one hour, as an issuer with its own cache returns it.
    SameToken(&'static str),
    Error(Error),
    Panic,
}

/// An issuer that returns scripted responses in order, then tokens with a lifetime of one hour. The tokens are `t1`, `t2`, ...
/// by the number of the request.
pub(super) struct ScriptedIssuer {
    clock: ManualClock,
    script: StdMutex<VecDeque<Response>>,
    pub(super) calls: AtomicUsize,
    pub(super) version: AtomicU64,
    /// How often a request yields before it responds.
    pub(super) yields: AtomicUsize,
    gate: watch::Sender<bool>,
    cache: StdMutex<Weak<Inner>>,
    /// True if the version was read while the cache was locked.
    pub(super) version_under_lock: AtomicBool,
}

impl Issuer for ScriptedIssuer {
    fn issue(&self) -> BoxFuture<'_, Result<IssuedToken, Error>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let requested_at = self.clock.now();
            for _ in 0..self.yields.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            self.gate.subscribe().wait_for(|open| *open).await.expect("the sender exists");
            let response = self.script.lock().unwrap().pop_front().unwrap_or(Response::Token(HOUR, None));
            let (text, lifetime, refresh_in) = match response {
                Response::Token(lifetime, refresh_in) => (format!("t{number}"), lifetime, refresh_in),
                Response::SameToken(text) => (text.to_owned(), HOUR, None),
                Response::Error(error) => return Err(error),
                Response::Panic => panic!("scripted panic"),
            };
            let lifetime = Duration::from_secs(lifetime);
            let token = AccessToken::with_lifetime(text, requested_at, lifetime)?;
            Ok(IssuedToken { token, requested_at, lifetime, refresh_in: refresh_in.map(Duration::from_secs) })
        })
    }

    fn version(&self) -> u64 {
        let is_locked = self.cache.lock().unwrap().upgrade().is_some_and(|cache| cache.state.try_lock().is_err());
        self.version_under_lock.fetch_or(is_locked, Ordering::SeqCst);
        self.version.load(Ordering::SeqCst)
    }

    fn time_limit(&self) -> Duration {
        Duration::from_secs(45)
    }
}

/// A cache, its clock and its issuer.
#[derive(Clone)]
pub(super) struct Harness {
    pub(super) cache: Cache,
    pub(super) clock: ManualClock,
    pub(super) issuer: Arc<ScriptedIssuer>,
}

impl Harness {
    pub(super) fn new(script: impl IntoIterator<Item = Response>) -> Self {
        Self::with_spawn(script, sync::on_runtime)
    }

    pub(super) fn with_spawn(script: impl IntoIterator<Item = Response>, spawn: Spawn) -> Self {
        let clock = ManualClock::new();
        let issuer = Arc::new(ScriptedIssuer {
            clock: clock.clone(),
            script: StdMutex::new(script.into_iter().collect()),
            calls: AtomicUsize::new(0),
            version: AtomicU64::new(0),
            yields: AtomicUsize::new(0),
            gate: watch::Sender::new(true),
            cache: StdMutex::default(),
            version_under_lock: AtomicBool::new(false),
        });
        // Without jitter the refresh times are exactly as documented.
        let policy = RefreshPolicy::default().jitter(0.0, Duration::ZERO).seed(7);
        let cache = Cache::with_spawn("test".into(), issuer.clone(), Clock::Manual(clock.clone()), policy, spawn);
        *issuer.cache.lock().unwrap() = Arc::downgrade(&cache.0);
        Self { cache, clock, issuer }
    }

    pub(super) fn calls(&self) -> usize {
        self.issuer.calls.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) fn close_gate(&self) {
        self.issuer.gate.send_replace(false);
    }

    pub(super) fn open_gate(&self) {
        self.issuer.gate.send_replace(true);
    }

    pub(super) async fn token_text(&self) -> String {
        self.cache.token().await.unwrap().secret().to_owned()
    }

    /// Yields until all spawned tasks are idle. A current-thread runtime runs them in turn.
    pub(super) async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn transient() -> Error {
    Error::new(ErrorKind::Transient, "outage")
}

pub(super) fn permanent() -> Error {
    Error::new(ErrorKind::Credential, "wrong secret")
}

pub(super) fn throttled(seconds: u64) -> Error {
    let details = crate::error::Details { retry_after: Some(Duration::from_secs(seconds)), ..Default::default() };
    Error::with(ErrorKind::Throttled, "too many requests", details)
}
