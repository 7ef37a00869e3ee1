//! From drafts to live, for every end that a submission can come to.

use futures_util::StreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, ErrorKind, IfPending, Publish, Stage as At};
use partner_sandbox::{Calls, Fault, Incident, Sandbox, SubmissionOutcome};
use partner_tests::stage::{Stage, checked, client_builder, items, source};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(20);
const CREATE: &str = "/products/{productID}/submissions";
const GET: &str = "/products/{productID}/submissions/{submissionID}";
const PROMOTE: &str = "/products/{productID}/submissions/{submissionID}/promote";

async fn offer(stage: &Stage, name: &str) -> ProductId {
    let product = stage.product(name).await;
    stage.variant(&product).await;
    product
}

fn publish(client: &Client, product: &ProductId) -> Publish {
    client.publish(product).poll_interval(MOMENT, MOMENT)
}

const HOUR: Duration = Duration::from_secs(3600);

/// Where nothing changes but by the clock: on a busy machine no stage is passed unseen.
async fn still() -> Stage {
    let sandbox = checked(Sandbox::builder()).processing_delay(HOUR).start().await.unwrap();
    sandbox.set_token_lifetime(1000 * HOUR);
    let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox)).build().unwrap();
    Stage { sandbox, client }
}

/// An offer whose branches are there.
async fn settled_offer(stage: &Stage, name: &str) -> ProductId {
    let product = offer(stage, name).await;
    stage.sandbox.advance(2 * HOUR);
    product
}

/// Returns every stage that is reached, and advances the clock after each.
async fn walk(stage: &Stage, publish: Publish) -> Vec<Result<At, Error>> {
    let mut stages = publish.stages();
    let mut reached = Vec::new();
    while let Some(at) = stages.next().await {
        reached.push(at);
        stage.sandbox.advance(2 * HOUR);
    }
    reached
}

async fn count(stage: &Stage, product: &ProductId) -> usize {
    items(stage.client.list_submissions(product).send()).await.len()
}

#[tokio::test]
async fn to_preview_and_to_live_with_every_stage() {
    let stage = still().await;
    let product = settled_offer(&stage, "app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let seen: Arc<Mutex<Vec<At>>> = Arc::default();
    let log = seen.clone();
    let to_preview = publish(&stage.client, &product).on_stage(move |at| log.lock().unwrap().push(at));
    let stages = walk(&stage, to_preview.certification_notes("please")).await;
    let stages: Vec<At> = stages.into_iter().map(Result::unwrap).collect();
    assert_eq!(stages, [At::Creating, At::InReview, At::Preview]);
    assert_eq!(*seen.lock().unwrap(), stages, "the hook hears what the stream says");
    let id = stage.client.pending_submission(&product).await.unwrap().unwrap().id.unwrap();
    let found = stage.client.get_submission(&product, &id).expand("PublishOption").send().await.unwrap();
    assert_eq!(found.publish_option.as_ref().unwrap().certification_notes.as_deref(), Some("please"));
    // Another program resumes it.
    let resumed = walk(&stage, stage.client.resume(&product, &id).to_live().poll_interval(MOMENT, MOMENT)).await;
    let resumed: Vec<At> = resumed.into_iter().map(Result::unwrap).collect();
    assert_eq!(resumed, [At::Preview, At::GoingLive, At::Live]);
    let live = stage.client.resume(&product, &id).send().await.unwrap();
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
}

#[tokio::test]
async fn the_dry_run_names_every_draft_and_sends_nothing() {
    let stage = Stage::open().await;
    let product = offer(&stage, "app").await;
    let plan = stage.client.publish(&product).dry_run().await.unwrap();
    let modules: Vec<&str> = plan.offer.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(modules, ["Availability", "Property", "Package", "Listing", "Cosell"]);
    let reseller = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    stage.client.set_reseller_configuration(&product, reseller).send().await.unwrap();
    let plan = stage.client.publish(&product).dry_run().await.unwrap();
    let (module, instance) = plan.offer.last().unwrap();
    assert_eq!(
        (module.as_str(), instance.as_str()),
        ("ResellerConfiguration", &*format!("{product}-ResellerInstance"))
    );
    let text = plan.to_string();
    assert!(text.starts_with("(offer)   Availability           "), "{text}");
    assert!(text.contains("standard  Package                "), "{text}");
    assert_eq!(text.lines().count(), 6 + 3);
    assert_eq!(count(&stage, &product).await, 0);
}

/// The verdict, the stages on the way, and what the error says.
#[tokio::test]
async fn every_end() {
    let stage = still().await;
    let ends: [(SubmissionOutcome, &[At], &str); 4] = [
        (SubmissionOutcome::FailCreation, &[At::Creating], "failed during creation"),
        (
            SubmissionOutcome::Fail,
            &[At::Creating, At::InReview],
            "failed after submission, in the step Automated validation",
        ),
        (
            SubmissionOutcome::FailCertification,
            &[At::Creating, At::InReview],
            "failed in certification, in the step Preview Creation",
        ),
        (
            SubmissionOutcome::FailPromotion,
            &[At::Creating, At::InReview, At::Preview, At::GoingLive],
            "failed while going live, in the step Certification",
        ),
    ];
    for (verdict, expected, text) in ends {
        let product = settled_offer(&stage, &format!("{verdict:?}").to_lowercase()).await;
        stage.sandbox.set_next_outcome(verdict);
        let stages = walk(&stage, publish(&stage.client, &product).to_live()).await;
        let reached: Vec<At> = stages.iter().filter_map(|stage| stage.as_ref().ok().copied()).collect();
        assert_eq!(reached, expected, "{verdict:?}");
        let error = stages.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{verdict:?}");
        let failed = error.submission().unwrap();
        assert!(error.to_string().contains(text), "{error}");
        assert!(
            error.to_string().contains(failed.id.as_ref().unwrap().as_str()) && error.request_id().is_some(),
            "{error}"
        );
        assert!(error.hint().unwrap_or_default().contains("publish again"), "{}", error.hint().unwrap_or_default());
        match verdict {
            SubmissionOutcome::FailCreation => {
                assert_eq!(error.validations()[0].error_code.as_deref(), Some("Sandbox-00001"));
                assert!(error.to_string().contains("Error Sandbox-00001: Failure injected by the sandbox."), "{error}");
            }
            _ => assert!(!failed.workflows.is_empty() && !failed.reports.is_empty()),
        }
        // What failed does not stand in the way.
        assert!(stage.client.pending_submission(&product).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_an_incomplete_offer_lacks() {
    let stage = Stage::open().await;
    let product = offer(&stage, "app").await;
    let error = publish(&stage.client, &product).send().await.unwrap_err();
    let codes: Vec<_> = error.validations().iter().filter_map(|v| v.error_code.as_deref()).collect();
    assert!(codes.contains(&"sandbox/listing-name-required"), "{codes:?}");
    assert!(codes.contains(&"sandbox/template-package-required"), "{codes:?}");
}

#[tokio::test]
async fn one_that_is_under_way() {
    let stage = Stage::open().await;
    let product = offer(&stage, "app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let preview = publish(&stage.client, &product).send().await.unwrap();
    let id = preview.id.unwrap();
    let refused = publish(&stage.client, &product).send().await.unwrap_err();
    assert!(refused.is_submission_pending() && refused.hint().unwrap_or_default().contains("adopt"), "{refused}");
    assert_eq!(refused.submission().unwrap().id.as_ref(), Some(&id));
    assert!(refused.to_string().contains("is in preview"), "{refused}");
    let adopted = publish(&stage.client, &product).if_pending(IfPending::Adopt).to_live().send().await.unwrap();
    assert_eq!((adopted.id.as_ref(), adopted.substate), (Some(&id), Some(SubmissionSubstate::InStore)));

    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let second = publish(&stage.client, &product).send().await.unwrap();
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let third = publish(&stage.client, &product).if_pending(IfPending::Cancel).send().await.unwrap();
    assert_ne!(second.id, third.id);
    assert!(stage.client.get_submission(&product, second.id.unwrap()).send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn what_is_going_live_cannot_be_cancelled() {
    let stage = still().await;
    let product = settled_offer(&stage, "app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    walk(&stage, publish(&stage.client, &product)).await;
    let id = stage.client.pending_submission(&product).await.unwrap().unwrap().id.unwrap();
    stage.client.promote_submission(&product, &id).send().await.unwrap();
    let late = publish(&stage.client, &product).if_pending(IfPending::Cancel).send().await.unwrap_err();
    assert!(late.is_submission_pending() && late.to_string().contains("going live"), "{late}");
}

/// Nothing that passes by itself ends a wait, and nothing is sent twice.
#[tokio::test]
async fn troubles_on_the_way() {
    let stage = Stage::open().await;
    let product = offer(&stage, "app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    stage.sandbox.start_incident(Incident::WorkflowDetailsMissing).unwrap();
    // The answer of the creation and of the promotion is lost, looks fail and find nothing.
    stage.sandbox.fail(Calls::of("POST", CREATE), Fault::drop_response(), 1);
    stage.sandbox.fail(Calls::of("POST", PROMOTE), Fault::truncate_body(), 1);
    stage.sandbox.fail(Calls::of("GET", GET), Fault::status(404), 2);
    stage.sandbox.fail(Calls::of("GET", GET), Fault::status(503), 5);
    stage.sandbox.fail(Calls::of("GET", GET), Fault::reset(), 5);
    let live = publish(&stage.client, &product).to_live().send().await.unwrap();
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
    assert_eq!(count(&stage, &product).await, 1);
    let calls = stage.sandbox.calls();
    let posts = calls.iter().filter(|call| call.operation.as_deref() == Some(&format!("POST {PROMOTE}")));
    assert_eq!(posts.count(), 1);
    // A submission that is gone for good is.
    let gone = stage.client.resume(&product, "1").poll_interval(MOMENT, MOMENT).send().await.unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    // A creation that fails for sure is an error, and nothing was made.
    stage.sandbox.fail(Calls::of("POST", CREATE), Fault::status(500), 1);
    let failed = publish(&stage.client, &product).send().await.unwrap_err();
    assert!(failed.may_have_been_processed());
    assert_eq!(count(&stage, &product).await, 1);
}

#[tokio::test]
async fn a_deadline_leaves_the_submission_to_be_taken_up() {
    let stage = still().await;
    let product = stage.product("app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let late = publish(&stage.client, &product).max_wait(Duration::from_secs(2)).send().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    let id = late.submission().unwrap().id.clone().unwrap();
    assert!(late.to_string().contains(&format!("submission {id} is still being created")), "{late}");
    // Killed and taken up at every stage.
    let mut reached = Vec::new();
    for _ in 0..7 {
        let resumed = stage.client.resume(&product, &id).to_live().poll_interval(MOMENT, MOMENT);
        let mut stages = resumed.max_wait(Duration::from_secs(5)).stages();
        if let Some(Ok(at)) = stages.next().await {
            reached.push(at);
            if at == At::Preview {
                // It is killed right after the promotion.
                assert_eq!(stages.next().await.unwrap().unwrap(), At::GoingLive);
            }
        }
        drop(stages);
        stage.sandbox.advance(HOUR);
    }
    reached.dedup();
    assert_eq!(reached, [At::Creating, At::InReview, At::Preview, At::GoingLive, At::Live]);
}

/// A service that asks for time between two looks gets it, as long as the deadline allows.
#[tokio::test]
async fn a_look_waits_as_long_as_the_service_asks() {
    let stage = Stage::open().await;
    let product = offer(&stage, "app").await;
    stage.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    let submission = publish(&stage.client, &product).send().await.unwrap();
    let busy = serde_json::json!({"id": submission.id, "state": "InProgress", "substate": "Submitted"});
    let busy =
        Fault::status(200).header("content-type", "application/json").header("retry-after", "1").body(busy.to_string());
    stage.sandbox.fail(Calls::of("GET", GET), busy, 1);
    let begun = std::time::Instant::now();
    let resumed = stage.client.resume(&product, submission.id.unwrap()).poll_interval(MOMENT, MOMENT);
    resumed.send().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}
