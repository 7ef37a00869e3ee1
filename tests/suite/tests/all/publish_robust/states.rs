//! Unknown states are reported as unknown, and block nothing.

use super::{LIST, MOMENT, ONE, offer, publish, response, resume, state};
use futures_util::StreamExt;
use partner_ingestion_sdk::{ErrorKind, Stage};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::TestEnv;
use serde_json::json;

#[tokio::test]
async fn archived_internal_and_unknown_submissions_do_not_block() {
    let env = TestEnv::start_unchecked().await;
    let product = offer(&env).await;
    let old = ["Archived", "NotSet", "ModularCert", "Shadow", "SomethingNew"];
    let old = old.map(|name| state(&name.into(), [name, "InStore", "Submit", "Completed"]));
    let unknown = state(&"live".into(), ["Published", "SomethingNew", "Submit", "Completed"]);
    let all: Vec<_> = old.into_iter().chain([unknown]).collect();
    env.sandbox.fail(Calls::of("GET", LIST), response(&json!({"value": all})), 2);
    assert!(env.client.pending_submission(&product).await.unwrap().is_none());
    publish(&env.client, &product).send().await.unwrap();
}

#[tokio::test]
async fn an_unknown_state_is_reported_and_does_not_end_the_wait_as_live() {
    let env = TestEnv::start_unchecked().await;
    let product = offer(&env).await;
    let id = publish(&env.client, &product).send().await.unwrap().id.unwrap();
    let unknown = state(&id, ["Published", "SomethingNew", "Submit", "Completed"]);
    env.sandbox.fail(Calls::of("GET", ONE), response(&unknown), 3);
    let stages: Vec<Stage> = resume(&env.client, &product, &id).stages().map(Result::unwrap).collect().await;
    assert_eq!(stages, [Stage::Unknown, Stage::Preview]);

    // Without a limit of time, a state that stays unknown is an error that names it.
    env.sandbox.fail(Calls::of("GET", ONE), response(&unknown), 100);
    let error = resume(&env.client, &product, &id).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("is in an unknown state (Published, SomethingNew)"), "{error}");
    assert!(error.hint().unwrap().contains("Client::resume"), "{error}");
    assert_eq!(error.submission().unwrap().stage, Some(Stage::Unknown));
    env.sandbox.clear_faults();
    env.sandbox.fail(Calls::of("GET", ONE), response(&unknown), 1000);
    let error = resume(&env.client, &product, &id).max_wait(20 * MOMENT).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("is still in an unknown state"), "{error}");
}

#[tokio::test]
async fn a_refused_creation_names_the_submission_in_an_unknown_state() {
    let env = TestEnv::start_unchecked().await;
    let product = offer(&env).await;
    let unknown = state(&"9".into(), ["Queued", "Waiting", "Submit", "Completed"]);
    env.sandbox.fail(Calls::of("GET", LIST), response(&json!({"value": [unknown]})), 9);
    env.sandbox.fail(Calls::of("POST", LIST), Fault::status(409), 1);
    let error = publish(&env.client, &product).send().await.unwrap_err();
    assert!(error.is_submission_pending(), "{error}");
    assert!(error.to_string().contains("submission 9 of product"), "{error}");
    assert!(error.to_string().ends_with("is in an unknown state (Queued, Waiting)"), "{error}");
    assert!(error.hint().unwrap().contains("Partner Center"), "{error}");
}
