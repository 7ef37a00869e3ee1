//! A token with its windows, readable without a lock.

use super::policy::Windows;
use crate::AccessToken;
use http::HeaderValue;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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

/// The token of the slot. Ages are nanoseconds after `issued`.
pub(crate) struct Entry {
    pub(crate) token: AccessToken,
    pub(crate) generation: u64,
    headers: [HeaderValue; SHARDS],
    issued: Instant,
    lifetime: u64,
    urgent: u64,
    /// The age up to which the token is given out without a thought: until its renewal is due, or while one is under way
    /// until its end.
    fresh: AtomicU64,
}

/// Threads that clone the same header wait for each other's count of its clones, so there are some. With one, eight threads
/// on two processors read 2.9 times as fast as `azure_identity`, with eight 5.4 times (measured in 2026).
const SHARDS: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

impl Entry {
    pub(crate) fn new(grant: &Grant, windows: Windows, not_before: Duration, generation: u64) -> Self {
        let lifetime = nanos(grant.lifetime);
        Self {
            token: grant.token.clone(),
            generation,
            headers: std::array::from_fn(|_| grant.token.own_header()),
            issued: grant.issued,
            lifetime,
            urgent: nanos(windows.urgent),
            fresh: AtomicU64::new(nanos(windows.refresh.max(not_before)).min(lifetime)),
        }
    }

    /// The header for this thread.
    #[inline]
    pub(crate) fn header(&self) -> HeaderValue {
        self.headers[SHARD.with(|shard| *shard)].clone()
    }

    #[inline]
    fn age(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.issued))
    }

    pub(crate) fn issued(&self) -> Instant {
        self.issued
    }

    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    /// Whether the token is valid and no renewal has to be started. It is asked before every request.
    #[inline]
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < self.fresh.load(Ordering::Acquire)
    }

    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.lifetime.saturating_sub(self.age(now)))
    }

    /// How long until a failed renewal is tried again after seconds.
    pub(crate) fn calm(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.urgent.saturating_sub(self.age(now)))
    }

    pub(crate) fn renewal_started(&self) {
        self.fresh.store(self.lifetime, Ordering::Release);
    }

    pub(crate) fn renew_from(&self, at: Instant) {
        self.fresh.store(self.age(at).min(self.lifetime), Ordering::Release);
    }

    /// How long until the next renewal, if none is under way.
    pub(crate) fn renews_in(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.fresh.load(Ordering::Acquire).saturating_sub(self.age(now)))
    }
}

/// In `u64` this reaches 584 years.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}
