//! The slot and its flights under a model checker: `RUSTFLAGS="--cfg shuttle" cargo test -p partner-auth --lib model`.
//!
//! Every interleaving of two threads and of the flight between them, and interleavings of three threads: drawn at random, and
//! with `PARTNER_SCHEDULES` in order up to that many. Threads change turns at locks and awaits; the pointer to the token and
//! the channel on which a flight lands are those of their crates, and count as one step each.

use super::*;
use crate::testing::ManualClock;
use futures_util::FutureExt;
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::thread;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers after giving others their turn.
struct Yielding {
    clock: ManualClock,
    calls: AtomicUsize,
    fails: bool,
}

impl Issuer for Yielding {
    fn grant(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let issued = self.clock.now();
            yield_now().await;
            if self.fails {
                return Err(Error::new(ErrorKind::Transient, "a blip"));
            }
            let lifetime = Duration::from_secs(3600);
            let token = AccessToken::with_lifetime(format!("t{number}"), issued, lifetime)?;
            Ok(Grant { token, issued, lifetime, refresh_in: None })
        })
    }

    fn version(&self) -> u64 {
        0
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(45)
    }
}

#[derive(Clone)]
struct Stage {
    cache: Cache,
    clock: ManualClock,
    issuer: Arc<Yielding>,
}

impl Stage {
    fn new(spawn: Spawn, fails: bool) -> Self {
        let clock = ManualClock::new();
        let issuer = Arc::new(Yielding { clock: clock.clone(), calls: AtomicUsize::new(0), fails });
        let policy = RenewalPolicy::default().seed(1);
        let cache = Cache::with_spawn("model".into(), issuer.clone(), Clock::Manual(clock.clone()), policy, spawn);
        Self { cache, clock, issuer }
    }

    fn calls(&self) -> usize {
        self.issuer.calls.load(Ordering::SeqCst)
    }

    /// Runs something on so many threads and waits for all.
    fn on_threads<T: Send + 'static>(
        &self,
        threads: usize,
        run: impl Fn(usize, &Self) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let run = Arc::new(run);
        let threads: Vec<_> = (0..threads)
            .map(|n| {
                let (stage, run) = (self.clone(), run.clone());
                thread::spawn(move || run(n, &stage))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}

/// As a runtime does: the flight is a task of its own.
fn as_task(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    drop(spawn(future));
    None
}

/// As without a runtime: the caller drives it.
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

fn in_order(threads: usize, limit: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let counted = move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    };
    shuttle::check_dfs(counted, limit);
    let ran = ran.load(Ordering::Relaxed);
    let all = if limit == Some(ran) { "there are more" } else { "all of them" };
    println!("{threads} threads: {ran} schedules, {all}");
}

#[test]
fn a_cold_source_sends_one_request() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let stage = Stage::new(spawn, false);
            let tokens = stage.on_threads(threads, |_, stage| block_on(stage.cache.token()).unwrap());
            assert!(tokens.iter().all(|token| token.secret() == "t1"));
            assert_eq!(stage.calls(), 1);
        });
    }
}

#[test]
fn a_failure_is_one_error() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let stage = Stage::new(spawn, true);
            let errors = stage.on_threads(threads, |_, stage| block_on(stage.cache.token()).unwrap_err());
            assert!(errors.iter().all(|error| error.same(&errors[0])));
            assert_eq!(stage.calls(), 1);
        });
    }
}

#[test]
fn a_renewal_is_one_request_and_nobody_goes_without() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let stage = Stage::new(spawn, false);
            block_on(stage.cache.token()).unwrap();
            stage.clock.advance(Duration::from_secs(3000));
            let tokens = stage.on_threads(threads, |_, stage| block_on(stage.cache.token()).unwrap());
            assert!(tokens.iter().all(|token| ["t1", "t2"].contains(&token.secret())));
            assert!(stage.calls() <= 2);
        });
    }
}

#[test]
fn rejections_cost_one_token() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let stage = Stage::new(spawn, false);
            let old = block_on(stage.cache.token()).unwrap();
            let tokens = stage.on_threads(threads, move |_, stage| {
                stage.cache.invalidate(&old);
                block_on(stage.cache.token()).unwrap()
            });
            assert!(tokens.iter().all(|token| token.secret() == "t2"));
            assert_eq!(stage.calls(), 2);
        });
    }
}

#[test]
fn a_cancelled_caller_leaves_no_one_waiting() {
    for spawn in [by_caller as Spawn, as_task] {
        check(move |threads| {
            let stage = Stage::new(spawn, false);
            stage.on_threads(threads, |n, stage| match n {
                // Polled once and dropped, wherever it stands.
                0 => drop(stage.cache.token().now_or_never()),
                _ => assert!(block_on(stage.cache.token()).is_ok()),
            });
            assert!(stage.calls() <= 2);
            assert!(block_on(stage.cache.token()).is_ok());
        });
    }
}

/// A flight that never lands and never goes down is seen.
#[test]
#[should_panic(expected = "deadlock")]
fn a_caller_that_waits_for_ever_would_be_found() {
    fn into_nothing(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
        std::mem::forget(future);
        None
    }
    in_order(1, None, || {
        let stage = Stage::new(into_nothing, false);
        stage.on_threads(1, |_, stage| block_on(stage.cache.token()));
    });
}
