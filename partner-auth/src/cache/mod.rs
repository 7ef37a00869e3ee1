//! The token cache: one acquisition at a time, refresh before expiry, and the old token while a refresh fails.
//!
//! A read takes a shared lock and compares two instants. Everything else happens under a second lock, which is never held across an
//! await and decides which caller starts an acquisition. On a runtime the acquisition is its own task, so that cancelling a
//! caller does not cancel it. Without a runtime the caller that starts the acquisition also drives it. An acquisition that is
//! dropped with its runtime clears the state, and the next caller starts another one.

mod acquisition;
mod entry;
#[cfg(all(test, feature = "shuttle"))]
mod model;
mod policy;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use entry::IssuedToken;
pub use policy::RefreshPolicy;

use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Error, ErrorKind, Status};
use entry::Entry;
use http::HeaderValue;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::{Mutex, Slot, Spawn, lock};
use tokio::sync::watch;

/// The source of the cache's tokens.
pub(crate) trait Issuer: Send + Sync {
    /// Requests a token, including retries. Completes within `time_limit`.
    fn issue(&self) -> BoxFuture<'_, Result<IssuedToken, Error>>;

    /// Changes when the credential changes. A permanent error is cached only for the credential that caused it.
    fn version(&self) -> u64;

    /// Time after which an acquisition is considered lost, because its runtime no longer drives it.
    fn time_limit(&self) -> Duration;

    /// Number of seconds by which Entra ID's clock is ahead of this machine's, if known.
    fn clock_skew(&self) -> Option<f64> {
        None
    }
}

/// Minimum time between two requests, so that tokens with a lifetime of a second do not cause a busy loop.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How long a permanent error is cached.
const PERMANENT_ERROR_TTL: Duration = Duration::from_secs(60);
/// Minimum time between two acquisitions forced by a 401: a service that rejects a new token also rejects the next one.
const MIN_FORCED_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum number of acquisitions that one call waits for, if they are lost.
const MAX_ACQUISITIONS: usize = 3;

type Outcome = Result<AccessToken, Error>;

#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    /// Names the application and the audience in the log.
    label: Arc<str>,
    issuer: Arc<dyn Issuer>,
    clock: Clock,
    policy: RefreshPolicy,
    spawn: Spawn,
    current: Slot<Entry>,
    state: Mutex<State>,
}

struct State {
    acquisition: Option<Waiter>,
    /// Number of acquisitions so far; also the id of the latest one.
    acquisitions: u64,
    generation: u64,
    /// Consecutive failed acquisitions.
    failures: u32,
    last_error: Option<Error>,
    /// The error returned to callers until the instant, unless the credential version changes.
    cached_error: Option<(Error, Instant, u64)>,
    last_forced: Option<Instant>,
    rng: fastrand::Rng,
}

/// A handle to wait for an acquisition.
#[derive(Clone)]
struct Waiter {
    id: u64,
    lost_at: Instant,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// The next step of a caller.
enum Step {
    Done(Outcome),
    Wait(Waiter),
    /// There is no runtime: this caller drives the acquisition.
    Drive(BoxFuture<'static, ()>, Waiter),
}

impl Cache {
    pub(crate) fn new(label: Arc<str>, issuer: Arc<dyn Issuer>, clock: Clock, policy: RefreshPolicy) -> Self {
        Self::with_spawn(label, issuer, clock, policy, sync::on_runtime)
    }

    fn with_spawn(label: Arc<str>, issuer: Arc<dyn Issuer>, clock: Clock, policy: RefreshPolicy, spawn: Spawn) -> Self {
        let state = State {
            acquisition: None,
            acquisitions: 0,
            generation: 0,
            failures: 0,
            last_error: None,
            cached_error: None,
            last_forced: None,
            rng: policy.rng(),
        };
        Self(Arc::new(Inner { label, issuer, clock, policy, spawn, current: Slot::empty(), state: Mutex::new(state) }))
    }

    /// Returns the token if it is valid, and its refresh is either not due or already in progress.
    pub(crate) fn cached(&self) -> Option<AccessToken> {
        self.read(|entry| entry.token.clone())
    }

    /// Returns the header of the token that [`cached`](Self::cached) returns.
    #[inline]
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.read(Entry::header)
    }

    #[inline]
    fn read<T>(&self, read: impl FnOnce(&Entry) -> T) -> Option<T> {
        self.0.current.read(|entry| entry.is_fresh(self.0.clock.now()).then(|| read(entry)))
    }

    pub(crate) async fn token(&self) -> Outcome {
        match self.cached() {
            Some(token) => Ok(token),
            // Boxed, so that the rare path does not enlarge the future that every call moves.
            None => Box::pin(self.acquire(Duration::ZERO)).await,
        }
    }

    /// Returns a token valid for at least `least`, requesting a new one if the current token expires earlier.
    pub(crate) async fn token_valid_for(&self, least: Duration) -> Outcome {
        let token = self.acquire(least).await?;
        let left = token.expires_at().map(|at| at.saturating_duration_since(self.0.clock.now()));
        if left.is_none_or(|left| left >= least) {
            return Ok(token);
        }
        // The error of a failed refresh explains more than the short lifetime of the remaining token.
        Err(lock(&self.0.state).last_error.clone().unwrap_or_else(|| {
            let message = format!("tokens are not valid for the requested {} s", least.as_secs());
            Error::new(ErrorKind::Config, message)
                .with_hint("Request a shorter duration: Entra ID decides how long tokens are valid.")
        }))
    }

    async fn acquire(&self, least: Duration) -> Outcome {
        for _ in 0..MAX_ACQUISITIONS {
            let completed = match self.0.step(least) {
                Step::Done(outcome) => return outcome,
                Step::Wait(waiter) => self.0.wait(waiter).await,
                Step::Drive(acquisition, waiter) => {
                    acquisition.await;
                    self.0.wait(waiter).await
                }
            };
            match completed {
                Some(Ok(token)) if token.expires_at().is_some_and(|at| self.0.clock.now() >= at) => {}
                Some(outcome) => return outcome,
                None => {}
            }
        }
        Err(Error::new(ErrorKind::Transient, "the token request was abandoned before it completed"))
    }

    /// Drops the rejected token, unless a newer one has replaced it or another token was rejected within the last 30 seconds.
    pub(crate) fn invalidate(&self, rejected: &AccessToken) {
        let mut state = lock(&self.0.state);
        let current = self.0.current.load();
        if current.is_none_or(|entry| entry.token != *rejected) {
            return;
        }
        let now = self.0.clock.now();
        if state.last_forced.is_some_and(|last| now.saturating_duration_since(last) < MIN_FORCED_INTERVAL) {
            tracing::warn!(target: "partner_auth", source = %self.0.label, "a newly issued token was rejected; keeping it");
            return;
        }
        tracing::info!(target: "partner_auth", source = %self.0.label, "token rejected; dropping it");
        state.last_forced = Some(now);
        self.0.current.store(None);
    }

    /// Clears the cached error and the backoff before the next refresh.
    pub(crate) fn clear_error(&self) {
        let mut state = lock(&self.0.state);
        state.cached_error = None;
        state.failures = 0;
        let failed = state.last_error.take().is_some();
        if let (true, None, Some(entry)) = (failed, &state.acquisition, self.0.current.load()) {
            entry.refresh_from(self.0.clock.now());
        }
    }

    pub(crate) fn status(&self) -> Status {
        let state = lock(&self.0.state);
        let now = self.0.clock.now();
        let entry = self.0.current.load().filter(|entry| entry.is_valid(now));
        Status {
            expires_in: entry.as_ref().map(|entry| entry.remaining(now)),
            refreshes_in: entry.as_ref().filter(|_| state.acquisition.is_none()).map(|entry| entry.refreshes_in(now)),
            generation: entry.map_or(0, |entry| entry.generation),
            refreshing: state.acquisition.is_some(),
            acquisitions: state.acquisitions,
            last_error: state.last_error.clone(),
            clock_skew: self.0.issuer.clock_skew(),
        }
    }
}
