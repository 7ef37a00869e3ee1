//! Steps 9 to 12: the plan and its package.

use super::{ARCHIVE, assert_rejected, module};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_tests::test_env::TestEnv;
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn step_09_plan() {
    let env = TestEnv::with_processing_delay(MINUTE).await;
    let product = env.product("app").await;
    let nameless = AzureSkuVariant::default().set_friendly_name("Standard");
    assert_rejected(&env.client.create_variant(&product, nameless).send().await.unwrap_err(), "ExternalID");
    let error = env
        .send_json(Method::POST, &format!("products/{product}/variants"), json!({"resourceType": "Teapot"}), None)
        .await;
    assert_rejected(&error.unwrap_err(), "resourceType");

    // The service ignores the case of names and adds default fields.
    let body = json!({"resourceType": "AzureSkuVariant", "FriendlyName": "A", "ExternalID": "a", "SubType": "managed-application"});
    let plan = env.send_json(Method::POST, &format!("products/{product}/variants"), body.clone(), None).await.unwrap();
    assert_eq!((plan["subType"].as_str(), plan["conversionPaths"].as_str()), (Some("managed-application"), Some("*")));
    assert_eq!((&plan["extendedProperties"], &plan["state"]), (&json!([]), &json!("Active")));
    let again = env.send_json(Method::POST, &format!("products/{product}/variants"), body, None).await.unwrap_err();
    assert!(again.is_conflict());

    let variant = env.variant(&product).await;
    let read = env.client.get_variant(&product, &variant).send().await.unwrap().into_inner();
    assert_eq!(read.as_azure_sku().unwrap().sub_type, Some(VariantSubType::SolutionTemplate));
    let replace = || env.client.replace_variant(&product, &variant, &read);
    assert!(replace().if_match("\"stale\"").send().await.unwrap_err().is_conflict());
    replace().send().await.unwrap();
    let branches = env.client.list_branches(&product, "Listing").send().await.unwrap().into_inner();
    let visible = branches.value.unwrap().iter().any(|branch| branch.variant_id.as_ref() == Some(&variant));
    env.sandbox.advance(MINUTE);
    env.draft(&product, "Listing", Some(&variant)).await;
    assert!(!visible, "branches of a new plan appear later");
}

#[tokio::test]
async fn step_10_plan_listing() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    module(&env, &product, "Listing", Some(&plan), "listings", "description").await;
}

#[tokio::test]
async fn step_11_plan_availability() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    module(&env, &product, "Availability", Some(&plan), "featureavailabilities", "marketStates").await;
    let draft = env.draft(&product, "Availability", Some(&plan)).await;
    let found = env.client.find_feature_availabilities(&product, &draft).expand("MarketStates").send().await.unwrap();
    let availability = found.value.as_ref().unwrap()[0].clone();
    let id = availability.id.clone().unwrap();
    let price = Price::default().set_open_price("9.990".parse::<Decimal>().unwrap()).set_currency_code("USD");
    let prices = PriceScheduleInfo::default().set_schedules([PriceSchedule::default().set_retail_price(price)]);
    let changed = availability.set_price_schedules([prices]);
    let changed = env
        .client
        .replace_feature_availability(&product, &id, changed)
        .expand("PriceSchedules")
        .send()
        .await
        .unwrap()
        .into_inner();
    let schedules = changed.price_schedules.unwrap().remove(0).schedules.unwrap();
    assert_eq!(schedules[0].retail_price.as_ref().unwrap().open_price.as_ref().unwrap().to_f64(), 9.99);
}

#[tokio::test]
async fn step_12_package() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    module(&env, &product, "Package", Some(&plan), "packageconfigurations", "version").await;
    assert_eq!(env.package(&product, b"not an archive").await.1, UploadState::ProcessFailed);
    let (package, state) = env.package(&product, ARCHIVE).await;
    assert_eq!(state, UploadState::Processed);

    let draft = env.draft(&product, "Package", Some(&plan)).await;
    let found = env.client.find_package_configurations(&product, &draft).send().await.unwrap().into_inner();
    let configuration = found.value.unwrap().remove(0).as_azure_solution_template().unwrap().clone();
    let id = configuration.id.clone().unwrap();
    let with = |package: &str| {
        configuration.clone().set_package_references([TypeValuePair::new("AzureApplicationPackage", package)])
    };
    let unknown = env.client.replace_package_configuration(&product, &id, with("none")).send().await.unwrap_err();
    assert_rejected(&unknown, "PackageReferences");
    let managed = AzureManagedApplicationPackageConfiguration::default();
    let mismatch =
        env.client.replace_package_configuration(&product, &id, managed).if_match("*").send().await.unwrap_err();
    assert_rejected(&mismatch, "ResourceType");
    env.client.replace_package_configuration(&product, &id, with(&package)).send().await.unwrap();
}
