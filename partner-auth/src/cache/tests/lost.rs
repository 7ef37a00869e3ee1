//! Flights whose caller, runtime or issuer goes away.

use super::*;
use futures_util::FutureExt;
use std::task::{Context, Poll, Waker};

/// Polls a future so often and drops it.
fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if future.poll_unpin(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
    }
}

/// Nothing runs a future but its caller.
fn by_caller(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    Some(future)
}

#[tokio::test]
async fn a_cancelled_caller_loses_nothing() {
    for polls in 0..20 {
        let stage = Stage::new([]);
        stage.issuer.yields.store(10, Ordering::SeqCst);
        {
            let mut future = std::pin::pin!(stage.cache.token());
            for _ in 0..polls {
                if future.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(stage.text().await, "t1");
        assert_eq!(stage.calls(), 1, "cancelled after {polls} polls");
    }
}

#[test]
fn without_a_runtime_the_next_caller_takes_over() {
    for polls in 0..20 {
        let stage = Stage::with_spawn([], by_caller);
        stage.issuer.yields.store(10, Ordering::SeqCst);
        poll_and_drop(stage.cache.token(), polls);
        let calls = stage.calls();
        assert!(calls <= 1);
        let token = drive(stage.cache.token()).unwrap();
        let expected = if polls > 10 { 1 } else { calls + 1 };
        assert_eq!((token.secret(), stage.calls()), (format!("t{expected}").as_str(), expected), "after {polls} polls");
    }
}

#[test]
fn without_a_runtime_a_caller_renews_for_all() {
    let stage = Stage::with_spawn([], by_caller);
    assert_eq!(drive(stage.cache.token()).unwrap().secret(), "t1");
    stage.pass(2700);
    assert_eq!(drive(stage.cache.token()).unwrap().secret(), "t2");
    assert_eq!(stage.calls(), 2);
}

/// Runs a future that only yields.
fn drive<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(value) = future.poll_unpin(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
    panic!("the future never ends");
}

#[test]
fn a_flight_that_goes_down_with_its_runtime_is_replaced() {
    let stage = Stage::new([]);
    stage.close_gate();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    first.block_on(async {
        let waiting = tokio::spawn({
            let cache = stage.cache.clone();
            async move { cache.token().await }
        });
        stage.settle().await;
        assert!(!waiting.is_finished());
    });
    assert!(stage.cache.status().requesting);
    drop(first);
    assert!(!stage.cache.status().requesting);
    stage.open_gate();
    assert_eq!(runtime().block_on(stage.text()), "t2");

    // Also when others wait for it on a runtime of their own.
    let stage = Stage::new([]);
    stage.close_gate();
    let (first, second) = (runtime(), runtime());
    first.block_on(async {
        let cache = stage.cache.clone();
        tokio::spawn(async move { cache.token().await });
        stage.settle().await;
    });
    let waiting = second.spawn({
        let cache = stage.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    second.block_on(stage.settle());
    drop(first);
    stage.open_gate();
    assert_eq!(second.block_on(waiting).unwrap().secret(), "t2");
    assert_eq!(stage.calls(), 2);
}

#[test]
fn a_flight_on_a_runtime_that_stands_still_is_given_up() {
    let stage = Stage::new([]);
    stage.close_gate();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (still, second) = (runtime(), runtime());
    still.block_on(async {
        let cache = stage.cache.clone();
        tokio::spawn(async move { cache.token().await });
        stage.settle().await;
    });
    stage.open_gate();
    let waiting = second.spawn({
        let cache = stage.cache.clone();
        async move { cache.token().await.unwrap() }
    });
    second.block_on(stage.settle());
    assert!(!waiting.is_finished());
    stage.pass(45);
    assert_eq!(second.block_on(waiting).unwrap().secret(), "t2");
    // The first flight comes home late, with a token that was issued before.
    still.block_on(stage.settle());
    assert_eq!(second.block_on(stage.text()), "t2");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn a_panic_of_the_issuer_is_an_error_and_no_loop() {
    let stage = Stage::new([const { Answer::Panic }; 3]);
    let error = stage.cache.token().await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("given up"), "{error}");
    assert_eq!(stage.calls(), 3);
    assert_eq!(stage.text().await, "t4");
    stage.issuer.script.lock().unwrap().extend([const { Answer::Panic }; 3]);
    stage.pass(2700);
    for _ in 0..100 {
        assert_eq!(stage.text().await, "t4");
        stage.settle().await;
    }
    assert_eq!(stage.calls(), 5, "a renewal that panics is not started again at once");
}

#[tokio::test]
async fn audiences_are_independent() {
    let (hung, other) = (Stage::new([]), Stage::new([]));
    hung.close_gate();
    let waiting = tokio::spawn({
        let cache = hung.cache.clone();
        async move { cache.token().await }
    });
    hung.settle().await;
    other.text().await;
    assert!(other.cache.token().now_or_never().is_some());
    assert!(!waiting.is_finished());
    waiting.abort();
}
