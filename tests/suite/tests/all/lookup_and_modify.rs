//! Lookups by offer id and plan id, `ensure_*`, drafts, and `modify` with concurrent changes.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, Filter, RetryPolicy};
use partner_sandbox::{Calls, Fault, Incident, Sandbox};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, checked, client_builder, items, token_source};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const CREATE: &str = "/products";
const PLANS: &str = "/products/{productID}/variants";

#[tokio::test]
async fn looks_up_products_and_plans() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let missing = client.product_by_offer_id("o'neil").await.unwrap_err();
    assert_eq!((missing.kind(), missing.is_not_found(), missing.status()), (ErrorKind::NotFound, true, None));
    assert!(missing.to_string().contains("no product has the offer id \"o'neil\""), "{missing}");
    assert!(missing.hint().unwrap_or_default().contains("GUID"), "{}", missing.hint().unwrap_or_default());
    let product = env.product("o'neil").await;
    env.product("other").await;
    let found = client.product_by_offer_id("o'neil").await.unwrap();
    assert_eq!((found.id.as_ref(), found.offer_id()), (Some(&product), Some("o'neil")));
    // The lookup works while lists without a filter are rejected or empty.
    for incident in [Incident::ListRefused, Incident::ListEmpty] {
        env.sandbox.start_incident(incident).unwrap();
        client.product_by_offer_id("o'neil").await.unwrap();
        env.sandbox.stop_incident(incident);
    }
    assert_eq!(client.variant_by_plan_id(&found, "standard").await.unwrap_err().kind(), ErrorKind::NotFound);
    let plan = env.variant(&product).await;
    assert_eq!(client.variant_by_plan_id(&found, "standard").await.unwrap().id, Some(plan));
    let applications = client.list_products().filter(Filter::resource_type("AzureApplication"));
    assert_eq!(items(applications.send()).await.len(), 2);
}

#[tokio::test]
async fn a_modified_availability_is_returned_with_its_prices() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    let draft = env.client.feature_availability_draft(&product, &plan);
    let id = draft.get().await.unwrap().id.clone().unwrap();
    let market = || MarketState::default().set_market_code("US").set_state("Enabled");
    let change = |availability: FeatureAvailability| availability.set_market_states([market()]);
    let changed = env.client.modify_feature_availability(&product, &id, change).await.unwrap();
    // Written back unchanged, a response without the markets would remove them.
    assert_eq!(changed.market_states.as_deref().map(<[_]>::len), Some(1));
    let changed = draft.modify(|a| a.set_visibility(Visibility::Private)).await.unwrap();
    assert_eq!(changed.market_states.as_deref().map(<[_]>::len), Some(1));
    let calls = env.sandbox.calls();
    let puts: Vec<_> = calls.iter().filter(|call| call.method == "PUT" && call.path.contains("featureavail")).collect();
    assert!(puts.len() == 2 && puts.iter().all(|put| put.path.contains("PriceSchedules")), "{puts:?}");
}

#[tokio::test]
async fn lookup_with_two_matches_is_ambiguous() {
    let twins = json!({"value": [
        {"id": "1", "externalIDs": [{"type": "AzureOfferId", "value": "twin"}]},
        {"id": "2", "externalIDs": [{"type": "AzureOfferId", "value": "TWIN"}]},
    ]});
    let server = MockServer::with_responses(vec![CannedResponse::new(200, twins.to_string())]).await;
    let error = server.client().product_by_offer_id("twin").await.unwrap_err();
    assert_eq!((error.kind(), error.is_not_found()), (ErrorKind::Ambiguous, false));
    assert!(error.hint().unwrap_or_default().contains("GUID"), "{:?}", error.hint());
    assert!(error.to_string().contains("2 products have the offer id \"twin\""), "{error}");
}

#[tokio::test]
async fn ensure_returns_existing_resources_unchanged() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let offer = || AzureProduct::application("app", "App");
    let first = client.ensure_product(offer()).await.unwrap();
    let again = client.ensure_product(offer().set_name("Another name")).await.unwrap();
    assert_eq!((first.id.as_ref(), again.name.as_deref()), (again.id.as_ref(), Some("App")));
    let plan = || AzureSkuVariant::managed_app("standard", "Standard");
    let first = client.ensure_variant(&again, plan()).await.unwrap();
    let second = client.ensure_variant(&again, plan()).await.unwrap();
    assert_eq!(first.id, second.id);
    let nameless = client.ensure_product(AzureProduct::default()).await.unwrap_err();
    assert_eq!(nameless.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        client.ensure_variant(&again, AzureSkuVariant::default()).await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

/// If the response of a POST is lost, the resource is looked up instead of created again.
#[tokio::test]
async fn ensure_creates_once_if_the_response_is_lost() {
    let env = TestEnv::start().await;
    for (fault, name) in [(Fault::drop_response(), "cut"), (Fault::truncate_body(), "torn")] {
        let before = posts(&env);
        env.sandbox.fail(Calls::of("POST", CREATE), fault.clone(), 1);
        let product = env.client.ensure_product(AzureProduct::application(name, name)).await.unwrap();
        assert_eq!(posts(&env), before + 1, "{name}");
        env.sandbox.fail(Calls::of("POST", PLANS), fault, 1);
        let plan = AzureSkuVariant::managed_app("standard", "Standard");
        env.client.ensure_variant(&product, plan).await.unwrap();
        assert_eq!(items(env.client.list_variants(&product).send()).await.len(), 1);
    }
    // After a 400 response, nothing is searched for.
    env.sandbox.fail(Calls::of("POST", CREATE), Fault::status(400), 1);
    env.client.ensure_product(AzureProduct::application("failed", "failed")).await.unwrap_err();
}

fn posts(env: &TestEnv) -> usize {
    let calls = env.sandbox.calls();
    calls.iter().filter(|call| call.operation.as_deref() == Some("POST /products")).count()
}

#[tokio::test]
async fn reads_and_modifies_the_draft_of_every_module() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    // The branches of the plan do not exist yet. Each draft waits for its branch.
    let listing = client.listing_draft(&product).plan(&plan);
    let changed = listing.modify(|listing| listing.set_title("Plan")).await.unwrap();
    assert_eq!(changed.title.as_deref(), Some("Plan"));
    assert_eq!(client.listing_draft(&product).get().await.unwrap().title, None, "the offer has another listing");
    let property = client.property_draft(&product).modify(|p| p.set_app_version("2")).await.unwrap();
    assert_eq!(property.app_version.as_deref(), Some("2"));
    let availability = client.product_availability_draft(&product);
    availability.modify(|a| a.set_visibility("Private")).await.unwrap();
    let cosell = client.cosell_listing_draft(&product).modify(|c| c.set_offer_type("Solution")).await.unwrap();
    assert_eq!(cosell.offer_type.as_deref(), Some("Solution"));
    let supplement = client.supplemental_content_draft(&product);
    supplement.modify(|s| s.set_target_release("2027")).await.unwrap();
    client.offer_package_configuration_draft(&product).get().await.unwrap();
    let package = client.package_configuration_draft(&product, &plan).get().await.unwrap();
    assert!(package.as_azure_solution_template().is_some());
}

/// A GET omits these fields unless `$expand` names them; `modify` must not delete them.
#[tokio::test]
async fn modify_keeps_the_prices_of_an_availability() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    let draft = env.client.feature_availability_draft(&product, &plan);
    let market = MarketState::default().set_market_code("US").set_state(MarketSaleState::Enabled);
    let prices = PriceScheduleInfo::default().set_friendly_name("base").set_market_codes(["US"]);
    let full = draft.modify(|a| a.set_market_states([market.clone()]).set_price_schedules([prices.clone()]));
    full.await.unwrap();
    draft.modify(|a| a.set_visibility(Visibility::Private)).await.unwrap();
    let after = draft.get().await.unwrap().into_inner();
    assert_eq!(after.market_states, Some(vec![market]));
    assert_eq!((after.price_schedules, after.visibility), (Some(vec![prices]), Some(Visibility::Private)));
}

#[tokio::test]
async fn error_names_the_missing_branch() {
    let hour = Duration::from_secs(3600);
    let sandbox = checked(Sandbox::builder()).processing_delay(hour).start().await.unwrap();
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    let product = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
    let plan = client.ensure_variant(&product, AzureSkuVariant::managed_app("standard", "Standard")).await.unwrap();
    let (product, plan) = (product.id.clone().unwrap(), plan.id.clone().unwrap());
    let draft = client.package_configuration_draft(&product, &plan).branch_wait(Duration::from_millis(300));
    let error = draft.get().await.unwrap_err();
    assert_eq!((error.kind(), error.is_not_found()), (ErrorKind::NotFound, true));
    let expected = format!("module Package of product {product}, plan {plan} has no branch");
    assert_eq!(error.to_string(), expected);
    assert!(error.hint().unwrap_or_default().contains("seconds"), "{}", error.hint().unwrap_or_default());
    let error = client.publish(&product).branch_wait(Duration::from_millis(300)).dry_run().await.unwrap_err();
    assert_eq!(error.to_string(), format!("module Availability of product {product}, plan standard has no branch"));
    let nowhere = client.listing_draft("nothing").get().await.unwrap_err();
    assert!(nowhere.is_not_found());
}

/// Fifty writers add one keyword each to the same listing. The listing contains all of them at the end, and its other fields are
/// unchanged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_writers_lose_no_change() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let listing = env.client.listing_draft(&product);
    let unknown = |mut listing: AzureListing| {
        listing.extra.insert("unknownField".to_owned(), json!({"deep": [1, 2.5, null]}));
        listing.set_title("Contoso").set_keywords::<[String; 0]>([])
    };
    let before = listing.modify(unknown).await.unwrap().into_inner();
    let writers = (0..50).map(|number| {
        let listing = listing.clone();
        tokio::spawn(async move {
            let add = move |listing: AzureListing| {
                let mut keywords = listing.keywords.clone().unwrap_or_default();
                keywords.push(format!("word-{number}"));
                listing.set_keywords(keywords)
            };
            listing.modify(add).await.map(drop)
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
    let after = listing.get().await.unwrap().into_inner();
    let words: BTreeSet<String> = after.keywords.clone().unwrap().into_iter().collect();
    assert_eq!((words.len(), after.keywords.as_ref().unwrap().len()), (50, 50));
    let untouched = |listing: &AzureListing| listing.clone().set_keywords::<[String; 0]>([]).set_etag("");
    assert_eq!(untouched(&after), untouched(&before));
}

/// A PUT was processed and its response was lost: the retry conflicts with the first PUT, and the change is not made twice.
#[tokio::test]
async fn modify_recognizes_its_own_write_after_a_lost_response() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let put = Calls::of("PUT", "/products/{productID}/listings/{listingID}");
    env.sandbox.fail(put, Fault::drop_response(), 1);
    let add = |listing: AzureListing| {
        let mut keywords = listing.keywords.clone().unwrap_or_default();
        keywords.push("once".to_owned());
        listing.set_keywords(keywords)
    };
    let changed = env.client.listing_draft(&product).modify(add).await.unwrap();
    assert_eq!(changed.keywords, Some(vec!["once".to_owned()]));
}

#[tokio::test]
async fn modify_by_id_retries_conflicts_and_returns_other_errors() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    let renamed = env.client.modify_variant(&product, &plan, |variant| match variant {
        Variant::AzureSku(plan) => Variant::AzureSku(plan.set_friendly_name("Renamed")),
        other => other,
    });
    assert_eq!(renamed.await.unwrap().as_azure_sku().unwrap().friendly_name.as_deref(), Some("Renamed"));
    let put = Calls::of("PUT", "/products/{productID}/variants/{variantID}");
    env.sandbox.fail(put.clone(), Fault::status(403), 1);
    let rename = |variant: Variant| variant.set_friendly_name("Renamed again");
    let error = env.client.modify_variant(&product, &plan, rename).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    // `modify` reads and writes again after a conflict even if the client does not retry.
    let client = client_builder().base_url(env.sandbox.url()).token_provider(token_source(&env.sandbox));
    let client = client.retry(RetryPolicy::none()).build().unwrap();
    env.sandbox.fail(put, Fault::status(412), 1);
    client.modify_variant(&product, &plan, rename).await.unwrap();
}
