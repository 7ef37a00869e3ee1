//! The sandbox's clock, which a test can advance. It follows tokio's clock, which a test can pause.

use chrono::{DateTime, Utc};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A time since the start of the sandbox, by its own clock.
pub(crate) type Moment = Duration;

/// Maximum advance, delay and lifetime, so that no date overflows: a thousand years.
const MAX: Duration = Duration::from_secs(1_000 * 365 * 24 * 3600);

/// Limits a duration that a test sets.
pub(crate) fn limited(duration: Duration) -> Duration {
    duration.min(MAX)
}

#[derive(Clone)]
pub(crate) struct Clock {
    started: Instant,
    /// The wall-clock time of the start.
    wall: SystemTime,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), wall: SystemTime::now(), ahead: Duration::ZERO }
    }

    pub(crate) fn now(&self) -> Moment {
        self.started.elapsed().saturating_add(self.ahead)
    }

    /// Returns the wall-clock time.
    pub(crate) fn wall(&self) -> SystemTime {
        self.wall.checked_add(self.now()).unwrap_or(self.wall)
    }

    /// Returns a future wall-clock time in the format of upload URLs.
    pub(crate) fn date(&self, ahead: Duration) -> String {
        DateTime::<Utc>::from(self.wall() + ahead).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Returns the wall-clock time of a sandbox time, with seven digits as the service writes it.
    pub(crate) fn timestamp(&self, at: Moment) -> String {
        let ago = self.now().saturating_sub(at);
        let then = self.wall().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
        let then = DateTime::<Utc>::from(then);
        format!("{}.{:07}", then.format("%Y-%m-%dT%H:%M:%S"), then.timestamp_subsec_nanos() / 100)
    }

    /// Returns the current time as an HTTP date.
    pub(crate) fn http_date(&self) -> String {
        DateTime::<Utc>::from(self.wall()).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = limited(self.ahead.saturating_add(by));
    }
}
