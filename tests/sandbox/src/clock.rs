//! The sandbox's own time, which a test may move forward.

use std::time::{Duration, Instant, SystemTime};

/// A time of the sandbox: how long it has been running, by its own clock.
pub(crate) type Moment = Duration;

pub(crate) struct Clock {
    started: Instant,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            ahead: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.started.elapsed().saturating_add(self.ahead)
    }

    /// The time of day.
    pub(crate) fn wall(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }
}
