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

mod state;
mod store;

pub use store::RateLimitStore;

use super::retry::WaitLimits;
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

/// The pause after a 429 without Retry-After.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause of all calls. A longer Retry-After applies only to the call that received it.
const MAX_PAUSE: Duration = Duration::from_secs(60);

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
            let now = Instant::now();
            let limit = limits.start(now);
            let turn = match self.is_unlimited(now) {
                true => now,
                false => timeout(limit, self.turn()).await.ok()?,
            };
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

    /// Returns true if a request may start without asking a store and without waiting.
    fn is_unlimited(&self, now: Instant) -> bool {
        self.shared.is_none() && self.lock().is_unlimited(now)
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

#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
