//! Responses that are lost or unusable: `publish` looks for what was done, several times, and repeats nothing.

use super::service::{self, branches_of, list, plan};
use super::{
    LIST, MOMENT, ONE, PREVIEW, PROMOTE, WORKFLOWS, calls, nothing, offer, publish, response, resume, state,
    with_events,
};
use futures_util::StreamExt;
use partner_ingestion_sdk::{IfPending, PublishEvent, Stage};
use partner_sandbox::{Calls, Fault, SubmissionOutcome};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, items};
use serde_json::{Value, json};
use std::sync::Mutex;

#[tokio::test]
async fn a_creation_whose_response_is_lost_is_looked_for_several_times() {
    for fault in [Fault::drop_response(), Fault::truncate_body()] {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        env.sandbox.fail(Calls::of("POST", LIST), fault, 1);
        env.sandbox.fail(Calls::of("GET", LIST), nothing(), 1);
        env.sandbox.fail(Calls::of("GET", LIST), response(&json!({"value": []})), 2);
        env.sandbox.fail(Calls::of("GET", LIST), Fault::status(400), 1);
        let (publish, events) = with_events(publish(&env.client, &product));
        let done = publish.send().await.unwrap();
        assert_eq!(Stage::of(&done), Stage::Preview);
        assert_eq!(items(env.client.list_submissions(&product).send()).await.len(), 1);
        let created = PublishEvent::Created {
            submission: done.id.unwrap(),
            drafts: env.client.publish(&product).dry_run().await.unwrap(),
        };
        assert_eq!(*events.lock().unwrap(), [created]);
    }
}

/// An earlier submission with the same drafts failed; it is not mistaken for the one that was just created, which fails, too.
#[tokio::test]
async fn a_lost_creation_that_failed_at_once_is_found_and_an_older_submission_is_not() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    env.variant(&product).await;
    env.sandbox.set_next_outcome(SubmissionOutcome::FailCreation);
    let first = publish(&env.client, &product).send().await.unwrap_err();
    env.sandbox.set_next_outcome(SubmissionOutcome::FailCreation);
    env.sandbox.fail(Calls::of("POST", LIST), Fault::drop_response(), 1);
    // Found only after it failed.
    env.sandbox.fail(Calls::of("GET", LIST), nothing(), 1);
    env.sandbox.fail(Calls::of("GET", LIST), Fault::delay(10 * MOMENT), 1);
    let second = publish(&env.client, &product).send().await.unwrap_err();
    let ids = [&first, &second].map(|error| error.submission().unwrap().id.clone().unwrap());
    assert_ne!(ids[0], ids[1], "{second}");
    assert!(second.to_string().contains("failed during creation"), "{second}");

    // The creation was not processed: the older ones are not adopted.
    env.sandbox.fail(Calls::of("POST", LIST), Fault::status(500), 1);
    let error = publish(&env.client, &product).send().await.unwrap_err();
    assert!(error.may_have_been_processed() && error.operation() == Some("create_submission"), "{error}");
}

#[tokio::test]
async fn a_promotion_whose_response_is_lost_is_looked_for_several_times() {
    for (fault, is_conflict) in
        [(Fault::drop_response(), false), (Fault::truncate_body(), false), (Fault::status(409), true)]
    {
        let env = TestEnv::start().await;
        let product = offer(&env).await;
        let id = publish(&env.client, &product).send().await.unwrap().id.unwrap();
        let mut stages = resume(&env.client, &product, &id).to_live().stages();
        assert_eq!(stages.next().await.unwrap().unwrap(), Stage::Preview);
        let stale = || response(&state(&id, PREVIEW));
        env.sandbox.fail(Calls::of("GET", ONE), stale(), 1);
        if is_conflict {
            // Another program is faster, and the workflows lag, too.
            env.client.promote_submission(&product, &id).send().await.unwrap();
            env.sandbox.fail(Calls::of("GET", WORKFLOWS), response(&json!({"value": []})), 1);
        }
        env.sandbox.fail(Calls::of("POST", PROMOTE), fault, 1);
        env.sandbox.fail(Calls::of("GET", ONE), stale(), 2);
        env.sandbox.fail(Calls::of("GET", ONE), Fault::status(500), 1);
        let reached: Vec<Stage> = stages.map(Result::unwrap).collect().await;
        assert_eq!(reached.last(), Some(&Stage::Live));
        assert_eq!(calls(&env, &format!("POST {PROMOTE}")), 1 + usize::from(is_conflict));
    }
}

#[tokio::test]
async fn a_promotion_that_was_not_processed_is_an_error_with_the_submission() {
    let env = TestEnv::start().await;
    let product = offer(&env).await;
    env.sandbox.fail(Calls::of("POST", PROMOTE), Fault::reset(), 1);
    let error = publish(&env.client, &product).to_live().send().await.unwrap_err();
    assert!(error.may_have_been_processed(), "{error}");
    let failed = error.submission().unwrap();
    assert_eq!(failed.stage, Some(Stage::Preview));
    let live = resume(&env.client, &product, failed.id.as_ref().unwrap()).to_live().send().await.unwrap();
    assert_eq!(Stage::of(&live), Stage::Live);
    assert_eq!(calls(&env, &format!("POST {PROMOTE}")), 2);
}

/// A service that responds to POST and DELETE of submissions with `body`.
async fn with_bodies(body: &'static str) -> MockServer {
    let submissions: Mutex<Vec<Value>> = Mutex::default();
    let plans = json!([plan("AzureSkuVariant", "id")]);
    service::with_submissions(
        "AzureApplication",
        plans,
        |module, _| list(branches_of(module)),
        move |request| {
            let mut submissions = submissions.lock().unwrap();
            let path = request.path().trim_start_matches("/v1.0/ingestion/products/p");
            let unusable = CannedResponse::new(200, body).violates_contract();
            let one = |submission: Option<&Value>| match submission {
                Some(submission) => CannedResponse::new(200, submission.to_string()),
                None => CannedResponse::new(404, ""),
            };
            let set = |submission: &mut Value, new: [&str; 4]| {
                let new = state(&"1".into(), new);
                submission["state"] = new["state"].clone();
                submission["substate"] = new["substate"].clone();
                submission["pendingUpdateInfo"] = new["pendingUpdateInfo"].clone();
            };
            let (method, path) = (request.method.as_str(), path.strip_prefix("/submissions")?);
            let mut parts = path.split('/').skip(1);
            let at = |id: &str, submissions: &[Value]| submissions.iter().position(|s| s["id"] == id);
            match (method, parts.next(), parts.next()) {
                ("GET", None, _) => Some(list(submissions.clone())),
                ("POST", None, _) => {
                    let mut submission: Value = serde_json::from_slice(&request.body).unwrap();
                    submission["resourceType"] = "Submission".into();
                    submission["id"] = (submissions.len() + 1).to_string().into();
                    set(&mut submission, PREVIEW);
                    submissions.push(submission);
                    Some(unusable)
                }
                ("GET", Some(id), None) => Some(one(at(id, &submissions).map(|at| &submissions[at]))),
                ("DELETE", Some(id), None) => {
                    let at = at(id, &submissions)?;
                    set(&mut submissions[at], ["Cancelled", "Cancelled", "Submit", "Cancelled"]);
                    Some(unusable)
                }
                ("POST", Some(id), Some("promote")) => {
                    let at = at(id, &submissions)?;
                    set(&mut submissions[at], ["Published", "InStore", "Promote", "Completed"]);
                    Some(unusable)
                }
                ("GET", Some(_), Some(_)) => Some(list(Vec::new())),
                _ => None,
            }
        },
    )
    .await
}

/// A success whose body is empty or no JSON: the creation is looked for, and the other two have no body that matters.
#[tokio::test]
async fn unusable_bodies_of_creation_promotion_and_cancellation_are_no_failures() {
    for body in ["", "<html>", "[1]", "7"] {
        let server = with_bodies(body).await;
        let client = server.client();
        let first = publish(&client, &"p".into()).send().await.unwrap();
        assert_eq!(first.id.as_ref().unwrap().as_str(), "1", "{body:?}");
        let replace = publish(&client, &"p".into()).if_pending(IfPending::Cancel).to_live();
        let second = replace.send().await.unwrap();
        assert_eq!((second.id.as_ref().unwrap().as_str(), Stage::of(&second)), ("2", Stage::Live), "{body:?}");
        let posts = server.requests().iter().filter(|request| request.method != "GET").count();
        assert_eq!(posts, 4, "two creations, a cancellation, a promotion");
    }
}
