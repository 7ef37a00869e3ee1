//! The state of a rate limiter: the rate, the pause after a 429, and the queue of the calls that wait.
//!
//! It has neither a clock nor a lock: every function gets the current time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The period over which successes are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The share of the measured rate at which calls continue after a 429.
const BELOW: f64 = 0.95;
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
pub(super) const SHARING: Duration = Duration::from_millis(250);
/// The delay after which a head that does not start is overtaken.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct State {
    /// No call starts before this.
    pub(super) closed_until: Option<Instant>,
    /// `None` until the first 429.
    pub(super) limit: Option<Limit>,
    /// The planned start of the last call.
    pub(super) last: Option<Instant>,
    /// The calls that wait, by their tickets.
    queue: BTreeMap<u64, Arc<Notify>>,
    tickets: u64,
    /// The times of recent successes.
    successes: VecDeque<Instant>,
    /// The recent successes of other processes, by their name: when they were counted, and their number.
    pub(super) successes_of_others: BTreeMap<String, (u64, u32)>,
    /// When the state was shared last.
    shared_at: Option<Instant>,
    /// Until then, the store is not asked, because it failed.
    pub(super) unavailable_until: Option<Instant>,
}

/// A limit of calls per second, which grows with time.
pub(super) struct Limit {
    /// The rate at which the last 429 occurred.
    pub(super) ceiling: f64,
    /// When calls continue after it.
    pub(super) since: Instant,
    /// The seconds from then on until the rate is the ceiling again.
    pub(super) plateau: f64,
}

impl Limit {
    /// Creates the limit after a 429. `measured` is the rate of successful calls, `allowed` that of the last limit.
    pub(super) fn new(measured: f64, allowed: f64, since: Instant, last: Option<&Self>) -> Self {
        let ceiling = measured.min(allowed).max(1.0);
        let similar = |a: f64, b: f64| a.max(b) <= SIMILAR * a.min(b);
        let confirmed = last.filter(|last| similar(ceiling, last.ceiling) && similar(measured, allowed));
        let plateau = match confirmed {
            Some(last) => (CONFIRMED * last.plateau).min(MAX_PLATEAU),
            None => (ceiling * (1.0 - BELOW) / SCALE).cbrt(),
        };
        Self { ceiling, since, plateau }
    }

    pub(super) fn rate(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64();
        self.ceiling * (1.0 + (1.0 - BELOW) * (elapsed / self.plateau - 1.0).powi(3))
    }
}

impl State {
    /// Returns true if it is time to share the state.
    pub(super) fn shares(&mut self, now: Instant) -> bool {
        let due = self.shared_at.is_none_or(|last| now.saturating_duration_since(last) >= SHARING);
        if due {
            self.shared_at = Some(now);
        }
        due
    }

    pub(super) fn is_unlimited(&mut self, now: Instant) -> bool {
        self.rate(now).is_none() && self.closed_until.is_none_or(|until| until <= now)
    }

    pub(super) fn rate(&mut self, now: Instant) -> Option<f64> {
        let rate = self.limit.as_ref().map(|limit| limit.rate(now)).filter(|rate| *rate < UNLIMITED);
        if rate.is_none() {
            self.limit = None;
        }
        rate
    }

    pub(super) fn enter(&mut self) -> (u64, Arc<Notify>) {
        let (number, is_head) = (self.tickets, Arc::<Notify>::default());
        self.tickets += 1;
        self.queue.insert(number, is_head.clone());
        (number, is_head)
    }

    pub(super) fn leave(&mut self, number: u64) {
        self.queue.remove(&number);
        if let Some((_, is_head)) = self.queue.first_key_value() {
            is_head.notify_one();
        }
    }

    /// Returns the interval between two calls, and when the next one starts.
    pub(super) fn planned(&mut self, now: Instant) -> (Option<Duration>, Instant) {
        let interval = self.rate(now).map(|rate| Duration::from_secs_f64(1.0 / rate));
        let slot = self.last.zip(interval).map(|(last, interval)| last + interval);
        (interval, slot.max(self.closed_until).unwrap_or(now))
    }

    /// Returns true if it is the turn of this call, or it may overtake.
    pub(super) fn may_start(&mut self, now: Instant, number: u64) -> bool {
        let (_, planned) = self.planned(now);
        let first = self.queue.first_key_value().is_none_or(|(first, _)| *first == number);
        now >= if first { planned } else { planned + GRACE }
    }

    /// Starts the call with this ticket, or returns when to ask again.
    pub(super) fn start(&mut self, now: Instant, number: u64, is_head: &Arc<Notify>) -> Result<(), Instant> {
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

    pub(super) fn succeeded(&mut self, now: Instant) {
        while self.successes.front().is_some_and(|then| now.duration_since(*then) > WINDOW) {
            self.successes.pop_front();
        }
        // Rates above `UNLIMITED` need not be measured.
        if (self.successes.len() as f64) < UNLIMITED {
            self.successes.push_back(now);
        }
    }

    /// Returns the number of successes in the last second.
    pub(super) fn recent_successes(&self, now: Instant) -> usize {
        self.successes.iter().filter(|then| now.saturating_duration_since(**then) <= WINDOW).count()
    }

    pub(super) fn throttled(&mut self, started: Instant, now: Instant, pause: Duration) {
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
