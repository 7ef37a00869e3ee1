//! Faults of the service that users reported, reproduced: incidents by name, the ends of submissions, the shapes of
//! refusals, connections that break.

use futures_util::TryStreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, RetryPolicy, reqwest};
use partner_sandbox::{Calls, ErrorShape, Fault, Incident, SubmissionOutcome};
use partner_tests::stage::{Stage, items};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_next_link_is_not_found() {
    let stage = Stage::open().await;
    for offer in ["a", "b", "c"] {
        stage.product(offer).await;
    }
    let link = stage.client.list_products().send().await.unwrap().into_inner().next_link.unwrap();
    let path = link.strip_prefix("v1.0/ingestion/").unwrap();
    stage.raw(reqwest::Method::GET, path, Value::Null, None).await.unwrap();
    stage.sandbox.start_incident(Incident::NextLinkNotFound).unwrap();
    let error = stage.raw(reqwest::Method::GET, path, Value::Null, None).await.unwrap_err();
    assert!(error.is_not_found() && error.body_excerpt().is_none_or(str::is_empty), "{error}");
    let walk = stage.client.list_products().stream();
    let error = walk.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.hint().unwrap_or_default().contains("not the whole list"), "{}", error.hint().unwrap_or_default());
    stage.sandbox.stop_incident(Incident::NextLinkNotFound);
    stage.raw(reqwest::Method::GET, path, Value::Null, None).await.unwrap();
}

#[tokio::test]
async fn the_list_is_refused_or_empty() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let by_type = || stage.client.list_products().filter("resourceType eq 'AzureApplication'");
    stage.sandbox.start_incident(Incident::ListRefused).unwrap();
    let error = stage.client.list_products().send().await.unwrap_err();
    assert_eq!(error.service_code(), Some("ICH50400"));
    assert!(error.hint().unwrap_or_default().contains("filter by type"), "{}", error.hint().unwrap_or_default());
    assert_eq!(items(by_type().send()).await.len(), 1);
    stage.sandbox.stop_incident(Incident::ListRefused);
    stage.sandbox.start_incident(Incident::ListEmpty).unwrap();
    assert!(items(stage.client.list_products().send()).await.is_empty());
    stage.client.get_product(&product).send().await.unwrap();
}

#[tokio::test]
async fn a_header_is_demanded_that_does_not_help() {
    let stage = Stage::open().await;
    stage.sandbox.start_incident(Incident::PublisherIdDemanded).unwrap();
    for call in [stage.client.list_products(), stage.client.list_products().header("x-ms-publisherId", "7")] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 400);
        assert!(error.field_errors().contains_key("x-ms-publisherId"), "{error:?}");
        assert!(error.hint().unwrap_or_default().contains("did not help"), "{}", error.hint().unwrap_or_default());
    }
}

/// A submission that the sandbox decides about, and where it ends.
async fn submitted(stage: &Stage, offer: &str, verdict: SubmissionOutcome) -> (ProductId, Submission) {
    let product = stage.product(offer).await;
    let draft = stage.draft(&product, "Property", None).await;
    stage.sandbox.set_next_outcome(verdict);
    let request = SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources([TypeValuePair::new("Property", draft.as_ref())]);
    let created = stage.client.create_submission(&product, request).send().await.unwrap();
    let id = created.id.clone().unwrap();
    let settled = stage.settled(&product, &id).await;
    (product, settled)
}

#[tokio::test]
async fn workflow_details_are_missing_once() {
    let stage = Stage::open().await;
    stage.sandbox.start_incident(Incident::WorkflowDetailsMissing).unwrap();
    let (product, submission) = submitted(&stage, "app", SubmissionOutcome::Pass).await;
    let id = submission.id.unwrap();
    let details = || stage.client.list_submission_workflows(&product, &id).send();
    assert!(details().await.unwrap_err().is_not_found());
    assert_eq!(details().await.unwrap().into_inner().value.unwrap().len(), 2);
}

#[tokio::test]
async fn uploads_go_through_another_host() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let new = || CosellAsset::default().set_file_name("deck.pptx");
    let issued = async || {
        let asset = stage.client.create_cosell_asset(&product, new()).send().await.unwrap().into_inner();
        asset.file_sas_uri.unwrap()
    };
    let host = |address: &Secret| {
        let url = reqwest::Url::parse(address.expose()).unwrap();
        (url.host_str().unwrap().to_owned(), url.port())
    };
    let store = issued().await;
    stage.sandbox.start_incident(Incident::FrontDoorUploads).unwrap();
    let door = issued().await;
    assert_ne!(host(&store), host(&door));
    assert!(!stage.sandbox.url().contains(&format!(":{}", host(&store).1.unwrap())), "the service's own is a third");
    for address in [&store, &door] {
        stage.client.upload(address, &b"deck"[..]).await.unwrap();
    }
    stage.sandbox.stop_incident(Incident::FrontDoorUploads);
    assert_eq!(host(&store), host(&issued().await));
    // Blocks, put together by a list.
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
async fn submissions_end_as_the_test_decides() {
    let stage = Stage::open().await;
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
    for (verdict, state, substate, status) in ends {
        let (product, submission) = submitted(&stage, &format!("{verdict:?}"), verdict).await;
        let pending = submission.pending_update_info.as_ref().unwrap();
        let found = (submission.state.clone(), submission.substate.clone(), pending.status.clone());
        assert_eq!(found, (Some(state), Some(substate), Some(status)));
        let validations = stage.client.list_submission_validations(&product, submission.id.as_ref().unwrap());
        let validations = items(validations.send()).await;
        assert_eq!(validations.is_empty(), verdict != SubmissionOutcome::FailCreation);
    }
    let (product, submission) = submitted(&stage, "late", SubmissionOutcome::FailPromotion).await;
    let id = submission.id.unwrap();
    stage.client.promote_submission(&product, &id).send().await.unwrap();
    let end = stage.settled(&product, &id).await;
    let pending = end.pending_update_info.unwrap();
    assert_eq!((pending.update_type, pending.status), (Some(UpdateType::Promote), Some(UpdateStatus::Failed)));
    assert!(pending.failure_reason.is_some());
}

#[tokio::test]
async fn refusals_in_seven_shapes() {
    let stage = Stage::open().await;
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
        stage.sandbox.fail(list.clone(), Fault::error(status, shape), 1);
        let error = stage.client.list_products().send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status, "{shape:?}");
        assert_eq!(error.service_code(), code, "{shape:?}");
        assert_eq!(error.service_message().is_some(), message, "{shape:?}: {error:?}");
    }
}

#[tokio::test]
async fn connections_break_where_they_are_told_to() {
    let stage = Stage::open().await;
    let create = Calls::of("POST", "/products");
    let offers = async || items(stage.client.list_products().send()).await.len();
    let send = |offer| {
        let call = stage.client.create_product(AzureProduct::application(offer, offer));
        call.retry(RetryPolicy::none()).attempt_timeout(Duration::from_secs(2)).send()
    };
    stage.sandbox.fail(create.clone(), Fault::reset(), 1);
    assert_eq!(send("reset").await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(offers().await, 0, "it was not carried out");
    stage.sandbox.fail(create.clone(), Fault::drop_response(), 1);
    assert_eq!(send("cut").await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(offers().await, 1, "it was carried out");
    stage.sandbox.fail(create.clone(), Fault::truncate_body(), 1);
    let torn = send("torn").await.unwrap_err();
    assert_eq!(torn.kind(), ErrorKind::Connection);
    stage.sandbox.fail(create, Fault::stall(), 1);
    assert_eq!(send("stall").await.unwrap_err().kind(), ErrorKind::Timeout);
    let calls = stage.sandbox.calls();
    let calls = calls.iter().filter(|call| call.operation.as_deref() == Some("POST /products"));
    let statuses: Vec<u16> = calls.map(|call| call.status).collect();
    assert_eq!(statuses, [0, 0, 201, 201], "no status where no answer went out");
}

#[tokio::test]
async fn a_rate_is_kept() {
    let stage = Stage::open().await;
    stage.client.list_products().send().await.unwrap();
    stage.sandbox.fail(Calls::any(), Fault::rate_limit(20), usize::MAX);
    let begun = Instant::now();
    let calls = (0..30).map(|_| stage.client.list_products().retry(RetryPolicy::none()).send());
    let answers = futures_util::future::join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    // Twenty at once, and one more for every twentieth of a second that they took.
    let more = begun.elapsed().as_millis() as usize / 50 + 1;
    assert!((10 - more.min(10)..=10).contains(&refused.len()), "{} refused, {more} more", refused.len());
    for error in refused {
        assert_eq!(error.status().unwrap().as_u16(), 429);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        assert_eq!(error.service_message(), Some("Rate limit is exceeded. Try again in 1 seconds."));
    }
    stage.sandbox.advance(Duration::from_secs(1));
    stage.client.list_products().send().await.unwrap();
    stage.sandbox.clear_faults();
}

#[tokio::test]
async fn what_is_no_module_of_an_old_offer() {
    let stage = Stage::open().await;
    let old = AzureProduct::application("old", "Old").set_is_modular_publishing(false);
    let product = stage.client.create_product(old).send().await.unwrap().id.clone().unwrap();
    stage.client.get_product(&product).send().await.unwrap();
    let error = stage.client.list_branches(&product, "Listing").send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.service_message().unwrap().contains("not applicable for this product"));
}

#[tokio::test]
async fn the_log_says_why_something_was_refused() {
    let stage = Stage::open().await;
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
        stage.raw(method, path, body, None).await.unwrap_err();
        let last = stage.sandbox.calls().pop().unwrap();
        let why = last.note.unwrap();
        assert_eq!(last.operation.as_deref(), operation);
        assert!(why.starts_with(note), "{why}");
    }
}

/// The next step for what people meet most: status and body of the answer, and what the hint has to name.
#[tokio::test]
async fn hints() {
    let stage = Stage::open().await;
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
        stage.sandbox.fail(get.clone(), fault, 9);
        let call = stage.client.get_product("p").retry(RetryPolicy::none());
        let error = call.send().await.unwrap_err();
        assert!(error.hint().unwrap_or_default().contains(expected), "{status}: {}", error.hint().unwrap_or_default());
        stage.sandbox.clear_faults();
    }
    let product = stage.product("reseller").await;
    let reseller = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    stage.client.set_reseller_configuration(&product, reseller).send().await.unwrap();
    let draft = stage.draft(&product, "Property", None).await;
    let request = SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources([TypeValuePair::new("Property", draft.as_ref())]);
    let created = stage.client.create_submission(&product, request).send().await.unwrap();
    let resumed =
        stage.client.resume(&product, &*created).poll_interval(Duration::from_millis(10), Duration::from_millis(10));
    let error = resumed.send().await.unwrap_err();
    assert!(
        error.hint().unwrap_or_default().contains("reseller configuration"),
        "{}",
        error.hint().unwrap_or_default()
    );
}
