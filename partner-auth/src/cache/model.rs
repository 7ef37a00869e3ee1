//! The cache under a model checker: `cargo test -p partner-auth --lib --features shuttle model::`.
//!
//! It runs every interleaving of two threads and their acquisition, and random interleavings of three threads. If
//! `PARTNER_SCHEDULES` is set, it also runs that many interleavings of three threads in order. Threads are switched at locks and
//! awaits. An access to the token pointer or to the outcome channel counts as one step.

use super::*;
use crate::testing::ManualClock;
use futures_util::FutureExt;
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::thread;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An issuer that yields to other threads before it responds.
struct YieldingIssuer {
    clock: ManualClock,
    calls: AtomicUsize,
    fails: bool,
}

impl Issuer for YieldingIssuer {
    fn issue(&self) -> BoxFuture<'_, Result<IssuedToken, Error>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let requested_at = self.clock.now();
            yield_now().await;
            if self.fails {
                return Err(Error::new(ErrorKind::Transient, "outage"));
            }
            let lifetime = Duration::from_secs(3600);
            let token = AccessToken::with_lifetime(format!("t{number}"), requested_at, lifetime)?;
            Ok(IssuedToken { token, requested_at, lifetime, refresh_in: None })
        })
    }

    fn version(&self) -> u64 {
        0
    }

    fn time_limit(&self) -> Duration {
        Duration::from_secs(45)
    }
}

#[derive(Clone)]
struct Harness {
    cache: Cache,
    clock: ManualClock,
    issuer: Arc<YieldingIssuer>,
}

impl Harness {
    fn new(spawn: Spawn, fails: bool) -> Self {
        let clock = ManualClock::new();
        let issuer = Arc::new(YieldingIssuer { clock: clock.clone(), calls: AtomicUsize::new(0), fails });
        let policy = RefreshPolicy::default().seed(1);
        let cache = Cache::with_spawn("model".into(), issuer.clone(), Clock::Manual(clock.clone()), policy, spawn);
        Self { cache, clock, issuer }
    }

    fn calls(&self) -> usize {
        self.issuer.calls.load(Ordering::SeqCst)
    }

    /// Runs a function on several threads and waits for all of them.
    fn on_threads<T: Send + 'static>(
        &self,
        threads: usize,
        run: impl Fn(usize, &Self) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let run = Arc::new(run);
        let threads: Vec<_> = (0..threads)
            .map(|n| {
                let (harness, run) = (self.clone(), run.clone());
                thread::spawn(move || run(n, &harness))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread panicked")).collect()
    }
}

/// Spawns the acquisition as a task, as on a runtime.
fn as_task(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    drop(spawn(future));
    None
}

/// Returns the acquisition to its caller, as without a runtime.
fn by_caller(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    Some(future)
}

fn check(model: impl Fn(usize) + Clone + Send + Sync + 'static) {
    let (two, three) = (model.clone(), model.clone());
    in_order(2, None, move || two(2));
    shuttle::check_random(move || three(3), 1000);
    if let Some(limit) = std::env::var("PARTNER_SCHEDULES").ok().and_then(|n| n.parse().ok()) {
        in_order(3, Some(limit), move || model(3));
    }
}

#[allow(clippy::print_stdout, reason = "the number of schedules is the result of a soak")]
fn in_order(threads: usize, limit: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let counted = move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    };
    shuttle::check_dfs(counted, limit);
    let ran = ran.load(Ordering::Relaxed);
    let all = if limit == Some(ran) { "not exhaustive" } else { "exhaustive" };
    println!("{threads} threads: {ran} schedules, {all}");
}

#[test]
fn empty_cache_sends_one_request() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let harness = Harness::new(spawn, false);
            let tokens = harness.on_threads(threads, |_, harness| block_on(harness.cache.token()).unwrap());
            assert!(tokens.iter().all(|token| token.secret() == "t1"));
            assert_eq!(harness.calls(), 1);
        });
    }
}

#[test]
fn failure_is_shared() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let harness = Harness::new(spawn, true);
            let errors = harness.on_threads(threads, |_, harness| block_on(harness.cache.token()).unwrap_err());
            assert!(errors.iter().all(|error| error.ptr_eq(&errors[0])));
            assert_eq!(harness.calls(), 1);
        });
    }
}

#[test]
fn refresh_sends_one_request_and_every_caller_gets_a_token() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let harness = Harness::new(spawn, false);
            block_on(harness.cache.token()).unwrap();
            harness.clock.advance(Duration::from_secs(3000));
            let tokens = harness.on_threads(threads, |_, harness| block_on(harness.cache.token()).unwrap());
            assert!(tokens.iter().all(|token| ["t1", "t2"].contains(&token.secret())));
            assert!(harness.calls() <= 2);
        });
    }
}

#[test]
fn rejections_request_one_token() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let harness = Harness::new(spawn, false);
            let old = block_on(harness.cache.token()).unwrap();
            let tokens = harness.on_threads(threads, move |_, harness| {
                harness.cache.invalidate(&old);
                block_on(harness.cache.token()).unwrap()
            });
            assert!(tokens.iter().all(|token| token.secret() == "t2"));
            assert_eq!(harness.calls(), 2);
        });
    }
}

#[test]
fn cancelled_caller_leaves_no_caller_waiting() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let harness = Harness::new(spawn, false);
            harness.on_threads(threads, |n, harness| match n {
                // Polled once and dropped.
                0 => drop(harness.cache.token().now_or_never()),
                _ => assert!(block_on(harness.cache.token()).is_ok()),
            });
            assert!(harness.calls() <= 2);
            assert!(block_on(harness.cache.token()).is_ok());
        });
    }
}

/// The model checker detects an acquisition that is neither completed nor dropped.
#[test]
#[should_panic(expected = "deadlock")]
fn detects_a_caller_that_waits_forever() {
    fn leak(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
        std::mem::forget(future);
        None
    }
    in_order(1, None, || {
        let harness = Harness::new(leak, false);
        harness.on_threads(1, |_, harness| block_on(harness.cache.token()));
    });
}
