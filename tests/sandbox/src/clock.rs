//! The sandbox's clock, which a test can advance. It follows tokio's clock, which a test can pause.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
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

/// Returns a time in RFC 3339 format, in UTC with milliseconds.
pub(crate) fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Parses a time in RFC 3339 format. Returns the time since 1970.
pub(crate) fn timestamp_of(text: &str) -> Option<Duration> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    SystemTime::from(time).duration_since(SystemTime::UNIX_EPOCH).ok()
}

#[derive(Clone)]
pub(crate) struct Clock {
    started: Instant,
    /// The wall-clock time of the start.
    wall: SystemTime,
    ahead: Duration,
}

/// A clock in a state file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SavedClock {
    now: Moment,
    /// The system's time when it was saved, since 1970.
    saved_at: Duration,
}

/// Returns the system's time since 1970.
fn system_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Clock {
    pub(crate) fn save(&self) -> SavedClock {
        SavedClock { now: self.now(), saved_at: system_time() }
    }

    /// Continues a saved clock, as if the sandbox had been running since. The clock does not go back.
    pub(crate) fn restore(&mut self, saved: &SavedClock) {
        let (wall, elapsed) = (self.wall(), system_time().saturating_sub(saved.saved_at));
        self.ahead = limited(saved.now.saturating_add(elapsed)).max(self.now());
        self.started = Instant::now();
        self.wall = wall.checked_sub(self.ahead).unwrap_or(SystemTime::UNIX_EPOCH);
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restored_clock_continues() {
        let mut clock = Clock::new();
        clock.advance(Duration::from_secs(100));
        let saved = SavedClock { now: Duration::from_secs(100), saved_at: system_time() - Duration::from_secs(50) };
        let mut restored = Clock::new();
        restored.restore(&saved);
        assert!(restored.now() >= Duration::from_secs(150), "{:?}", restored.now());
        let wall = restored.wall().duration_since(SystemTime::now()).unwrap_or_default();
        assert!(wall < Duration::from_secs(1), "the date is that of the system: {wall:?}");
        let future = SavedClock { now: Duration::MAX, saved_at: Duration::MAX };
        restored.restore(&future);
        assert_eq!(restored.timestamp(Moment::ZERO).len(), "2026-01-01T00:00:00.0000000".len());
    }
}
