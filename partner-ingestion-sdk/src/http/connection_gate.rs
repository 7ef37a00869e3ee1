//! Opens one connection at the start, where HTTP/2 may be negotiated.
//!
//! Without it, concurrent calls of a new client would open a TLS connection each, because no call knows that the server speaks
//! HTTP/2 and that one connection is enough.

use reqwest::Version;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

/// The longest time that a request waits for another one to open the connection.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// Value of `open_until` before the first response.
const UNKNOWN: u64 = 0;
/// Value of `open_until` if no request waits: the server speaks HTTP/1.1, or the base URL does not use TLS.
const NO_GATE: u64 = u64::MAX;

pub(crate) struct ConnectionGate {
    created: Instant,
    idle_timeout: Duration,
    /// When the last known HTTP/2 connection has been idle too long, in milliseconds since `created`.
    open_until: AtomicU64,
    first: Semaphore,
}

impl ConnectionGate {
    /// `idle_timeout` is the time after which the client closes an idle connection.
    pub(crate) fn new(uses_tls: bool, idle_timeout: Duration) -> Self {
        let open_until = if uses_tls && cfg!(feature = "http2") { UNKNOWN } else { NO_GATE };
        Self { created: Instant::now(), idle_timeout, open_until: AtomicU64::new(open_until), first: Semaphore::new(1) }
    }

    /// Waits while another request opens the connection, at most one second. The request that opens it keeps the permit until
    /// its response.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if self.is_open() {
            return None;
        }
        let permit = timeout(MAX_WAIT, self.first.acquire()).await.ok()?.ok();
        permit.filter(|_| !self.is_open())
    }

    /// Records a response.
    pub(super) fn responded(&self, version: Version) {
        let open_until = self.open_until.load(Ordering::Relaxed);
        if open_until == NO_GATE {
            return;
        }
        let until = if version == Version::HTTP_2 { self.now() + millis(self.idle_timeout) } else { NO_GATE };
        self.open_until.store(until, Ordering::Relaxed);
    }

    fn is_open(&self) -> bool {
        let open_until = self.open_until.load(Ordering::Relaxed);
        open_until == NO_GATE || self.now() < open_until
    }

    fn now(&self) -> u64 {
        millis(self.created.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(all(test, feature = "http2"))]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn gate() -> ConnectionGate {
        ConnectionGate::new(true, Duration::from_secs(30))
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_until_the_first_response_over_http2() {
        let gate = Arc::new(gate());
        let first = gate.enter().await;
        assert!(first.is_some());
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.is_none().then(Instant::now) }
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let responded = Instant::now();
        gate.responded(Version::HTTP_2);
        drop(first);
        assert_eq!(waiting.await.unwrap(), Some(responded));
        assert!(gate.enter().await.is_none());
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(gate.enter().await.is_some(), "the idle connection was closed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_request_delays_others_by_a_second_at_most() {
        let gate = gate();
        let _first = gate.enter().await;
        let start = Instant::now();
        assert!(gate.enter().await.is_none());
        assert_eq!(start.elapsed(), MAX_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_request_goes_first_if_the_first_one_fails() {
        let gate = gate();
        drop(gate.enter().await);
        assert!(gate.enter().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn no_request_waits_for_http1() {
        let gate = gate();
        let _first = gate.enter().await;
        gate.responded(Version::HTTP_11);
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert!(gate.enter().await.is_none() && gate.is_open());
        assert!(ConnectionGate::new(false, Duration::ZERO).enter().await.is_none());
    }
}
