//! The rate limiter of a client. Limits concurrent requests, and requests per second after a 429 response.
//!
//! A 429 slows down all calls of the client, not only the one that received it. Calls continue slightly below the rate at which
//! they succeeded, and the rate grows by the CUBIC function of congestion control (RFC 9438), which the AWS SDKs use for this
//! purpose: slowly near the rate of the last 429, quickly far above it, so that an accidental 429 is forgotten within seconds.
//!
//! Calls wait for one of tokio's permits, which are given in the order of arrival, and then in a queue whose head computes when it
//! starts, so that a change of the rate applies to all calls that wait. A call that is dropped leaves the queue. A head that its
//! task does not poll, for example because it is in a stream whose consumer sends another call, is overtaken: with a mutex as the queue,
//! that other call would not end.

mod store;

pub use store::RateLimitStore;

use super::retry::WaitLimits;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

/// The pause after a 429 without Retry-After.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause of all calls. A longer Retry-After applies only to the call that received it.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The period over which successes are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The share of the measured rate at which calls continue after a 429.
const BELOW: f64 = 0.9;
/// The constant C of CUBIC, in calls per second per cubic second.
const SCALE: f64 = 0.4;
/// The longest time until the rate of the last 429 is reached again, in seconds.
const MAX_PLATEAU: f64 = 20.0;
/// Rates of this ratio or less are considered equal.
const SIMILAR: f64 = 1.25;
/// The growth of the plateau when a 429 confirms the rate of the last one.
const CONFIRMED: f64 = 4.0;
/// Rates above this are not limited.
const UNLIMITED: f64 = 1_000.0;
/// Calls that start late, because timers are coarse, are made up for within this time.
const SLACK: Duration = Duration::from_millis(20);
/// The interval in which the head computes its start again, because the rate grows.
const RECHECK: Duration = Duration::from_millis(100);
/// The interval in which a client that is not limited shares its state.
const SHARING: Duration = Duration::from_millis(250);
/// The delay after which a head that does not start is overtaken.
const GRACE: Duration = Duration::from_millis(500);

pub(crate) struct RateLimiter {
    permits: Semaphore,
    state: Mutex<State>,
    shared: Option<store::Shared>,
}

/// The place of a call in the queue. Dropping it lets the next one start.
struct Ticket<'l> {
    limiter: &'l RateLimiter,
    number: u64,
    /// Notified when the call becomes the head.
    is_head: Arc<Notify>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.limiter.lock().leave(self.number);
    }
}

/// The permission to send one request. Dropping it lets another request start.
pub(crate) struct Permit<'l> {
    _permit: Option<SemaphorePermit<'l>>,
    started: Instant,
}

impl<'l> Permit<'l> {
    fn new(permit: Result<SemaphorePermit<'l>, AcquireError>, started: Instant) -> Self {
        // The semaphore is never closed.
        Self { _permit: permit.ok(), started }
    }
}

#[derive(Default)]
struct State {
    /// No call starts before this.
    closed_until: Option<Instant>,
    /// `None` until the first 429.
    limit: Option<Limit>,
    /// The planned start of the last call.
    last: Option<Instant>,
    /// The calls that wait, by their tickets.
    queue: BTreeMap<u64, Arc<Notify>>,
    tickets: u64,
    /// The times of recent successes.
    successes: VecDeque<Instant>,
    /// The recent successes of other processes, by their name: when they were counted, and their number.
    successes_of_others: BTreeMap<String, (u64, u32)>,
    /// When the state was shared last.
    shared_at: Option<Instant>,
    /// Until then, the store is not asked, because it failed.
    unavailable_until: Option<Instant>,
}

/// A limit of calls per second, which grows with time.
struct Limit {
    /// The rate at which the last 429 occurred.
    ceiling: f64,
    /// When calls continue after it.
    since: Instant,
    /// The seconds from then on until the rate is the ceiling again.
    plateau: f64,
}

impl Limit {
    /// Creates the limit after a 429. `measured` is the rate of successful calls, `allowed` that of the last limit.
    fn new(measured: f64, allowed: f64, since: Instant, last: Option<&Self>) -> Self {
        let ceiling = measured.min(allowed).max(1.0);
        let similar = |a: f64, b: f64| a.max(b) <= SIMILAR * a.min(b);
        let confirmed = last.filter(|last| similar(ceiling, last.ceiling) && similar(measured, allowed));
        let plateau = match confirmed {
            Some(last) => (CONFIRMED * last.plateau).min(MAX_PLATEAU),
            None => (ceiling * (1.0 - BELOW) / SCALE).cbrt(),
        };
        Self { ceiling, since, plateau }
    }

    fn rate(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64();
        self.ceiling * (1.0 + (1.0 - BELOW) * (elapsed / self.plateau - 1.0).powi(3))
    }
}

impl RateLimiter {
    /// With a store, the rate is that of all clients with this store.
    pub(crate) fn new(concurrency: usize, store: Option<Arc<dyn RateLimitStore>>) -> Self {
        let permits = Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS));
        Self { permits, state: Mutex::default(), shared: store.map(store::Shared::new) }
    }

    /// Waits until a request may start. Returns `None` if that takes longer than `limits` allow.
    ///
    /// The first attempt waits without limit for the other requests of the client, and sets the time from which the limits
    /// count.
    pub(crate) async fn acquire(&self, limits: &mut WaitLimits) -> Option<Permit<'_>> {
        let Some(left) = limits.left() else {
            let permit = self.permits.acquire().await;
            let turn = timeout(limits.start(), self.turn()).await.ok()?;
            return Some(Permit::new(permit, turn));
        };
        let both = async { Permit::new(self.permits.acquire().await, self.turn().await) };
        timeout(left, both).await.ok()
    }

    /// Waits for the rate limit.
    async fn turn(&self) -> Instant {
        if let Some(shared) = &self.shared
            && self.lock().shares(Instant::now())
        {
            shared.update(self, |_, _| ()).await;
        }
        let now = Instant::now();
        if self.lock().is_unlimited(now) {
            return now;
        }
        let (number, is_head) = self.lock().enter();
        let ticket = Ticket { limiter: self, number, is_head };
        loop {
            match self.start(number, &ticket.is_head).await {
                Ok(now) => return now,
                // Earlier if the call becomes the head.
                Err(later) => drop(timeout_at(later, ticket.is_head.notified()).await),
            }
        }
    }

    async fn start(&self, number: u64, is_head: &Arc<Notify>) -> Result<Instant, Instant> {
        let start = |state: &mut State, now| state.start(now, number, is_head).map(|()| now);
        let now = Instant::now();
        // Only a call that may start by what this client knows asks the store.
        match &self.shared {
            Some(shared) if self.lock().may_start(now, number) => shared.update(self, start).await,
            _ => start(&mut self.lock(), now),
        }
    }

    pub(crate) fn succeeded(&self) {
        self.lock().succeeded(Instant::now());
    }

    /// Records a 429 response to the request with this permit. A Retry-After of zero does not change the rate.
    pub(crate) async fn throttled(&self, permit: &Permit<'_>, retry_after: Option<Duration>) {
        if retry_after == Some(Duration::ZERO) {
            return;
        }
        let pause = retry_after.unwrap_or(PAUSE).min(MAX_PAUSE);
        let throttled = |state: &mut State, now| state.throttled(permit.started, now, pause);
        match &self.shared {
            Some(shared) => shared.update(self, throttled).await,
            None => throttled(&mut self.lock(), Instant::now()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns true if it is time to share the state.
    fn shares(&mut self, now: Instant) -> bool {
        let due = self.shared_at.is_none_or(|last| now.saturating_duration_since(last) >= SHARING);
        if due {
            self.shared_at = Some(now);
        }
        due
    }

    fn is_unlimited(&mut self, now: Instant) -> bool {
        self.rate(now).is_none() && self.closed_until.is_none_or(|until| until <= now)
    }

    fn rate(&mut self, now: Instant) -> Option<f64> {
        let rate = self.limit.as_ref().map(|limit| limit.rate(now)).filter(|rate| *rate < UNLIMITED);
        if rate.is_none() {
            self.limit = None;
        }
        rate
    }

    fn enter(&mut self) -> (u64, Arc<Notify>) {
        let (number, is_head) = (self.tickets, Arc::<Notify>::default());
        self.tickets += 1;
        self.queue.insert(number, is_head.clone());
        (number, is_head)
    }

    fn leave(&mut self, number: u64) {
        self.queue.remove(&number);
        if let Some((_, is_head)) = self.queue.first_key_value() {
            is_head.notify_one();
        }
    }

    /// Returns the interval between two calls, and when the next one starts.
    fn planned(&mut self, now: Instant) -> (Option<Duration>, Instant) {
        let interval = self.rate(now).map(|rate| Duration::from_secs_f64(1.0 / rate));
        let slot = self.last.zip(interval).map(|(last, interval)| last + interval);
        (interval, slot.max(self.closed_until).unwrap_or(now))
    }

    /// Returns true if it is the turn of this call, or it may overtake.
    fn may_start(&mut self, now: Instant, number: u64) -> bool {
        let (_, planned) = self.planned(now);
        let first = self.queue.first_key_value().is_none_or(|(first, _)| *first == number);
        now >= if first { planned } else { planned + GRACE }
    }

    /// Starts the call with this ticket, or returns when to ask again.
    fn start(&mut self, now: Instant, number: u64, is_head: &Arc<Notify>) -> Result<(), Instant> {
        let (interval, planned) = self.planned(now);
        // It was overtaken if it is no longer in the queue.
        self.queue.entry(number).or_insert_with(|| is_head.clone());
        let first = self.queue.first_key_value().is_some_and(|(first, _)| *first == number) || interval.is_none();
        let earliest = if first { planned } else { planned + GRACE };
        if earliest > now {
            let recheck = self.closed_until.max(Some(now + RECHECK)).unwrap_or(planned);
            return Err(if first { earliest.min(recheck) } else { earliest });
        }
        // The calls before it enter the queue again when they are polled.
        self.queue = self.queue.split_off(&number);
        self.last = Some(planned.max(now.checked_sub(SLACK).unwrap_or(now)));
        Ok(())
    }

    fn succeeded(&mut self, now: Instant) {
        while self.successes.front().is_some_and(|then| now.duration_since(*then) > WINDOW) {
            self.successes.pop_front();
        }
        // Rates above `UNLIMITED` need not be measured.
        if (self.successes.len() as f64) < UNLIMITED {
            self.successes.push_back(now);
        }
    }

    /// Returns the number of successes in the last second.
    fn recent_successes(&self, now: Instant) -> usize {
        self.successes.iter().filter(|then| now.saturating_duration_since(**then) <= WINDOW).count()
    }

    fn throttled(&mut self, started: Instant, now: Instant, pause: Duration) {
        let until = now + pause;
        // Responses to calls that were in flight at the last 429 do not lower the rate further.
        if self.closed_until.is_none_or(|last| started >= last) {
            let others: f64 = self.successes_of_others.values().map(|(_, count)| f64::from(*count)).sum();
            let measured = self.recent_successes(now) as f64 + others;
            let allowed = self.rate(now).unwrap_or(f64::INFINITY);
            self.limit = Some(Limit::new(measured, allowed, until, self.limit.as_ref()));
        }
        self.closed_until = self.closed_until.max(Some(until));
        if let Some(limit) = &mut self.limit {
            limit.since = limit.since.max(until);
        }
    }
}

#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
