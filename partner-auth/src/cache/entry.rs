//! The cached token and its refresh times, readable without a lock.

use super::policy::RefreshTimes;
use crate::AccessToken;
use http::HeaderValue;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A newly issued token, and the refresh time that Entra ID suggested.
#[derive(Clone)]
pub(crate) struct IssuedToken {
    pub(crate) token: AccessToken,
    /// The instant just before the request was sent.
    pub(crate) requested_at: Instant,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_in: Option<Duration>,
}

/// The cached token. Ages are nanoseconds after `requested_at`.
pub(crate) struct Entry {
    pub(crate) token: AccessToken,
    pub(crate) generation: u64,
    headers: [HeaderValue; SHARDS],
    requested_at: Instant,
    lifetime: u64,
    critical_at: u64,
    /// The age up to which the token is returned without taking the lock: the refresh time, or the expiry while a refresh is in
    /// progress.
    fresh_until: AtomicU64,
}

/// Copies of the header, because threads that clone the same header contend for its reference count. With one copy, eight
/// threads on two processors read 2.9 times as fast as `azure_identity`; with eight copies, 5.4 times (measured in 2026).
const SHARDS: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

impl Entry {
    pub(crate) fn new(issued: &IssuedToken, times: RefreshTimes, not_before: Duration, generation: u64) -> Self {
        let lifetime = nanos(issued.lifetime);
        Self {
            token: issued.token.clone(),
            generation,
            headers: std::array::from_fn(|_| issued.token.own_header()),
            requested_at: issued.requested_at,
            lifetime,
            critical_at: nanos(times.critical),
            fresh_until: AtomicU64::new(nanos(times.refresh.max(not_before)).min(lifetime)),
        }
    }

    /// Returns this thread's copy of the header.
    #[inline]
    pub(crate) fn header(&self) -> HeaderValue {
        self.headers[SHARD.with(|shard| *shard)].clone()
    }

    #[inline]
    fn age(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.requested_at))
    }

    pub(crate) fn requested_at(&self) -> Instant {
        self.requested_at
    }

    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    /// Returns true if the token is valid and no refresh has to be started. Called before every request.
    #[inline]
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < self.fresh_until.load(Ordering::Acquire)
    }

    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.lifetime.saturating_sub(self.age(now)))
    }

    /// Time until the critical window starts.
    pub(crate) fn until_critical(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.critical_at.saturating_sub(self.age(now)))
    }

    pub(crate) fn refresh_started(&self) {
        self.fresh_until.store(self.lifetime, Ordering::Release);
    }

    pub(crate) fn refresh_from(&self, at: Instant) {
        self.fresh_until.store(self.age(at).min(self.lifetime), Ordering::Release);
    }

    /// Time until the next refresh, if none is in progress.
    pub(crate) fn refreshes_in(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.fresh_until.load(Ordering::Acquire).saturating_sub(self.age(now)))
    }
}

/// A `u64` of nanoseconds lasts 584 years.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}
