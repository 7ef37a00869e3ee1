//! The rate limiter of a client. Limits concurrent requests, and requests per second after a 429 response.
//!
//! A 429 slows down all calls of the client, not only the one that received it. The limiter measures the rate of successful
//! calls, continues slightly below it, and raises it while calls succeed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// The delay after a 429 without Retry-After.
const PAUSE: Duration = Duration::from_secs(1);
/// The period over which successes are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The share of the measured rate at which calls continue after a 429.
const BELOW: f64 = 0.9;
/// The growth of the rate with each success: a share of it, and at least this many calls per second. The rate recovers from an
/// accidental 429 within seconds; at a real limit a 429 occurs every few seconds.
const GROWTH: (f64, f64) = (0.01, 0.1);
/// Rates above this are not limited.
const UNLIMITED: f64 = 1_000.0;

pub(crate) struct RateLimiter {
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// No call starts before this.
    closed_until: Option<Instant>,
    /// Calls per second. `None` until the first 429.
    rate: Option<f64>,
    /// When the next call may start.
    next: Option<Instant>,
    /// The times of recent successes.
    successes: VecDeque<Instant>,
}

impl RateLimiter {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { permits: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)), state: Mutex::default() }
    }

    /// Waits for a permit and a time slot. Dropping the permit releases it.
    pub(crate) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        let permit = self.permits.acquire().await.ok();
        let mut slot = self.lock().reserve(Instant::now());
        while let Some(at) = slot {
            sleep_until(at).await;
            // A 429 may have arrived meanwhile: reserve again, or all waiting calls would start at once.
            slot = self.lock().again(Instant::now());
        }
        permit
    }

    pub(crate) fn succeeded(&self) {
        self.lock().succeeded(Instant::now());
    }

    /// Records a 429 response. A Retry-After of zero does not change the rate.
    pub(crate) fn throttled(&self, retry_after: Option<Duration>) {
        if retry_after == Some(Duration::ZERO) {
            return;
        }
        self.lock().throttled(Instant::now(), retry_after.unwrap_or(PAUSE));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns when the caller may start, if later than now.
    fn reserve(&mut self, now: Instant) -> Option<Instant> {
        let Some(rate) = self.rate else { return self.closed(now) };
        let slot = self.next.into_iter().chain(self.closed_until).fold(now, Instant::max);
        self.next = Some(slot + Duration::from_secs_f64(1.0 / rate));
        (slot > now).then_some(slot)
    }

    /// Returns another slot if sending is suspended at the time of the first one.
    fn again(&mut self, now: Instant) -> Option<Instant> {
        self.closed(now)?;
        self.reserve(now)
    }

    fn closed(&self, now: Instant) -> Option<Instant> {
        self.closed_until.filter(|until| *until > now)
    }

    fn succeeded(&mut self, now: Instant) {
        while self.successes.front().is_some_and(|then| now.duration_since(*then) > WINDOW) {
            self.successes.pop_front();
        }
        // Rates above `UNLIMITED` need not be measured.
        if (self.successes.len() as f64) < UNLIMITED {
            self.successes.push_back(now);
        }
        if let Some(rate) = self.rate {
            let grown = rate + (rate * GROWTH.0).max(GROWTH.1);
            self.rate = (grown < UNLIMITED).then_some(grown);
        }
    }

    fn throttled(&mut self, now: Instant, pause: Duration) {
        let until = now + pause;
        // Responses to calls that were already in flight do not lower the rate further.
        if self.closed(now).is_none() {
            let recent = self.successes.iter().filter(|then| now.duration_since(**then) <= WINDOW);
            let measured = recent.count().max(1) as f64;
            let before = self.rate.unwrap_or(f64::INFINITY);
            self.rate = Some(measured.min(before).max(1.0) * BELOW);
        }
        self.closed_until = self.closed_until.max(Some(until));
        // Reserved slots remain valid.
        self.next = self.next.max(self.closed_until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn resumes_slightly_below_the_last_successful_rate() {
        let (mut state, start) = (State::default(), Instant::now());
        assert_eq!(state.reserve(start), None, "no limit before the first 429");
        for _ in 0..20 {
            state.succeeded(start);
        }
        state.throttled(after(start, 10), Duration::from_secs(2));
        // Other 429 responses of the same burst do not lower the rate further.
        for _ in 0..50 {
            state.throttled(after(start, 20), Duration::from_secs(2));
        }
        assert_eq!(state.rate, Some(18.0));
        let opens = after(start, 2020);
        assert_eq!(state.reserve(after(start, 30)), Some(opens), "everybody waits");
        let second = state.reserve(after(start, 30)).unwrap() - opens;
        assert!((50..60).contains(&second.as_millis()), "{second:?}");
        // The rate grows while calls succeed.
        for _ in 0..20 {
            state.succeeded(opens);
        }
        assert_eq!(state.rate.map(f64::round), Some(22.0));
    }

    #[test]
    fn waiting_calls_queue_again_after_a_pause() {
        let (mut state, start) = (State::default(), Instant::now());
        state.rate = Some(10.0);
        let slots: Vec<_> = (0..20).map(|_| state.reserve(start).unwrap_or(start)).collect();
        state.throttled(after(start, 50), PAUSE);
        // Ten slots are within the pause. Each of these calls gets a new slot after the existing ones.
        let again: Vec<_> = slots[1..10].iter().map(|slot| state.again(*slot).unwrap()).collect();
        assert!(again.iter().all(|slot| *slot > slots[19]), "after the last slot");
        assert!(again.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(100)), "{again:?}");
        assert_eq!(state.again(slots[15]), None, "this slot is after the pause");
    }

    #[test]
    fn single_429_pauses_calls_only_briefly() {
        let (mut state, start) = (State::default(), Instant::now());
        state.throttled(start, PAUSE);
        assert_eq!(state.rate, Some(0.9));
        for i in 0..100_000 {
            state.succeeded(after(start, 2000 + i));
        }
        assert_eq!(state.rate, None, "an unlimited rate is reset");
        assert!(state.successes.len() <= 1001);
    }

    #[tokio::test]
    async fn permits_are_released() {
        let limiter = RateLimiter::new(1);
        let first = limiter.acquire().await;
        let waiting = tokio::time::timeout(Duration::from_millis(10), limiter.acquire()).await;
        assert!(waiting.is_err(), "only one permit");
        drop(first);
        assert!(limiter.acquire().await.is_some(), "the cancelled caller released its place");
        assert!(RateLimiter::new(0).acquire().await.is_some(), "the minimum is one permit");
    }
}
