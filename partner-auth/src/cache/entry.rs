//! A token with its windows, readable without a lock.

use super::policy::Windows;
use crate::AccessToken;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A fresh token and when Entra ID wants it renewed.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) token: AccessToken,
    /// The instant before the request was sent.
    pub(crate) issued: Instant,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_in: Option<Duration>,
}

/// The token of the slot.
pub(crate) struct Entry {
    pub(crate) token: AccessToken,
    pub(crate) generation: u64,
    issued: Instant,
    lifetime: Duration,
    urgent: Duration,
    /// Nanoseconds after `issued` from which on the next renewal may start; `NEVER` while one is under way.
    renewal: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl Entry {
    pub(crate) fn new(grant: &Grant, windows: Windows, not_before: Duration, generation: u64) -> Self {
        Self {
            token: grant.token.clone(),
            generation,
            issued: grant.issued,
            lifetime: grant.lifetime,
            urgent: windows.urgent,
            renewal: AtomicU64::new(nanos(windows.refresh.max(not_before))),
        }
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.issued)
    }

    pub(crate) fn issued(&self) -> Instant {
        self.issued
    }

    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        self.lifetime.saturating_sub(self.age(now))
    }

    /// How long until a failed renewal is tried again after seconds.
    pub(crate) fn calm(&self, now: Instant) -> Duration {
        self.urgent.saturating_sub(self.age(now))
    }

    /// Whether a renewal should start. One atomic load: it is asked before every request.
    pub(crate) fn renewal_is_due(&self, now: Instant) -> bool {
        nanos(self.age(now)) >= self.renewal.load(Ordering::Acquire)
    }

    pub(crate) fn renewal_started(&self) {
        self.renewal.store(NEVER, Ordering::Release);
    }

    pub(crate) fn renew_from(&self, at: Instant) {
        self.renewal.store(nanos(self.age(at)), Ordering::Release);
    }

    /// How long until the next renewal; none while one is under way.
    pub(crate) fn renews_in(&self, now: Instant) -> Option<Duration> {
        let at = self.renewal.load(Ordering::Acquire);
        (at != NEVER).then(|| Duration::from_nanos(at).saturating_sub(self.age(now)))
    }
}

/// In `u64` this reaches 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}
