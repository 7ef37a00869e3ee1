//! Ten thousand tasks at once. `PARTNER_HERD` is the number of repetitions, 2 if not set.

use super::*;
use std::time::Instant;

const TASKS: usize = 10_000;

fn repetitions() -> usize {
    std::env::var("PARTNER_HERD").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// All tasks ask at once while the issuer holds its answer back. How long after the answer the last one was served.
async fn storm(stage: &Stage) -> (Vec<Outcome>, Duration) {
    stage.close_gate();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let cache = stage.cache.clone();
            tokio::spawn(async move { cache.token().await })
        })
        .collect();
    let answered = Instant::now();
    stage.open_gate();
    let mut outcomes = Vec::with_capacity(TASKS);
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    (outcomes, answered.elapsed())
}

fn all_are(outcomes: Vec<Outcome>, text: &str) {
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().secret(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cold_in_window_and_expired_cost_one_request_each() {
    let mut slowest = Duration::ZERO;
    for _ in 0..repetitions() {
        let stage = Stage::new([]);
        let (outcomes, last) = storm(&stage).await;
        all_are(outcomes, "t1");
        assert_eq!(stage.calls(), 1, "cold");
        slowest = slowest.max(last);

        stage.pass(2700);
        let (outcomes, _) = storm(&stage).await;
        while stage.cache.status().requesting {
            tokio::task::yield_now().await;
        }
        assert_eq!(stage.calls(), 2, "in the window");
        for outcome in outcomes {
            assert!(["t1", "t2"].contains(&outcome.unwrap().secret()));
        }

        stage.pass(HOUR);
        let (outcomes, last) = storm(&stage).await;
        all_are(outcomes, "t3");
        assert_eq!(stage.calls(), 3, "expired");
        slowest = slowest.max(last);
    }
    println!("{} repetitions of {TASKS} tasks; the last one was served {slowest:?} after the answer", repetitions());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failure_costs_one_request_and_is_one_error() {
    for _ in 0..repetitions() {
        for error in [transient(), permanent()] {
            let stage = Stage::new([Answer::Fail(error.clone())]);
            let (outcomes, _) = storm(&stage).await;
            assert_eq!(stage.calls(), 1);
            for outcome in outcomes {
                assert!(outcome.unwrap_err().same(&error));
            }
        }
    }
}
