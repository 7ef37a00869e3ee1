//! Publishing when branches, states and responses are late, unknown or lost.

mod drafts;
mod failures;
mod lost_responses;
mod pending;
mod service;
mod states;

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Publish, PublishEvent};
use partner_sandbox::{Fault, SubmissionOutcome};
use partner_tests::test_env::TestEnv;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(10);
const LIST: &str = "/products/{productID}/submissions";
const ONE: &str = "/products/{productID}/submissions/{submissionID}";
const PROMOTE: &str = "/products/{productID}/submissions/{submissionID}/promote";
const WORKFLOWS: &str = "/products/{productID}/submissions/{submissionID}/workflowdetails";

/// An offer with a plan whose next submission passes.
async fn offer(env: &TestEnv) -> ProductId {
    let product = env.product("app").await;
    env.variant(&product).await;
    env.sandbox.set_next_outcome(SubmissionOutcome::Pass);
    product
}

fn publish(client: &Client, product: &ProductId) -> Publish {
    client.publish(product).poll_interval(MOMENT, MOMENT)
}

fn resume(client: &Client, product: &ProductId, id: &SubmissionId) -> Publish {
    client.resume(product, id).poll_interval(MOMENT, MOMENT)
}

/// Collects the events of a publication.
fn with_events(publish: Publish) -> (Publish, Arc<Mutex<Vec<PublishEvent>>>) {
    let events: Arc<Mutex<Vec<PublishEvent>>> = Arc::default();
    let log = events.clone();
    (publish.on_event(move |event| log.lock().unwrap().push(event)), events)
}

fn state(id: &SubmissionId, state: [&str; 4]) -> Value {
    let [state, substate, update, status] = state;
    json!({
        "resourceType": "Submission", "id": id, "state": state, "substate": substate,
        "pendingUpdateInfo": {"updateType": update, "status": status},
    })
}

const PREVIEW: [&str; 4] = ["Published", "ReadyToPublish", "Submit", "Completed"];

/// A response that is outdated or unknown: the call is not processed.
fn response(body: &Value) -> Fault {
    Fault::status(200).header("content-type", "application/json").body(body.to_string())
}

/// A call that is processed normally.
fn nothing() -> Fault {
    Fault::delay(Duration::ZERO)
}

/// The number of calls of an operation.
fn calls(env: &TestEnv, operation: &str) -> usize {
    env.sandbox.calls().iter().filter(|call| call.operation.as_deref() == Some(operation)).count()
}
