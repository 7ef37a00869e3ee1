//! Reproduces faults that users of the service reported: incidents, outcomes of submissions, shapes of error responses and
//! broken connections.

use futures_util::TryStreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, RetryPolicy, reqwest};
use partner_sandbox::{Calls, ErrorShape, Fault, Incident, SubmissionOutcome};
use partner_tests::test_env::{TestEnv, items};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn incident_next_link_not_found() {
    let env = TestEnv::start().await;
    for offer in ["a", "b", "c"] {
        env.product(offer).await;
    }
    let link = env.client.list_products().send().await.unwrap().into_inner().next_link.unwrap();
    let path = link.strip_prefix("v1.0/ingestion/").unwrap();
    env.send_json(reqwest::Method::GET, path, Value::Null, None).await.unwrap();
    env.sandbox.start_incident(Incident::NextLinkNotFound).unwrap();
    let error = env.send_json(reqwest::Method::GET, path, Value::Null, None).await.unwrap_err();
    assert!(error.is_not_found() && error.body_excerpt().is_none_or(str::is_empty), "{error}");
    let walk = env.client.list_products().stream();
    let error = walk.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.hint().unwrap_or_default().contains("not the whole list"), "{}", error.hint().unwrap_or_default());
    env.sandbox.stop_incident(Incident::NextLinkNotFound);
    env.send_json(reqwest::Method::GET, path, Value::Null, None).await.unwrap();
}

#[tokio::test]
async fn incident_list_refused_or_empty() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let by_type = || env.client.list_products().filter("resourceType eq 'AzureApplication'");
    env.sandbox.start_incident(Incident::ListRefused).unwrap();
    let error = env.client.list_products().send().await.unwrap_err();
    assert_eq!(error.service_code(), Some("ICH50400"));
    assert!(error.hint().unwrap_or_default().contains("filter by type"), "{}", error.hint().unwrap_or_default());
    assert_eq!(items(by_type().send()).await.len(), 1);
    env.sandbox.stop_incident(Incident::ListRefused);
    env.sandbox.start_incident(Incident::ListEmpty).unwrap();
    assert!(items(env.client.list_products().send()).await.is_empty());
    env.client.get_product(&product).send().await.unwrap();
}

#[tokio::test]
async fn incident_publisher_id_demanded() {
    let env = TestEnv::start().await;
    env.sandbox.start_incident(Incident::PublisherIdDemanded).unwrap();
    for call in [env.client.list_products(), env.client.list_products().header("x-ms-publisherId", "7")] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 400);
        assert!(error.field_errors().contains_key("x-ms-publisherId"), "{error:?}");
        assert!(error.hint().unwrap_or_default().contains("did not help"), "{}", error.hint().unwrap_or_default());
    }
}

/// Submits an offer with this outcome and returns the final submission.
async fn submitted(env: &TestEnv, offer: &str, outcome: SubmissionOutcome) -> (ProductId, Submission) {
    let product = env.product(offer).await;
    let draft = env.draft(&product, "Property", None).await;
    env.sandbox.set_next_outcome(outcome);
    let request = SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources([TypeValuePair::new("Property", draft.as_ref())]);
    let created = env.client.create_submission(&product, request).send().await.unwrap();
    let id = created.id.clone().unwrap();
    let settled = env.wait_until_settled(&product, &id).await;
    (product, settled)
}

#[tokio::test]
async fn incident_workflow_details_missing() {
    let env = TestEnv::start().await;
    env.sandbox.start_incident(Incident::WorkflowDetailsMissing).unwrap();
    let (product, submission) = submitted(&env, "app", SubmissionOutcome::Pass).await;
    let id = submission.id.unwrap();
    let details = || env.client.list_submission_workflows(&product, &id).send();
    assert!(details().await.unwrap_err().is_not_found());
    assert_eq!(details().await.unwrap().into_inner().value.unwrap().len(), 2);
}

#[tokio::test]
async fn incident_front_door_uploads() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let new = || CosellAsset::default().set_file_name("deck.pptx");
    let issued = async || {
        let asset = env.client.create_cosell_asset(&product, new()).send().await.unwrap().into_inner();
        asset.file_sas_uri.unwrap()
    };
    let host = |address: &Secret| {
        let url = reqwest::Url::parse(address.expose()).unwrap();
        (url.host_str().unwrap().to_owned(), url.port())
    };
    let store = issued().await;
    env.sandbox.start_incident(Incident::FrontDoorUploads).unwrap();
    let door = issued().await;
    assert_ne!(host(&store), host(&door));
    assert!(!env.sandbox.url().contains(&format!(":{}", host(&store).1.unwrap())), "the API has a third host");
    for address in [&store, &door] {
        env.client.upload(address, &b"deck"[..]).await.unwrap();
    }
    env.sandbox.stop_incident(Incident::FrontDoorUploads);
    assert_eq!(host(&store), host(&issued().await));
    // Blocks, combined by a block list.
    let http = reqwest::Client::new();
    let put = async |query: &str, body: &'static str| {
        let request = http.put(format!("{}&{query}", door.expose())).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(put("comp=block&blockid=QQ%3D%3D", "two ").await, 201);
    assert_eq!(put("comp=block&blockid=Qg%3D%3D", "blocks").await, 201);
    assert_eq!(put("comp=block&blockid=%3F", "bad").await, 400);
    let list = |id| format!("<BlockList><Latest>QQ==</Latest><Latest>{id}</Latest></BlockList>").leak() as &str;
    assert_eq!(put("comp=blocklist", list("Qw==")).await, 400);
    assert_eq!(put("comp=blocklist", list("Qg==")).await, 201);
    let read = http.get(door.expose()).send().await.unwrap().text().await.unwrap();
    assert_eq!(read, "two blocks");
}

#[tokio::test]
async fn submissions_have_the_outcome_set_by_the_test() {
    let env = TestEnv::start().await;
    let ends = [
        (
            SubmissionOutcome::Pass,
            SubmissionState::Published,
            SubmissionSubstate::ReadyToPublish,
            UpdateStatus::Completed,
        ),
        (
            SubmissionOutcome::FailCreation,
            SubmissionState::InProgress,
            SubmissionSubstate::InDraft,
            UpdateStatus::Failed,
        ),
        (SubmissionOutcome::Fail, SubmissionState::InProgress, SubmissionSubstate::Failed, UpdateStatus::Completed),
        (
            SubmissionOutcome::FailCertification,
            SubmissionState::InProgress,
            SubmissionSubstate::FailedInCertification,
            UpdateStatus::Completed,
        ),
    ];
    for (outcome, state, substate, status) in ends {
        let (product, submission) = submitted(&env, &format!("{outcome:?}"), outcome).await;
        let pending = submission.pending_update_info.as_ref().unwrap();
        let found = (submission.state.clone(), submission.substate.clone(), pending.status.clone());
        assert_eq!(found, (Some(state), Some(substate), Some(status)));
        let validations = env.client.list_submission_validations(&product, submission.id.as_ref().unwrap());
        let validations = items(validations.send()).await;
        assert_eq!(validations.is_empty(), outcome != SubmissionOutcome::FailCreation);
    }
    let (product, submission) = submitted(&env, "late", SubmissionOutcome::FailPromotion).await;
    let id = submission.id.unwrap();
    env.client.promote_submission(&product, &id).send().await.unwrap();
    let end = env.wait_until_settled(&product, &id).await;
    let pending = end.pending_update_info.unwrap();
    assert_eq!((pending.update_type, pending.status), (Some(UpdateType::Promote), Some(UpdateStatus::Failed)));
    assert!(pending.failure_reason.is_some());
}

#[tokio::test]
async fn parses_error_responses_of_seven_shapes() {
    let env = TestEnv::start().await;
    let list = Calls::of("GET", "/products");
    let shapes = [
        (ErrorShape::Coded, 403, Some("ICH50403"), true),
        (ErrorShape::Message, 403, None, true),
        (ErrorShape::Exception, 400, None, true),
        (ErrorShape::Empty, 404, None, false),
        (ErrorShape::Gateway, 400, None, true),
        (ErrorShape::Store, 400, Some("InvalidState"), true),
        (ErrorShape::Duplicate, 301, Some("ICH50301"), true),
    ];
    for (shape, status, code, message) in shapes {
        env.sandbox.fail(list.clone(), Fault::error(status, shape), 1);
        let error = env.client.list_products().send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status, "{shape:?}");
        assert_eq!(error.service_code(), code, "{shape:?}");
        assert_eq!(error.service_message().is_some(), message, "{shape:?}: {error:?}");
    }
}

#[tokio::test]
async fn connection_faults_apply_at_the_documented_point() {
    let env = TestEnv::start().await;
    let create = Calls::of("POST", "/products");
    let offers = async || items(env.client.list_products().send()).await.len();
    let send = |offer| {
        let call = env.client.create_product(AzureProduct::application(offer, offer));
        call.retry(RetryPolicy::none()).attempt_timeout(Duration::from_secs(2)).send()
    };
    env.sandbox.fail(create.clone(), Fault::reset(), 1);
    assert_eq!(send("reset").await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(offers().await, 0, "the call was not processed");
    env.sandbox.fail(create.clone(), Fault::drop_response(), 1);
    assert_eq!(send("cut").await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(offers().await, 1, "the call was processed");
    env.sandbox.fail(create.clone(), Fault::truncate_body(), 1);
    let torn = send("torn").await.unwrap_err();
    assert_eq!(torn.kind(), ErrorKind::Connection);
    env.sandbox.fail(create, Fault::stall(), 1);
    assert_eq!(send("stall").await.unwrap_err().kind(), ErrorKind::Timeout);
    let calls = env.sandbox.calls();
    let calls = calls.iter().filter(|call| call.operation.as_deref() == Some("POST /products"));
    let statuses: Vec<u16> = calls.map(|call| call.status).collect();
    assert_eq!(statuses, [0, 0, 201, 201], "0 if no response was sent");
}

#[tokio::test]
async fn rate_limit_rejects_only_calls_above_it() {
    let env = TestEnv::start().await;
    env.client.list_products().send().await.unwrap();
    env.sandbox.fail(Calls::any(), Fault::rate_limit(20), usize::MAX);
    let begun = Instant::now();
    let calls = (0..30).map(|_| env.client.list_products().retry(RetryPolicy::none()).send());
    let responses = futures_util::future::join_all(calls).await;
    let rejected: Vec<_> = responses.iter().filter_map(|response| response.as_ref().err()).collect();
    // A burst of twenty, and one more call for each 50 ms that passed.
    let more = begun.elapsed().as_millis() as usize / 50 + 1;
    assert!(
        (10 - more.min(10)..=10).contains(&rejected.len()),
        "{} rejected, {more} additional calls allowed",
        rejected.len()
    );
    for error in rejected {
        assert_eq!(error.status().unwrap().as_u16(), 429);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        assert_eq!(error.service_message(), Some("Rate limit is exceeded. Try again in 1 seconds."));
    }
    env.sandbox.advance(Duration::from_secs(1));
    env.client.list_products().send().await.unwrap();
    env.sandbox.clear_faults();
}

#[tokio::test]
async fn rejects_module_calls_for_offers_without_modules() {
    let env = TestEnv::start().await;
    let old = AzureProduct::application("old", "Old").set_is_modular_publishing(false);
    let product = env.client.create_product(old).send().await.unwrap().id.clone().unwrap();
    env.client.get_product(&product).send().await.unwrap();
    let error = env.client.list_branches(&product, "Listing").send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.service_message().unwrap().contains("not applicable for this product"));
}

#[tokio::test]
async fn call_log_contains_the_reason_of_each_rejection() {
    let env = TestEnv::start().await;
    let table = [
        ("nothing", Value::Null, None, "GET /nothing is not in the document"),
        ("products?more=1", Value::Null, Some("GET /products"), "more: the query parameter is not documented"),
        ("products", json!({"name": 7}), Some("POST /products"), "name: string is expected"),
        (
            "products",
            json!({"resourceType": "Teapot"}),
            Some("POST /products"),
            "resourceType: \"Teapot\" is not one of",
        ),
    ];
    for (path, body, operation, note) in table {
        let method = if body.is_null() { reqwest::Method::GET } else { reqwest::Method::POST };
        env.send_json(method, path, body, None).await.unwrap_err();
        let last = env.sandbox.calls().pop().unwrap();
        let reason = last.note.unwrap();
        assert_eq!(last.operation.as_deref(), operation);
        assert!(reason.starts_with(note), "{reason}");
    }
}

/// Status and body of the response, and a part of the expected hint.
#[tokio::test]
async fn frequent_errors_have_the_documented_hints() {
    let env = TestEnv::start().await;
    let get = Calls::of("GET", "/products/{productID}");
    let coded = |code: u32, field: &str| {
        let detail = json!({"faultCode": code, "data": {field: ["no"]}});
        json!(format!("ICH{code}-Not valid. {detail}")).to_string()
    };
    let table = [
        (401, String::new(), "Manager role"),
        (404, String::new(), "Manager role"),
        (404, json!("The product does not exist.").to_string(), "not the offer id"),
        (403, json!("Not applicable for this product").to_string(), "modular publishing"),
        (409, String::new(), "Read the resource again"),
        (412, String::new(), "Read the resource again"),
        (429, String::new(), "fewer requests at a time"),
        (400, coded(50_400, "name"), "Correct the fields"),
        (400, json!("ICH50400-Not valid.").to_string(), "with the response of a GET"),
        (502, "<html>Bad gateway</html>".to_owned(), "proxy"),
        (500, json!("An error").to_string(), "request id"),
    ];
    for (status, body, expected) in table {
        let fault = Fault::status(status).body(body).header("retry-after", "0");
        env.sandbox.fail(get.clone(), fault, 9);
        let call = env.client.get_product("p").retry(RetryPolicy::none());
        let error = call.send().await.unwrap_err();
        assert!(error.hint().unwrap_or_default().contains(expected), "{status}: {}", error.hint().unwrap_or_default());
        env.sandbox.clear_faults();
    }
    let product = env.product("reseller").await;
    let reseller = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    env.client.set_reseller_configuration(&product, reseller).send().await.unwrap();
    let draft = env.draft(&product, "Property", None).await;
    let request = SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources([TypeValuePair::new("Property", draft.as_ref())]);
    let created = env.client.create_submission(&product, request).send().await.unwrap();
    let resumed =
        env.client.resume(&product, &*created).poll_interval(Duration::from_millis(10), Duration::from_millis(10));
    let error = resumed.send().await.unwrap_err();
    assert!(
        error.hint().unwrap_or_default().contains("reseller configuration"),
        "{}",
        error.hint().unwrap_or_default()
    );
}
