//! How the SDK handles faults that the sandbox injects, and time that a test advances.

use partner_ingestion_sdk::reqwest;
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{ErrorKind, Page, RetryPolicy};
use partner_sandbox::{Calls, Fault, Sandbox};
use partner_tests::test_env::{TestEnv, checked, client_builder, start_sandbox, token_source};
use serde_json::json;
use std::time::Duration;

const LIST: &str = "/products";

#[tokio::test]
async fn retries_503_until_success() {
    let env = TestEnv::start().await;
    let busy = Fault::status(503).header("Retry-After", "0");
    env.sandbox.fail(Calls::of("GET", LIST), busy, 2);
    let response = env.client.list_products().send().await.unwrap();
    assert_eq!(response.attempts(), 3);
    let calls = env.sandbox.calls();
    let statuses: Vec<u16> = calls.iter().filter(|call| call.path.ends_with(LIST)).map(|call| call.status).collect();
    assert_eq!(statuses, [503, 503, 200]);
    assert_eq!(calls.iter().filter(|call| call.note.as_deref() == Some("injected fault")).count(), 2);
    // A fault applies only to its operation.
    env.sandbox.fail(Calls::of("DELETE", LIST), Fault::status(500), 1);
    assert_eq!(env.client.list_products().send().await.unwrap().attempts(), 1);
    env.sandbox.fail(Calls::any(), Fault::status(500), 100);
    env.sandbox.clear_faults();
    assert_eq!(env.client.list_products().send().await.unwrap().attempts(), 1);
}

#[tokio::test]
async fn retries_get_but_not_post_after_a_lost_response() {
    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::of("GET", LIST), Fault::drop_response(), 1);
    assert_eq!(env.client.list_products().send().await.unwrap().attempts(), 2);
    // A POST may have been processed, so it is not retried. Here it was processed.
    env.sandbox.fail(Calls::of("POST", LIST), Fault::drop_response(), 1);
    let product = AzureProduct::application("cut", "Cut");
    let error = env.client.create_product(product).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    let found = env.client.list_products().send().await.unwrap().into_inner();
    assert_eq!(found.value.unwrap().len(), 1);
}

#[tokio::test]
async fn reports_timeouts_and_recorded_error_bodies() {
    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::of("GET", LIST), Fault::delay(Duration::from_secs(60)), 1);
    let call = env.client.list_products().attempt_timeout(Duration::from_millis(50)).retry(RetryPolicy::none());
    assert_eq!(call.send().await.unwrap_err().kind(), ErrorKind::Timeout);
    let body = r#""ICH50400-Wrong. {\"faultCode\":50400,\"data\":{\"Name\":[\"No.\"]}}""#;
    let refusal = Fault::status(400).header("Content-Type", "application/json; charset=utf-8").body(body);
    env.sandbox.fail(Calls::any(), refusal, 1);
    let error = env.client.list_products().send().await.unwrap_err();
    assert_eq!(error.service_code(), Some("ICH50400"));
    assert!(error.field_errors().contains_key("Name") && error.request_id().is_some());
}

#[tokio::test]
async fn retries_token_outages_and_caches_throttling_errors() {
    let sandbox = start_sandbox().await;
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    sandbox.fail(Calls::tokens(), Fault::status(503), 2);
    client.list_products().send().await.unwrap();
    assert_eq!(sandbox.issued_tokens(), 1);

    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::tokens(), Fault::status(429).header("Retry-After", "60").body("Too Many Requests"), 1);
    let error = env.client.list_products().send().await.unwrap_err();
    let auth = error.auth_error().unwrap();
    assert_eq!(
        (auth.retry_after(), auth.status().map(|status| status.as_u16())),
        (Some(Duration::from_secs(60)), Some(429))
    );
    assert!(error.is_retryable());
    // No token is requested before that: the next caller gets the same error.
    assert!(env.client.list_products().send().await.unwrap_err().auth_error().unwrap().ptr_eq(auth));
    assert_eq!(env.sandbox.issued_tokens(), 0);
}

#[tokio::test]
async fn advancing_the_clock_shows_branches_and_expires_tokens() {
    let hour = Duration::from_secs(3600);
    let sandbox = checked(Sandbox::builder()).processing_delay(hour).start().await.unwrap();
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    let env = TestEnv { sandbox, client };
    let product = env.product("time").await;
    let plan = env.variant(&product).await;
    let of_plan = async || {
        let branches = env.client.list_branches(&product, "Listing").send().await.unwrap();
        let branches = branches.into_inner().value.unwrap();
        branches.iter().filter(|branch| branch.variant_id.as_ref() == Some(&plan)).count()
    };
    assert_eq!(of_plan().await, 0, "the branches of a new plan come later");
    env.sandbox.advance(hour);
    assert_eq!(of_plan().await, 1);
    // The token expired after this hour as well: the service rejected it, and the SDK got another one.
    assert_eq!(env.sandbox.issued_tokens(), 2);
}

#[tokio::test]
async fn control_api_injects_faults_and_advances_the_clock() {
    let sandbox = checked(Sandbox::builder()).control(true).start().await.unwrap();
    let http = reqwest::Client::new();
    let control = |path: &str| format!("{}/sandbox/{path}", sandbox.authority());
    let send = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    let post = async |path: &str, body: serde_json::Value| send(http.post(control(path)).json(&body)).await;

    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    let fault = json!({"calls": "GET /products", "times": 2, "status": 503, "headers": {"Retry-After": "0"}});
    assert_eq!(post("faults", fault).await, 204);
    assert_eq!(client.list_products().send().await.unwrap().attempts(), 3);
    let lost = json!({"calls": "POST /products", "status": 504, "afterProcessing": true});
    assert_eq!(post("faults", lost).await, 204);
    let product = AzureProduct::application("lost", "Lost");
    let error = client.create_product(product).send().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.may_have_been_processed()), (504, true));
    assert_eq!(
        client.list_products().send().await.unwrap().into_inner().into_items().len(),
        1,
        "the call was processed"
    );
    assert_eq!(post("clock", json!({"advanceSeconds": 3600})).await, 204);
    assert_eq!(client.list_products().send().await.unwrap().attempts(), 2, "the token has expired");
    assert_eq!(post("faults", json!({"calls": "any", "connection": "drop-response", "times": 99})).await, 204);
    assert_eq!(send(http.delete(control("faults"))).await, 204);
    assert_eq!(send(http.delete(control("tokens"))).await, 204);
    let calls: serde_json::Value = http.get(control("calls")).send().await.unwrap().json().await.unwrap();
    let statuses: Vec<_> = calls.as_array().unwrap().iter().map(|call| call["status"].as_u64().unwrap()).collect();
    assert_eq!(
        statuses,
        [200, 503, 503, 200, 504, 200, 401, 200, 200],
        "the log includes token requests but no control requests"
    );

    for nonsense in [
        json!({}),
        json!({"calls": "GET /nothing", "status": 500}),
        json!({"calls": "any"}),
        json!({"calls": "any", "status": 99}),
        json!({"calls": "any", "status": 500, "connection": "drop-response"}),
        json!({"calls": "any", "status": 500, "unheard": 1}),
        json!({"calls": "any", "connection": "reset", "afterProcessing": true}),
        json!([]),
    ] {
        assert_eq!(post("faults", nonsense.clone()).await, 400, "{nonsense}");
    }
    assert_eq!(post("nothing", json!({})).await, 404);
    // The control API is disabled by default.
    let default = start_sandbox().await;
    assert_eq!(send(http.get(format!("{}/sandbox/calls", default.authority()))).await, 404);
}
