//! Publishing drafts to preview and live, with every outcome of a submission.

use futures_util::StreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, ErrorKind, IfPending, Publish, Stage};
use partner_sandbox::{Calls, Fault, Incident, Sandbox, SubmissionOutcome};
use partner_tests::test_env::{TestEnv, checked, client_builder, items, token_source};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_millis(20);
const CREATE: &str = "/products/{productID}/submissions";
const GET: &str = "/products/{productID}/submissions/{submissionID}";
const PROMOTE: &str = "/products/{productID}/submissions/{submissionID}/promote";

async fn offer(env: &TestEnv, name: &str) -> ProductId {
    let product = env.product(name).await;
    env.variant(&product).await;
    product
}

fn publish(client: &Client, product: &ProductId) -> Publish {
    client.publish(product).poll_interval(POLL_INTERVAL, POLL_INTERVAL)
}

const HOUR: Duration = Duration::from_secs(3600);

/// Starts a sandbox in which submissions proceed only when a test advances the clock, so that no stage is missed on a busy machine.
async fn start_with_manual_clock() -> TestEnv {
    let sandbox = checked(Sandbox::builder()).processing_delay(HOUR).start().await.unwrap();
    sandbox.set_token_lifetime(1000 * HOUR);
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    TestEnv { sandbox, client }
}

/// Creates an offer and waits for its branches.
async fn offer_with_branches(env: &TestEnv, name: &str) -> ProductId {
    let product = offer(env, name).await;
    env.sandbox.advance(2 * HOUR);
    product
}

/// Runs a submission and advances the clock after each stage. Returns all stages.
async fn run(env: &TestEnv, publish: Publish) -> Vec<Result<Stage, Error>> {
    let mut stages = publish.stages();
    let mut reached = Vec::new();
    while let Some(at) = stages.next().await {
        reached.push(at);
        env.sandbox.advance(2 * HOUR);
    }
    reached
}

async fn count(env: &TestEnv, product: &ProductId) -> usize {
    items(env.client.list_submissions(product).send()).await.len()
}

#[tokio::test]
async fn publishes_to_preview_and_live_and_reports_every_stage() {
    let env = start_with_manual_clock().await;
    let product = offer_with_branches(&env, "app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let seen: Arc<Mutex<Vec<Stage>>> = Arc::default();
    let log = seen.clone();
    let to_preview = publish(&env.client, &product).on_stage(move |at| log.lock().unwrap().push(at));
    let stages = run(&env, to_preview.certification_notes("please")).await;
    let stages: Vec<Stage> = stages.into_iter().map(Result::unwrap).collect();
    assert_eq!(stages, [Stage::Creating, Stage::InReview, Stage::Preview]);
    assert_eq!(*seen.lock().unwrap(), stages, "the hook gets the same stages as the stream");
    let id = env.client.pending_submission(&product).await.unwrap().unwrap().id.unwrap();
    let found = env.client.get_submission(&product, &id).expand("PublishOption").send().await.unwrap();
    assert_eq!(found.publish_option.as_ref().unwrap().certification_notes.as_deref(), Some("please"));
    // Another process can resume the submission.
    let resumed =
        run(&env, env.client.resume(&product, &id).to_live().poll_interval(POLL_INTERVAL, POLL_INTERVAL)).await;
    let resumed: Vec<Stage> = resumed.into_iter().map(Result::unwrap).collect();
    assert_eq!(resumed, [Stage::Preview, Stage::GoingLive, Stage::Live]);
    let live = env.client.resume(&product, &id).send().await.unwrap();
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
}

#[tokio::test]
async fn dry_run_lists_every_draft_and_submits_nothing() {
    let env = TestEnv::start().await;
    let product = offer(&env, "app").await;
    let dry_run = env.client.publish(&product).dry_run().await.unwrap();
    let modules: Vec<&str> = dry_run.offer.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(modules, ["Availability", "Property", "Package", "Listing", "Cosell", "ResellerConfiguration"]);
    let reseller = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    env.client.set_reseller_configuration(&product, reseller).send().await.unwrap();
    let dry_run = env.client.publish(&product).dry_run().await.unwrap();
    let (module, instance) = dry_run.offer.last().unwrap();
    assert_eq!(
        (module.as_str(), instance.as_str()),
        ("ResellerConfiguration", &*format!("{product}-ResellerInstance"))
    );
    let text = dry_run.to_string();
    assert!(text.starts_with("(offer)   Availability           "), "{text}");
    assert!(text.contains("standard  Package                "), "{text}");
    assert_eq!(text.lines().count(), 6 + 3);
    assert_eq!(count(&env, &product).await, 0);
}

/// Outcome, expected stages, and a part of the error message.
#[tokio::test]
async fn reports_every_kind_of_failure() {
    let env = start_with_manual_clock().await;
    let ends: [(SubmissionOutcome, &[Stage], &str); 4] = [
        (SubmissionOutcome::FailCreation, &[Stage::Creating], "failed during creation"),
        (
            SubmissionOutcome::Fail,
            &[Stage::Creating, Stage::InReview],
            "failed after submission, in the step Automated validation",
        ),
        (
            SubmissionOutcome::FailCertification,
            &[Stage::Creating, Stage::InReview],
            "failed in certification, in the step Preview Creation",
        ),
        (
            SubmissionOutcome::FailPromotion,
            &[Stage::Creating, Stage::InReview, Stage::Preview, Stage::GoingLive],
            "failed while going live, in the step Certification",
        ),
    ];
    for (outcome, expected, text) in ends {
        let product = offer_with_branches(&env, &format!("{outcome:?}").to_lowercase()).await;
        env.sandbox.set_next_outcome(outcome);
        let stages = run(&env, publish(&env.client, &product).to_live()).await;
        let reached: Vec<Stage> = stages.iter().filter_map(|stage| stage.as_ref().ok().copied()).collect();
        assert_eq!(reached, expected, "{outcome:?}");
        let error = stages.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{outcome:?}");
        let failed = error.submission().unwrap();
        assert!(error.to_string().contains(text), "{error}");
        assert!(
            error.to_string().contains(failed.id.as_ref().unwrap().as_str()) && error.request_id().is_some(),
            "{error}"
        );
        assert!(error.hint().unwrap_or_default().contains("publish again"), "{}", error.hint().unwrap_or_default());
        match outcome {
            SubmissionOutcome::FailCreation => {
                assert_eq!(error.validations()[0].error_code.as_deref(), Some("Sandbox-00001"));
                assert!(
                    error.to_string().contains("offer: Failure injected by the sandbox (Error Sandbox-00001)"),
                    "{error}"
                );
            }
            _ => assert!(!failed.workflows.is_empty() && !failed.reports.is_empty()),
        }
        // A failed submission does not block the next one.
        assert!(env.client.pending_submission(&product).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn incomplete_offer_fails_with_validations() {
    let env = TestEnv::start().await;
    let product = offer(&env, "app").await;
    let error = publish(&env.client, &product).send().await.unwrap_err();
    let codes: Vec<_> = error.validations().iter().filter_map(|v| v.error_code.as_deref()).collect();
    assert!(codes.contains(&"sandbox/category-required"), "{codes:?}");
    assert!(codes.contains(&"sandbox/template-package-required"), "{codes:?}");
}

#[tokio::test]
async fn pending_submission_is_rejected_adopted_or_cancelled() {
    let env = TestEnv::start().await;
    let product = offer(&env, "app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let preview = publish(&env.client, &product).send().await.unwrap();
    let id = preview.id.unwrap();
    let rejected = publish(&env.client, &product).send().await.unwrap_err();
    assert!(rejected.is_submission_pending() && rejected.hint().unwrap_or_default().contains("adopt"), "{rejected}");
    assert_eq!(rejected.submission().unwrap().id.as_ref(), Some(&id));
    assert!(rejected.to_string().contains("is in preview"), "{rejected}");
    let adopted = publish(&env.client, &product).if_pending(IfPending::Adopt).to_live().send().await.unwrap();
    assert_eq!((adopted.id.as_ref(), adopted.substate), (Some(&id), Some(SubmissionSubstate::InStore)));

    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let second = publish(&env.client, &product).send().await.unwrap();
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let third = publish(&env.client, &product).if_pending(IfPending::Cancel).send().await.unwrap();
    assert_ne!(second.id, third.id);
    assert!(env.client.get_submission(&product, second.id.unwrap()).send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn submission_going_live_cannot_be_cancelled() {
    let env = start_with_manual_clock().await;
    let product = offer_with_branches(&env, "app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    run(&env, publish(&env.client, &product)).await;
    let id = env.client.pending_submission(&product).await.unwrap().unwrap().id.unwrap();
    env.client.promote_submission(&product, &id).send().await.unwrap();
    let late = publish(&env.client, &product).if_pending(IfPending::Cancel).send().await.unwrap_err();
    assert!(late.is_submission_pending() && late.to_string().contains("going live"), "{late}");
}

/// Transient faults do not end the wait, and no POST is processed twice.
#[tokio::test]
async fn tolerates_transient_faults_and_submits_once() {
    let env = TestEnv::start().await;
    let product = offer(&env, "app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    env.sandbox.start_incident(Incident::WorkflowDetailsMissing).unwrap();
    // The responses of creation and promotion are lost, and polls fail or return 404.
    env.sandbox.fail(Calls::of("POST", CREATE), Fault::drop_response(), 1);
    env.sandbox.fail(Calls::of("POST", PROMOTE), Fault::truncate_body(), 1);
    env.sandbox.fail(Calls::of("GET", GET), Fault::status(404), 2);
    env.sandbox.fail(Calls::of("GET", GET), Fault::status(503), 5);
    env.sandbox.fail(Calls::of("GET", GET), Fault::reset(), 5);
    let live = publish(&env.client, &product).to_live().send().await.unwrap();
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
    assert_eq!(count(&env, &product).await, 1);
    let calls = env.sandbox.calls();
    let posts = calls.iter().filter(|call| call.operation.as_deref() == Some(&format!("POST {PROMOTE}")));
    assert_eq!(posts.count(), 1);
    // A submission that stays missing is an error.
    let missing =
        env.client.resume(&product, "1").poll_interval(POLL_INTERVAL, POLL_INTERVAL).send().await.unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    // A creation that fails is an error, and no submission exists.
    env.sandbox.fail(Calls::of("POST", CREATE), Fault::status(500), 1);
    let failed = publish(&env.client, &product).send().await.unwrap_err();
    assert!(failed.may_have_been_processed());
    assert_eq!(count(&env, &product).await, 1);
}

#[tokio::test]
async fn resumes_a_submission_after_a_timeout() {
    let env = start_with_manual_clock().await;
    let product = env.product("app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let late = publish(&env.client, &product).max_wait(Duration::from_secs(2)).send().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    let id = late.submission().unwrap().id.clone().unwrap();
    assert!(late.to_string().contains(&format!("submission {id} is still being created")), "{late}");
    // Stopped and resumed at every stage.
    let mut reached = Vec::new();
    for _ in 0..7 {
        let resumed = env.client.resume(&product, &id).to_live().poll_interval(POLL_INTERVAL, POLL_INTERVAL);
        let mut stages = resumed.max_wait(Duration::from_secs(5)).stages();
        if let Some(Ok(at)) = stages.next().await {
            reached.push(at);
            if at == Stage::Preview {
                // Stopped right after the promotion.
                assert_eq!(stages.next().await.unwrap().unwrap(), Stage::GoingLive);
            }
        }
        drop(stages);
        env.sandbox.advance(HOUR);
    }
    reached.dedup();
    assert_eq!(reached, [Stage::Creating, Stage::InReview, Stage::Preview, Stage::GoingLive, Stage::Live]);
}

#[tokio::test]
async fn polling_honors_retry_after() {
    let env = TestEnv::start().await;
    let product = offer(&env, "app").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let submission = publish(&env.client, &product).send().await.unwrap();
    let busy = serde_json::json!({"id": submission.id, "state": "InProgress", "substate": "Submitted"});
    let busy =
        Fault::status(200).header("content-type", "application/json").header("retry-after", "1").body(busy.to_string());
    env.sandbox.fail(Calls::of("GET", GET), busy, 1);
    let begun = std::time::Instant::now();
    let resumed = env.client.resume(&product, submission.id.unwrap()).poll_interval(POLL_INTERVAL, POLL_INTERVAL);
    resumed.send().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}
