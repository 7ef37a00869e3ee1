//! A program that publishes, and resumes after each error, while any request may fail.

use super::{MOMENT, offer, with_events};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{IfPending, PublishEvent, RetryPolicy, Stage};
use partner_sandbox::Sandbox;
use partner_tests::test_env::{TestEnv, checked, client_builder, items, token_source};
use std::time::Duration;

const RUNS: u64 = 20;
const MAX_ERRORS: usize = 200;

/// Publishes to live with faults in `percent` percent of the requests. Returns the number of errors.
async fn publish_once(seed: u64, percent: u8) -> usize {
    let sandbox = checked(Sandbox::builder()).processing_delay(Duration::from_millis(2));
    let env = TestEnv::with_builder(sandbox).await;
    let product = offer(&env).await;
    let builder = client_builder().base_url(env.sandbox.url()).token_provider(token_source(&env.sandbox));
    // Without retries of single calls, every fault reaches the workflow.
    let client = builder.retry(RetryPolicy::none()).build().unwrap();
    env.sandbox.inject_random_faults(seed, percent);
    let mut id: Option<SubmissionId> = None;
    let mut created = Vec::new();
    for errors in 0..MAX_ERRORS {
        let publish = match &id {
            Some(id) => client.resume(&product, id),
            None => client.publish(&product).if_pending(IfPending::Adopt),
        };
        let (publish, events) = with_events(publish.poll_interval(MOMENT / 10, MOMENT / 10).to_live());
        let done = publish.send().await;
        for event in events.lock().unwrap().drain(..) {
            match event {
                PublishEvent::Created { submission, .. } | PublishEvent::Adopted { submission, .. } => {
                    created.push(submission);
                }
                PublishEvent::Promoted(submission) => assert_eq!(Some(&submission), created.last(), "seed {seed}"),
                other => panic!("seed {seed}: {other}"),
            }
        }
        let error = match done {
            Ok(live) => {
                env.sandbox.clear_faults();
                assert_eq!(Stage::of(&live), Stage::Live, "seed {seed}");
                let all = items(env.client.list_submissions(&product).send()).await;
                assert_eq!(all.len(), 1, "seed {seed}: never two submissions for one");
                assert!(created.iter().all(|id| Some(id) == live.id.as_ref()), "seed {seed}: {created:?}");
                return errors;
            }
            Err(error) => error,
        };
        // The error says how far it came.
        id = error.submission().and_then(|submission| submission.id.clone()).or(id);
    }
    panic!("seed {seed}: not live after {MAX_ERRORS} errors");
}

#[tokio::test]
async fn a_program_that_resumes_after_errors_creates_one_submission_and_gets_it_live() {
    let mut errors = 0;
    for seed in 0..RUNS {
        errors += publish_once(seed, 15).await;
    }
    assert!(errors > usize::try_from(RUNS).unwrap(), "{errors} errors: the faults reach the workflow");
}
