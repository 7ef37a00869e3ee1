//! Lookups and `ensure_*`: what they return, and when a second resource must not be created.

use futures_util::TryStreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, Page};
use partner_sandbox::{Incident, Sandbox};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, checked, items};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const GUID: &str = "11111111-2222-3333-4444-555555555555";

fn product(id: &str) -> Value {
    json!({
        "resourceType": "AzureApplication", "id": id, "name": "App",
        "externalIDs": [{"type": "AzureOfferId", "value": "app"}],
    })
}

fn application() -> AzureProduct {
    AzureProduct::application("app", "App")
}

#[tokio::test]
async fn lookups_and_ensure_return_responses() {
    let env = TestEnv::start().await;
    let created = env.client.ensure_product(application()).await.unwrap();
    let existing = env.client.ensure_product(application()).await.unwrap();
    let found = env.client.product_by_offer_id("app").await.unwrap();
    assert_eq!([&created, &existing, &found].map(|response| response.status().as_u16()), [201, 200, 200]);
    assert!(created.location().is_some() && [&created, &existing, &found].iter().all(|r| r.request_id().is_some()));
    assert_eq!(found.to_string(), "app (AzureApplication): App");
    let plan = AzureSkuVariant::plan("standard", "Standard");
    let created = env.client.ensure_variant(&found, &plan).await.unwrap();
    let existing = env.client.ensure_variant(&found, &plan).await.unwrap();
    assert_eq!([&created, &existing].map(|response| response.status().as_u16()), [201, 200]);
    let mut pages = env.client.list_products().pages();
    let page = pages.try_next().await.unwrap().unwrap();
    assert!(page.request_id().is_some() && page.items().len() == 1);
}

#[tokio::test]
async fn offer_ids_and_plan_ids_are_compared_without_case() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    let same = env.client.ensure_variant(&product, AzureSkuVariant::plan("Standard", "Other")).await.unwrap();
    assert_eq!(same.id.as_ref(), Some(&plan));
    assert_eq!(env.client.variant_by_plan_id(&product, "STANDARD").await.unwrap().id, Some(plan));
}

/// What is published are the plans of the list.
#[tokio::test]
async fn ensure_variant_waits_until_the_list_shows_the_new_plan() {
    let sandbox = checked(Sandbox::builder()).processing_delay(Duration::from_millis(300));
    let env = TestEnv::with_builder(sandbox).await;
    let product = env.product("app").await;
    env.sandbox.start_incident(Incident::LateResources).unwrap();
    let plan = env.client.ensure_variant(&product, AzureSkuVariant::plan("standard", "Standard")).await.unwrap();
    assert_eq!(plan.status().as_u16(), 201);
    assert_eq!(items(env.client.list_variants(&product).send()).await.len(), 1);
}

/// The offer is in no list, and the error of its creation names it.
#[tokio::test]
async fn ensure_product_returns_the_offer_that_the_error_of_the_creation_names() {
    let server = MockServer::start(|request, _| match (request.method.as_str(), request.path()) {
        ("POST", _) => CannedResponse::new(409, json!(format!("The offer id is used by {GUID}.")).to_string()),
        ("GET", path) if path.ends_with(GUID) => CannedResponse::new(200, product(GUID).to_string()),
        _ => CannedResponse::new(200, json!({"value": []}).to_string()),
    })
    .await;
    let found = server.client().ensure_product(application()).await.unwrap();
    assert_eq!(found.id.as_ref().map(ProductId::as_str), Some(GUID));
    assert_eq!(server.requests().iter().filter(|request| request.method == "POST").count(), 1);
}

/// The list of all offers is empty, but a list by type is not: an offer may exist although no list has it.
#[tokio::test]
async fn ensure_product_creates_nothing_while_the_lists_contradict_each_other() {
    let env = TestEnv::start().await;
    env.product("other").await;
    env.sandbox.start_incident(Incident::ListEmpty).unwrap();
    let error = env.client.ensure_product(application()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IncompleteList);
    assert!(error.to_string().contains("the lists contradict each other"), "{error}");
    assert!(error.hint().unwrap().contains("GUID"), "{:?}", error.hint());
    let posts = |env: &TestEnv| {
        let calls = env.sandbox.calls();
        calls.iter().filter(|call| call.operation.as_deref() == Some("POST /products")).count()
    };
    assert_eq!(posts(&env), 1, "only the other offer was created");
    // An existing offer is found by its filter.
    env.client.ensure_product(AzureProduct::application("other", "Other")).await.unwrap();
    env.sandbox.stop_incident(Incident::ListEmpty);
    env.client.ensure_product(application()).await.unwrap();
}

/// The list by offer id is empty, but the list by type has the offer.
#[tokio::test]
async fn ensure_product_finds_an_offer_by_its_type() {
    let server = MockServer::start(|request, _| {
        let items = if request.query().contains("resourceType") { json!([product("1")]) } else { json!([]) };
        CannedResponse::new(200, json!({"value": items}).to_string())
    })
    .await;
    let found = server.client().ensure_product(application()).await.unwrap();
    assert_eq!(found.id.as_ref().map(ProductId::as_str), Some("1"));
}

#[tokio::test]
async fn ensure_product_trusts_filters_while_lists_without_one_are_refused() {
    let env = TestEnv::start().await;
    env.product("other").await;
    env.sandbox.start_incident(Incident::ListRefused).unwrap();
    let created = env.client.ensure_product(application()).await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
}

/// A page may be empty and still have a link to the next one.
#[tokio::test]
async fn an_empty_first_page_does_not_hide_a_draft() {
    let server = MockServer::start(|request, _| {
        let body = match request.path() {
            path if path.contains("getByModule") => json!({"value": [{
                "resourceType": "Branch", "friendlyName": "Main", "type": "Main", "module": "Listing", "currentDraftInstanceID": "7",
            }]}),
            path if path.contains("instanceID=7") => json!({"value": [], "nextLink": path.replace("instanceID=7", "instanceID=8")}),
            _ => json!({"value": [{"resourceType": "AzureListing", "id": "1", "title": "T"}]}),
        };
        CannedResponse::new(200, body.to_string())
    })
    .await;
    let draft = server.client().listing_draft("p").branch_wait(Duration::ZERO).get().await.unwrap();
    assert_eq!(draft.title.as_deref(), Some("T"));
}

#[tokio::test]
async fn modify_without_a_change_sends_no_put() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let draft = env.client.listing_draft(&product);
    let before = draft.modify(|listing| listing.set_title("Contoso")).await.unwrap();
    let same = draft.modify(|listing| listing.set_title("Contoso")).await.unwrap();
    assert_eq!((same.title.as_deref(), same.etag()), (Some("Contoso"), None), "the response of the GET");
    assert_eq!(draft.get().await.unwrap().etag, before.etag);
    let product_id = product.clone();
    env.client.modify_listing(&product_id, &*same, |listing| listing).await.unwrap();
    assert_eq!(env.sandbox.calls().iter().filter(|call| call.method == "PUT").count(), 1);
}

/// The product was created, but the response has no body, or another one than a product.
#[tokio::test]
async fn ensure_searches_after_a_success_that_cannot_be_decoded() {
    for body in ["", "<html>", "[]"] {
        let created = AtomicBool::new(false);
        let server = MockServer::start(move |request, _| {
            if request.method == "POST" {
                created.store(true, Ordering::Relaxed);
                return CannedResponse::new(201, body).violates_contract();
            }
            let items = if created.load(Ordering::Relaxed) { json!([product("1")]) } else { json!([]) };
            CannedResponse::new(200, json!({"value": items}).to_string())
        })
        .await;
        let found = server.client().ensure_product(application()).await.unwrap();
        assert_eq!((found.id.as_ref().map(ProductId::as_str), found.status().as_u16()), (Some("1"), 200));
    }
}
