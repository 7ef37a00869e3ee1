//! A rate limit that several processes share: the store that the caller supplies, and what is stored in it.

use super::RateLimiter;
use super::state::{Limit, State};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The version of the stored format. A state of another version is replaced.
const VERSION: u32 = 1;
/// What other clients measured is ignored after this time.
const MAX_AGE: Duration = Duration::from_secs(2);
/// Stored times later than this are errors of a clock.
const MAX_AHEAD: Duration = Duration::from_secs(120);
/// The time that one access to the store may take.
const ACCESS_TIMEOUT: Duration = Duration::from_secs(1);
/// The time for which a store that failed is not asked again.
const UNAVAILABLE: Duration = Duration::from_secs(10);
/// Attempts to replace the state while other clients replace it, too.
const MAX_SWAPS: u32 = 50;

/// A store for the state of the rate limiter, so that several processes of one account share one rate: a file with a lock, a key in
/// Redis, a row of a database.
///
/// Without a store, each client slows down only after its own 429 responses. With one, a 429 response slows down all clients, and
/// together they call at the rate at which they succeeded together. The state is at most a few hundred bytes of JSON, plus 60 for each
/// client that sent a request in the last two seconds. It has no secrets. Its format is not part of the API.
///
/// The store is read and written every 250 ms while a client sends requests, and for each request while the rate is limited. An access
/// that fails or takes longer than a second is logged as a warning, and for 10 seconds the client limits itself alone, from the last
/// state that it knows. The clocks of the machines must agree within a second.
///
/// ```
/// use futures_util::future::BoxFuture;
/// use partner_ingestion_sdk::RateLimitStore;
/// use std::io;
/// use std::sync::{Mutex, PoisonError};
///
/// /// Shared by the clients of one process.
/// #[derive(Default)]
/// struct InMemory(Mutex<Vec<u8>>);
///
/// impl RateLimitStore for InMemory {
///     fn load(&self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
///         Box::pin(async { Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()) })
///     }
///
///     fn replace<'a>(&'a self, current: &'a [u8], new: &'a [u8]) -> BoxFuture<'a, io::Result<bool>> {
///         Box::pin(async move {
///             let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///             let is_current = *state == current;
///             if is_current {
///                 *state = new.to_vec();
///             }
///             Ok(is_current)
///         })
///     }
/// }
/// ```
pub trait RateLimitStore: Send + Sync {
    /// Returns the state, or nothing (`vec![]`) if none is stored.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    fn load(&self) -> BoxFuture<'_, io::Result<Vec<u8>>>;

    /// Replaces the state if it is still `current`, in one atomic step. Returns false if it is not.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be written.
    fn replace<'a>(&'a self, current: &'a [u8], new: &'a [u8]) -> BoxFuture<'a, io::Result<bool>>;
}

/// A store, and the name of this client in it.
pub(super) struct Shared {
    store: Arc<dyn RateLimitStore>,
    client: String,
}

/// What is stored. Times are milliseconds since 1970.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stored {
    version: u32,
    closed_until: Option<u64>,
    limit: Option<StoredLimit>,
    last: Option<u64>,
    /// The successes of each client in the second before this time.
    successes: BTreeMap<String, (u64, u32)>,
}

#[derive(Serialize, Deserialize)]
struct StoredLimit {
    ceiling: f64,
    since: u64,
    plateau: f64,
}

/// Converts between the clock of this process and that of all.
#[derive(Clone, Copy)]
struct Clock {
    now: Instant,
    unix: u64,
}

impl Shared {
    pub(super) fn new(store: Arc<dyn RateLimitStore>) -> Self {
        Self { store, client: format!("{:016x}", fastrand::u64(..)) }
    }

    /// Reads the state, changes it, and writes it back, again if another client was faster. If the store fails, only the state of
    /// this client is changed.
    pub(super) async fn update<T>(&self, limiter: &RateLimiter, mut change: impl FnMut(&mut State, Instant) -> T) -> T {
        for _ in 0..MAX_SWAPS {
            if limiter.lock().unavailable_until.is_some_and(|until| Instant::now() < until) {
                break;
            }
            let Some(current) = available(limiter, in_time(self.store.load()).await) else { break };
            let clock = Clock::now();
            let (result, new) = {
                let mut state = limiter.lock();
                parse(&current).import(&mut state, &self.client, clock);
                let result = change(&mut state, clock.now);
                (result, Stored::export(&mut state, &self.client, clock))
            };
            match available(limiter, in_time(self.store.replace(&current, &new)).await) {
                Some(true) | None => return result,
                // After a random delay, so that clients do not disturb each other again.
                Some(false) => tokio::time::sleep(Duration::from_micros(fastrand::u64(100..5_000))).await,
            }
        }
        change(&mut limiter.lock(), Instant::now())
    }
}

/// Logs a failure, and stops asking the store for a while.
fn available<T>(limiter: &RateLimiter, access: io::Result<T>) -> Option<T> {
    access
        .inspect_err(|error| {
            tracing::warn!(target: "partner_ingestion_sdk", %error, "the shared rate limit cannot be read or written");
            limiter.lock().unavailable_until = Some(Instant::now() + UNAVAILABLE);
        })
        .ok()
}

async fn in_time<T>(access: BoxFuture<'_, io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(ACCESS_TIMEOUT, access).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// An unreadable state, for example of another version, counts as none: it is replaced.
fn parse(text: &[u8]) -> Stored {
    serde_json::from_slice(text).ok().filter(|stored: &Stored| stored.version == VERSION).unwrap_or_default()
}

impl Stored {
    /// Sets the state of this client to what all clients know.
    fn import(&self, state: &mut State, client: &str, clock: Clock) {
        state.closed_until = state.closed_until.max(self.closed_until.and_then(|at| clock.instant(at)));
        state.last = state.last.max(self.last.and_then(|at| clock.instant(at)));
        if let Some(limit) = self.limit.as_ref().filter(|limit| limit.is_valid())
            && let Some(since) = clock.instant(limit.since)
        {
            state.limit = Some(Limit { ceiling: limit.ceiling, since, plateau: limit.plateau });
        }
        let others = self.successes.iter().filter(|(name, (at, _))| *name != client && clock.is_recent(*at));
        state.successes_of_others = others.map(|(name, (at, count))| (name.clone(), (*at, *count))).collect();
    }

    fn export(state: &mut State, client: &str, clock: Clock) -> Vec<u8> {
        // Forgets a limit that no longer applies.
        let is_limited = state.rate(clock.now).is_some();
        let limit = state.limit.as_ref().filter(|_| is_limited).map(|limit| StoredLimit {
            ceiling: limit.ceiling,
            since: clock.unix(limit.since),
            plateau: limit.plateau,
        });
        let mut successes = state.successes_of_others.clone();
        let own = u32::try_from(state.recent_successes(clock.now)).unwrap_or(u32::MAX);
        if own > 0 {
            successes.insert(client.to_owned(), (clock.unix, own));
        }
        let stored = Self {
            version: VERSION,
            closed_until: state.closed_until.filter(|until| *until > clock.now).map(|until| clock.unix(until)),
            limit,
            last: state.last.map(|last| clock.unix(last)),
            successes,
        };
        serde_json::to_vec(&stored).unwrap_or_default()
    }
}

impl StoredLimit {
    fn is_valid(&self) -> bool {
        let positive = |number: f64| number.is_finite() && number > 0.0;
        positive(self.ceiling) && positive(self.plateau)
    }
}

impl Clock {
    fn now() -> Self {
        Self { now: Instant::now(), unix: unix_now() }
    }

    /// Returns the time of this process. `None` if it is too far in the future to be right, or before this process began.
    fn instant(self, at: u64) -> Option<Instant> {
        match at.checked_sub(self.unix).map(Duration::from_millis) {
            Some(ahead) if ahead > MAX_AHEAD => None,
            Some(ahead) => self.now.checked_add(ahead),
            None => self.now.checked_sub(Duration::from_millis(self.unix - at)),
        }
    }

    fn unix(self, at: Instant) -> u64 {
        match at.checked_duration_since(self.now) {
            Some(ahead) => self.unix.saturating_add(millis(ahead)),
            None => self.unix.saturating_sub(millis(self.now - at)),
        }
    }

    fn is_recent(self, at: u64) -> bool {
        at.abs_diff(self.unix) <= millis(MAX_AGE)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(not(test))]
fn unix_now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(millis).unwrap_or_default()
}

/// A clock that stops with that of tokio. Each test has its own, so that it does the same in every run.
#[cfg(test)]
fn unix_now() -> u64 {
    thread_local!(static START: Instant = Instant::now());
    1_700_000_000_000 + millis(START.with(Instant::elapsed))
}
