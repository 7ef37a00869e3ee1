//! Another submission is in progress: it is adopted only if it is the same, and cancelled completely.

use super::{LIST, ONE, PREVIEW, PROMOTE, calls, offer, publish, response, resume, state, with_events};
use futures_util::StreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{IfPending, PublishEvent, Stage};
use partner_sandbox::{Calls, Fault, SubmissionOutcome};
use partner_tests::test_env::TestEnv;
use serde_json::json;

/// Submits the drafts of this run, changed by `change`.
async fn submitted(
    env: &TestEnv,
    product: &ProductId,
    change: impl FnOnce(SubmissionCreationRequest) -> SubmissionCreationRequest,
) -> SubmissionId {
    let drafts = env.client.publish(product).dry_run().await.unwrap();
    let pairs = |drafts: &[(Module, InstanceId)]| -> Vec<TypeValuePair> {
        drafts.iter().map(|(module, id)| TypeValuePair::new(module.as_str(), id.as_str())).collect()
    };
    let plans = drafts
        .variants
        .iter()
        .map(|plan| VariantResource::default().set_variant_id(&plan.variant).set_resources(pairs(&plan.drafts)));
    let request = SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources(pairs(&drafts.offer))
        .set_variant_resources(plans);
    env.client.create_submission(product, change(request)).send().await.unwrap().id.clone().unwrap()
}

#[tokio::test]
async fn an_adopted_submission_has_exactly_the_drafts_of_this_run_and_the_event_says_so() {
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    let id = submitted(&env, &product, |request| request).await;
    let (adopt, events) = with_events(publish(&env.client, &product).if_pending(IfPending::Adopt));
    assert_eq!(adopt.send().await.unwrap().id.as_ref(), Some(&id));
    let events = events.lock().unwrap().clone();
    let [PublishEvent::Adopted { submission, drafts }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(submission, &id);
    assert_eq!(drafts, &env.client.publish(&product).dry_run().await.unwrap());
    let text = format!("submission {id} was adopted; it contains 6 drafts of the offer, 3 drafts of 1 plan");
    assert_eq!(events[0].to_string(), text);
    assert_eq!(calls(&env, &format!("POST {LIST}")), 1);
}

#[tokio::test]
async fn a_submission_with_other_drafts_is_not_adopted_and_the_error_says_what_differs() {
    type Change = fn(SubmissionCreationRequest) -> SubmissionCreationRequest;
    let without_property: Change = |mut request| {
        let resources = request.resources.take().unwrap().into_iter();
        request.set_resources(resources.filter(|pair| pair.type_.as_deref() != Some("Property")))
    };
    let without_plan: Change = |request| request.set_variant_resources(Vec::<VariantResource>::new());
    let without_package: Change = |mut request| {
        let mut plans = request.variant_resources.take().unwrap();
        plans[0].resources.as_mut().unwrap().retain(|pair| pair.type_.as_deref() != Some("Package"));
        request.set_variant_resources(plans)
    };
    let table = [
        (without_property, "offer, Property: draft "),
        (without_plan, "plan standard, Listing: draft "),
        (without_package, "plan standard, Package: draft "),
    ];
    for (change, expected) in table {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        let id = submitted(&env, &product, change).await;
        let error = publish(&env.client, &product).if_pending(IfPending::Adopt).send().await.unwrap_err();
        assert!(error.is_submission_pending(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("submission {id} of product {product} has other drafts than this run: ")),
            "{text}"
        );
        assert!(text.contains(expected) && text.ends_with("is missing"), "{text}");
        assert!(error.hint().unwrap().contains("IfPending::Cancel"), "{error}");
        assert_eq!(error.submission().unwrap().id.as_ref(), Some(&id));
    }
}

/// The list of submissions leaves out the drafts, so that the submission is read.
#[tokio::test]
async fn a_submission_is_adopted_by_its_drafts_although_the_list_leaves_them_out() {
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    let id = submitted(&env, &product, |request| request).await;
    let short = json!({"value": [state(&id, ["InProgress", "Submitted", "Submit", "Completed"])]});
    env.sandbox.fail(Calls::of("GET", LIST), response(&short), 1);
    let adopt = publish(&env.client, &product).if_pending(IfPending::Adopt);
    assert_eq!(adopt.send().await.unwrap().id.as_ref(), Some(&id));
    env.sandbox.fail(Calls::of("GET", LIST), response(&short), 1);
    env.sandbox.fail(Calls::of("GET", ONE), response(&short["value"][0]), 1);
    let error = publish(&env.client, &product).if_pending(IfPending::Adopt).send().await.unwrap_err();
    assert!(error.to_string().contains("does not list its drafts"), "{error}");
}

#[tokio::test]
async fn another_caller_that_was_faster_is_adopted_or_reported() {
    for if_pending in [IfPending::Refuse, IfPending::Adopt] {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        let id = submitted(&env, &product, |request| request).await;
        // The first list is read before the other caller.
        env.sandbox.fail(Calls::of("GET", LIST), response(&json!({"value": []})), 1);
        let done = publish(&env.client, &product).if_pending(if_pending).send().await;
        match if_pending {
            IfPending::Adopt => assert_eq!(done.unwrap().id.as_ref(), Some(&id)),
            _ => assert!(done.unwrap_err().is_submission_pending()),
        }
    }
}

#[tokio::test]
async fn cancelling_waits_until_the_submission_is_no_longer_in_progress() {
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    let id = publish(&env.client, &product).send().await.unwrap().id.unwrap();
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    // The state lags, and so do the list and the creation.
    env.sandbox.fail(Calls::of("GET", ONE), response(&state(&id, PREVIEW)), 3);
    env.sandbox.fail(Calls::of("GET", ONE), Fault::status(503), 1);
    env.sandbox.fail(Calls::of("POST", LIST), Fault::status(409), 2);
    env.sandbox.fail(Calls::of("GET", LIST), Fault::delay(std::time::Duration::ZERO), 1);
    env.sandbox.fail(Calls::of("GET", LIST), response(&json!({"value": [state(&id, PREVIEW)]})), 1);
    let (publish, events) = with_events(publish(&env.client, &product).if_pending(IfPending::Cancel));
    let second = publish.send().await.unwrap().id.unwrap();
    assert_ne!(second, id);
    let log = env.sandbox.calls();
    let at = |operation: String| log.iter().position(|call| call.operation.as_deref() == Some(&operation)).unwrap();
    let deleted = at(format!("DELETE {ONE}"));
    let reads = log[deleted..].iter().take_while(|call| call.operation.as_deref() != Some(&format!("POST {LIST}")));
    assert!(reads.filter(|call| call.operation.as_deref() == Some(&format!("GET {ONE}"))).count() >= 4);
    assert_eq!(calls(&env, &format!("DELETE {ONE}")), 1);
    let events = events.lock().unwrap().clone();
    assert_eq!(events[0], PublishEvent::Cancelled(id.clone()));
    assert!(matches!(&events[1], PublishEvent::Created { submission, .. } if *submission == second), "{events:?}");
    let cancelled = env.client.get_submission(&product, &id).send().await.unwrap();
    assert_eq!(Stage::of(&cancelled), Stage::Cancelled);
}

/// The response of the cancellation is lost, or the submission was deleted meanwhile.
#[tokio::test]
async fn a_cancellation_whose_response_is_lost_is_looked_for() {
    for fault in [Fault::drop_response(), Fault::truncate_body()] {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        publish(&env.client, &product).send().await.unwrap();
        env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
        env.sandbox.fail(Calls::of("DELETE", ONE), fault, 1);
        publish(&env.client, &product).if_pending(IfPending::Cancel).send().await.unwrap();
    }
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    publish(&env.client, &product).send().await.unwrap();
    env.sandbox.fail(Calls::of("DELETE", ONE), Fault::status(404), 1);
    env.sandbox.fail(Calls::of("GET", ONE), Fault::status(404), 1);
    env.sandbox.fail(Calls::of("POST", LIST), Fault::status(400), 1);
    let error = publish(&env.client, &product).if_pending(IfPending::Cancel).send().await.unwrap_err();
    assert_eq!(error.operation(), Some("create_submission"), "{error}");
}

/// The state lags behind a promotion by an earlier process.
#[tokio::test]
async fn resuming_an_outdated_preview_promotes_once() {
    for stale in [1, 2, 4] {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        let id = publish(&env.client, &product).send().await.unwrap().id.unwrap();
        env.client.promote_submission(&product, &id).send().await.unwrap();
        env.sandbox.fail(Calls::of("GET", ONE), response(&state(&id, PREVIEW)), stale);
        let live = resume(&env.client, &product, &id).to_live().send().await.unwrap();
        assert_eq!(Stage::of(&live), Stage::Live);
        assert_eq!(calls(&env, &format!("POST {PROMOTE}")), 1, "{stale} outdated responses");
    }
}

/// Another program promotes while the caller of `stages` does something else.
#[tokio::test]
async fn a_preview_that_was_promoted_meanwhile_is_not_promoted_again() {
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    let (publish, events) = with_events(publish(&env.client, &product).to_live());
    let mut stages = publish.stages();
    let mut reached = None;
    while let Some(stage) = stages.next().await {
        reached = Some(stage.unwrap());
        if reached == Some(Stage::Preview) {
            let id = env.client.pending_submission(&product).await.unwrap().unwrap();
            env.client.promote_submission(&product, &id).send().await.unwrap();
        }
    }
    assert_eq!(reached, Some(Stage::Live));
    assert_eq!(calls(&env, &format!("POST {PROMOTE}")), 1);
    assert!(!events.lock().unwrap().iter().any(|event| matches!(event, PublishEvent::Promoted(_))));
}
