//! Acquisitions whose caller is cancelled, whose runtime is dropped or whose issuer panics.

use super::*;
use futures_util::FutureExt;
use std::task::{Context, Poll, Waker};

/// Polls a future up to `polls` times and drops it.
fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if future.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
    }
}

/// Returns the future, so that its caller drives it.
fn by_caller(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    Some(future)
}

#[tokio::test]
async fn cancelled_caller_does_not_cancel_the_acquisition() {
    for polls in 0..20 {
        let harness = Harness::new([]);
        harness.issuer.yields.store(10, Ordering::SeqCst);
        {
            let mut future = std::pin::pin!(harness.cache.token());
            for _ in 0..polls {
                if future.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(harness.token_text().await, "t1");
        assert_eq!(harness.calls(), 1, "cancelled after {polls} polls");
    }
}

#[test]
fn without_a_runtime_the_next_caller_starts_again() {
    for polls in 0..20 {
        let harness = Harness::with_spawn([], by_caller);
        harness.issuer.yields.store(10, Ordering::SeqCst);
        poll_and_drop(harness.cache.token(), polls);
        let calls = harness.calls();
        assert!(calls <= 1);
        let token = drive(harness.cache.token()).unwrap();
        let expected = if polls > 10 { 1 } else { calls + 1 };
        assert_eq!(
            (token.secret(), harness.calls()),
            (format!("t{expected}").as_str(), expected),
            "after {polls} polls"
        );
    }
}

#[test]
fn without_a_runtime_a_caller_drives_the_refresh() {
    let harness = Harness::with_spawn([], by_caller);
    assert_eq!(drive(harness.cache.token()).unwrap().secret(), "t1");
    harness.advance(2700);
    assert_eq!(drive(harness.cache.token()).unwrap().secret(), "t2");
    assert_eq!(harness.calls(), 2);
}

/// Runs a future that never waits.
fn drive<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(value) = future.poll_unpin(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
    panic!("the future does not complete");
}

#[test]
fn acquisition_lost_with_its_runtime_is_replaced() {
    let harness = Harness::new([]);
    harness.close_gate();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    first.block_on(async {
        let waiting = tokio::spawn({
            let cache = harness.cache.clone();
            async move { cache.token().await }
        });
        harness.settle().await;
        assert!(!waiting.is_finished());
    });
    assert!(harness.cache.status().refreshing);
    drop(first);
    assert!(!harness.cache.status().refreshing);
    harness.open_gate();
    assert_eq!(runtime().block_on(harness.token_text()), "t2");

    // Also if other callers wait for it on another runtime.
    let harness = Harness::new([]);
    harness.close_gate();
    let (first, second) = (runtime(), runtime());
    first.block_on(async {
        let cache = harness.cache.clone();
        tokio::spawn(async move { cache.token().await });
        harness.settle().await;
    });
    let waiting = second.spawn({
        let cache = harness.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    second.block_on(harness.settle());
    drop(first);
    harness.open_gate();
    assert_eq!(second.block_on(waiting).unwrap().secret(), "t2");
    assert_eq!(harness.calls(), 2);
}

#[test]
fn acquisition_on_an_idle_runtime_is_abandoned() {
    let harness = Harness::new([]);
    harness.close_gate();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (idle, second) = (runtime(), runtime());
    idle.block_on(async {
        let cache = harness.cache.clone();
        tokio::spawn(async move { cache.token().await });
        harness.settle().await;
    });
    harness.open_gate();
    let waiting = second.spawn({
        let cache = harness.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    second.block_on(harness.settle());
    assert!(!waiting.is_finished());
    harness.advance(45);
    assert_eq!(second.block_on(waiting).unwrap().secret(), "t2");
    // The first acquisition completes late, with an older token.
    idle.block_on(harness.settle());
    assert_eq!(second.block_on(harness.token_text()), "t2");
    assert_eq!(harness.calls(), 2);
}

#[tokio::test]
async fn panic_of_the_issuer_is_an_error_without_a_loop() {
    let harness = Harness::new([const { Response::Panic }; 3]);
    let error = harness.cache.token().await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("abandoned"), "{error}");
    assert_eq!(harness.calls(), 3);
    assert_eq!(harness.token_text().await, "t4");
    harness.issuer.script.lock().unwrap().extend([const { Response::Panic }; 3]);
    harness.advance(2700);
    for _ in 0..100 {
        assert_eq!(harness.token_text().await, "t4");
        harness.settle().await;
    }
    assert_eq!(harness.calls(), 5, "a refresh that panics is not started again immediately");
}

#[tokio::test]
async fn sources_are_independent() {
    let (hung, other) = (Harness::new([]), Harness::new([]));
    hung.close_gate();
    let waiting = tokio::spawn({
        let cache = hung.cache.clone();
        async move { cache.token().await }
    });
    hung.settle().await;
    other.token_text().await;
    assert!(other.cache.token().now_or_never().is_some());
    assert!(!waiting.is_finished());
    waiting.abort();
}
