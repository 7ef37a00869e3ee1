//! Clients that share their rate limit through a store, on a paused clock.

use super::state::SHARING;
use super::tests::long;
use super::*;
use futures_util::future::BoxFuture;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone, Default)]
struct InMemory {
    state: Arc<Mutex<Vec<u8>>>,
    accesses: Arc<AtomicUsize>,
    fails: bool,
    hangs: bool,
}

impl InMemory {
    async fn access(&self) -> io::Result<MutexGuard<'_, Vec<u8>>> {
        self.accesses.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        // Lets other clients read or write in between.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..3))).await;
        match self.fails {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => Ok(self.state.lock().unwrap()),
        }
    }
}

impl RateLimitStore for InMemory {
    fn load(&self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(async { Ok(self.access().await?.clone()) })
    }

    fn replace<'a>(&'a self, current: &'a [u8], new: &'a [u8]) -> BoxFuture<'a, io::Result<bool>> {
        Box::pin(async move {
            let mut state = self.access().await?;
            let is_current = *state == current;
            if is_current {
                *state = new.to_vec();
            }
            Ok(is_current)
        })
    }
}

fn limiter(store: &InMemory) -> RateLimiter {
    RateLimiter::new(100, Some(Arc::new(store.clone())))
}

/// Lets the client send requests, and returns their times.
async fn send(limiter: &RateLimiter, requests: usize) -> Vec<Instant> {
    let mut times = Vec::new();
    for _ in 0..requests {
        assert!(limiter.acquire(&mut long()).await.is_some());
        limiter.succeeded();
        times.push(Instant::now());
    }
    times
}

async fn throttle(limiter: &RateLimiter, seconds: u64) {
    let permit = limiter.acquire(&mut long()).await.unwrap();
    limiter.throttled(&permit, Some(Duration::from_secs(seconds))).await;
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_client_pauses_the_others() {
    let store = InMemory::default();
    let (one, other) = (limiter(&store), limiter(&store));
    send(&other, 1).await;
    throttle(&one, 5).await;
    let refused = Instant::now();
    // A client looks into the store after this time at the latest.
    tokio::time::sleep(SHARING).await;
    let continued = send(&other, 1).await[0] - refused;
    assert!(continued.as_millis() >= 4_990, "{continued:?}");
}

#[tokio::test(start_paused = true)]
async fn clients_call_together_at_the_rate_at_which_they_succeeded_together() {
    for seed in 0..8 {
        fastrand::seed(seed);
        four_clients_share_a_rate().await;
    }
}

async fn four_clients_share_a_rate() {
    let store = InMemory::default();
    let clients: Vec<RateLimiter> = (0..4).map(|_| limiter(&store)).collect();
    // 40 calls a second: 10 of each client.
    for _ in 0..20 {
        for client in &clients {
            send(client, 1).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    throttle(&clients[0], 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    let times = futures_util::future::join_all(clients.iter().map(|client| send(client, 40))).await;
    let within = times.iter().flatten().filter(|time| **time - begin <= Duration::from_secs(1)).count();
    // 0.95 of 40 at first, and the rate grows. Each client alone would send at least 9, and all of them 38 at once.
    assert!((25..=44).contains(&within), "{within}");
    let slowest =
        times.iter().map(|times| times.iter().filter(|time| **time - begin <= Duration::from_secs(2)).count());
    assert!(slowest.min().unwrap() >= 5, "no client starves");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_not_limited_rarely_asks_the_store() {
    let store = InMemory::default();
    let client = limiter(&store);
    for _ in 0..1_000 {
        send(&client, 1).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let accesses = store.accesses.load(Ordering::Relaxed);
    assert!((8..=12).contains(&accesses), "{accesses}");
}

#[tokio::test(start_paused = true)]
async fn a_client_limits_itself_alone_while_the_store_fails() {
    for store in [InMemory { fails: true, ..InMemory::default() }, InMemory { hangs: true, ..InMemory::default() }] {
        let client = limiter(&store);
        let begin = Instant::now();
        send(&client, 20).await;
        assert!(begin.elapsed() <= Duration::from_secs(2), "{:?}", begin.elapsed());
        throttle(&client, 3).await;
        let refused = Instant::now();
        send(&client, 1).await;
        let paused = refused.elapsed();
        assert!((2_000..6_000).contains(&paused.as_millis()), "{paused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_state_is_replaced() {
    let invalid: [&[u8]; 5] = [
        b"\xff\x00",
        b"[]",
        b"{\"version\":2,\"closedUntil\":99999999999999}",
        // A clock that is years ahead, and a limit that would divide by zero.
        b"{\"version\":1,\"closedUntil\":18446744073709551615,\"last\":9999999999999}",
        b"{\"version\":1,\"limit\":{\"ceiling\":0,\"since\":0,\"plateau\":-1}}",
    ];
    for state in invalid {
        let store = InMemory::default();
        *store.state.lock().unwrap() = state.to_vec();
        let client = limiter(&store);
        let begin = Instant::now();
        send(&client, 10).await;
        assert!(begin.elapsed() < Duration::from_secs(1), "{}", String::from_utf8_lossy(state));
        let stored = store.state.lock().unwrap().clone();
        assert!(stored.starts_with(b"{\"version\":1,\"closedUntil\":null,\"limit\":null"), "{stored:?}");
    }
}
