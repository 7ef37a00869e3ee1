//! Ten thousand concurrent tasks. `PARTNER_ROUNDS` sets the number of repetitions. Default: 2.

use super::*;
use std::time::Instant;

const TASKS: usize = 10_000;

fn repetitions() -> usize {
    std::env::var("PARTNER_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// Starts all tasks while the issuer holds its response. Returns the outcomes, and the time until the last task got its outcome.
async fn run_tasks(harness: &Harness) -> (Vec<Outcome>, Duration) {
    harness.close_gate();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let cache = harness.cache.clone();
            tokio::spawn(async move { cache.token().await })
        })
        .collect();
    let responded = Instant::now();
    harness.open_gate();
    let mut outcomes = Vec::with_capacity(TASKS);
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    (outcomes, responded.elapsed())
}

fn assert_all(outcomes: Vec<Outcome>, text: &str) {
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().secret(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn empty_refreshing_and_expired_cache_send_one_request_each() {
    let mut slowest = Duration::ZERO;
    for _ in 0..repetitions() {
        let harness = Harness::new([]);
        let (outcomes, last) = run_tasks(&harness).await;
        assert_all(outcomes, "t1");
        assert_eq!(harness.calls(), 1, "empty");
        slowest = slowest.max(last);

        harness.advance(2700);
        let (outcomes, _) = run_tasks(&harness).await;
        while harness.cache.status().refreshing {
            tokio::task::yield_now().await;
        }
        assert_eq!(harness.calls(), 2, "in the refresh window");
        for outcome in outcomes {
            assert!(["t1", "t2"].contains(&outcome.unwrap().secret()));
        }

        harness.advance(HOUR);
        let (outcomes, last) = run_tasks(&harness).await;
        assert_all(outcomes, "t3");
        assert_eq!(harness.calls(), 3, "expired");
        slowest = slowest.max(last);
    }
    println!(
        "{} repetitions of {TASKS} tasks; the last one got its token {slowest:?} after the response",
        repetitions()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failure_sends_one_request_and_is_shared() {
    for _ in 0..repetitions() {
        for error in [transient(), permanent()] {
            let harness = Harness::new([Response::Error(error.clone())]);
            let (outcomes, _) = run_tasks(&harness).await;
            assert_eq!(harness.calls(), 1);
            for outcome in outcomes {
                assert!(outcome.unwrap_err().ptr_eq(&error));
            }
        }
    }
}
