//! The one place that owns tokens: single flight, renewal ahead of expiry, and the old token while renewal fails.
//!
//! A read loads one pointer and compares two instants. Everything else happens under one lock that is never held across
//! an await: it decides who starts a flight. The flight is a task of its own where there is a runtime, so that no caller's
//! cancellation touches it; where there is none, the caller that starts it also drives it. A flight that is lost with its
//! runtime says so when it is dropped, and the next caller starts another one.

mod entry;
mod flight;
#[cfg(all(test, shuttle))]
mod model;
mod policy;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use entry::Grant;
pub use policy::RenewalPolicy;

use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Error, ErrorKind, Status};
use arc_swap::ArcSwapOption;
use entry::Entry;
use http::HeaderValue;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync::{Mutex, Spawn, lock};
use tokio::sync::watch;

/// Where the cache gets its tokens from.
pub(crate) trait Issuer: Send + Sync {
    /// Asks for a token, retries included; ends within `patience`.
    fn grant(&self) -> BoxFuture<'_, Result<Grant, Error>>;

    /// Changes with the credential: a refusal is remembered for the credential that it was about.
    fn version(&self) -> u64;

    /// After this time a flight is lost: the runtime that drives it stands still.
    fn patience(&self) -> Duration;

    /// How much Entra ID's clock is ahead of the machine's, if that is known.
    fn clock_skew(&self) -> Option<f64> {
        None
    }
}

/// Between two requests lies at least this much, so that tokens of a second's life are not a busy loop.
const FLOOR: Duration = Duration::from_secs(1);
/// A refusal that only a person can change is not asked for again before.
const PERMANENT: Duration = Duration::from_secs(60);
/// Between two tokens that a 401 asked for; what rejects a fresh token rejects the next one too.
const FORCED: Duration = Duration::from_secs(30);
/// How often one call follows another flight when the one it waited for was lost.
const FLIGHTS: usize = 3;

type Outcome = Result<AccessToken, Error>;

#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    /// Whose tokens they are, for the log.
    label: Arc<str>,
    issuer: Arc<dyn Issuer>,
    clock: Clock,
    policy: RenewalPolicy,
    spawn: Spawn,
    current: ArcSwapOption<Entry>,
    slot: Mutex<Slot>,
}

struct Slot {
    flight: Option<Ticket>,
    /// Flights so far; the number of the latest is its identity.
    flights: u64,
    generation: u64,
    /// Failed flights in a row.
    failures: u32,
    last_error: Option<Error>,
    /// The refusal that callers get until the instant, unless the credential changes.
    remembered: Option<(Error, Instant, u64)>,
    forced: Option<Instant>,
    rng: fastrand::Rng,
}

/// A place among those who wait for a flight.
#[derive(Clone)]
struct Ticket {
    id: u64,
    lost_at: Instant,
    landing: watch::Receiver<Option<Outcome>>,
}

/// What a caller has to do.
enum Step {
    Done(Outcome),
    Wait(Ticket),
    /// There is no runtime: this caller drives the flight.
    Drive(BoxFuture<'static, ()>, Ticket),
}

impl Cache {
    pub(crate) fn new(label: Arc<str>, issuer: Arc<dyn Issuer>, clock: Clock, policy: RenewalPolicy) -> Self {
        Self::with_spawn(label, issuer, clock, policy, sync::on_runtime)
    }

    fn with_spawn(label: Arc<str>, issuer: Arc<dyn Issuer>, clock: Clock, policy: RenewalPolicy, spawn: Spawn) -> Self {
        let slot = Slot {
            flight: None,
            flights: 0,
            generation: 0,
            failures: 0,
            last_error: None,
            remembered: None,
            forced: None,
            rng: policy.rng(),
        };
        Self(Arc::new(Inner {
            label,
            issuer,
            clock,
            policy,
            spawn,
            current: ArcSwapOption::empty(),
            slot: Mutex::new(slot),
        }))
    }

    /// A valid token whose renewal is not due, or under way.
    pub(crate) fn cached(&self) -> Option<AccessToken> {
        self.read(|entry| entry.token.clone())
    }

    /// The header of the token that [`cached`](Self::cached) gives.
    #[inline]
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.read(Entry::header)
    }

    #[inline]
    fn read<T>(&self, read: impl FnOnce(&Entry) -> T) -> Option<T> {
        let entry = self.0.current.load();
        let entry = entry.as_ref()?;
        entry.is_fresh(self.0.clock.now()).then(|| read(entry))
    }

    pub(crate) async fn token(&self) -> Outcome {
        match self.cached() {
            Some(token) => Ok(token),
            // In a box: what is rarely needed must not make the future large that every call moves.
            None => Box::pin(self.acquire(Duration::ZERO)).await,
        }
    }

    /// A token with at least so much life left; asks for another one when the current has less.
    pub(crate) async fn token_valid_for(&self, least: Duration) -> Outcome {
        let token = self.acquire(least).await?;
        let left = token.expires_at().map(|at| at.saturating_duration_since(self.0.clock.now()));
        if left.is_none_or(|left| left >= least) {
            return Ok(token);
        }
        // A renewal that failed is the better reason than the short life of the token that is still there.
        Err(lock(&self.0.slot).last_error.clone().unwrap_or_else(|| {
            let message =
                format!("a token with {} s left was asked for, and tokens do not live that long", least.as_secs());
            Error::new(ErrorKind::Config, message)
        }))
    }

    async fn acquire(&self, least: Duration) -> Outcome {
        for _ in 0..FLIGHTS {
            let landed = match self.0.step(least) {
                Step::Done(outcome) => return outcome,
                Step::Wait(ticket) => self.0.wait(ticket).await,
                Step::Drive(flight, ticket) => {
                    flight.await;
                    self.0.wait(ticket).await
                }
            };
            match landed {
                Some(Ok(token)) if token.expires_at().is_some_and(|at| self.0.clock.now() >= at) => {}
                Some(outcome) => return outcome,
                None => {}
            }
        }
        Err(Error::new(ErrorKind::Transient, "the token request was given up before it ended"))
    }

    /// Drops the rejected token, unless a newer one has taken its place or the last rejection was a moment ago.
    pub(crate) fn invalidate(&self, rejected: &AccessToken) {
        let mut slot = lock(&self.0.slot);
        let current = self.0.current.load_full();
        if current.is_none_or(|entry| entry.token != *rejected) {
            return;
        }
        let now = self.0.clock.now();
        if slot.forced.is_some_and(|last| now.saturating_duration_since(last) < FORCED) {
            tracing::warn!(target: "partner_auth", source = %self.0.label, "a fresh token was rejected too; it is kept");
            return;
        }
        tracing::info!(target: "partner_auth", source = %self.0.label, "the token was rejected and is dropped");
        slot.forced = Some(now);
        self.0.current.store(None);
    }

    /// Forgets a remembered refusal, and the pause before the next renewal.
    pub(crate) fn forget_error(&self) {
        let mut slot = lock(&self.0.slot);
        slot.remembered = None;
        slot.failures = 0;
        let failed = slot.last_error.take().is_some();
        if let (true, None, Some(entry)) = (failed, &slot.flight, self.0.current.load_full()) {
            entry.renew_from(self.0.clock.now());
        }
    }

    pub(crate) fn status(&self) -> Status {
        let slot = lock(&self.0.slot);
        let now = self.0.clock.now();
        let entry = self.0.current.load_full().filter(|entry| entry.is_valid(now));
        Status {
            expires_in: entry.as_ref().map(|entry| entry.remaining(now)),
            renews_in: entry.as_ref().filter(|_| slot.flight.is_none()).map(|entry| entry.renews_in(now)),
            generation: entry.map_or(0, |entry| entry.generation),
            requesting: slot.flight.is_some(),
            flights: slot.flights,
            last_error: slot.last_error.clone(),
            clock_skew: self.0.issuer.clock_skew(),
        }
    }
}
