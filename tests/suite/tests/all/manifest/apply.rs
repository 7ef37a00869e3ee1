//! Applying manifests.

use super::{Folder, files, writes};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ChangeKind, ErrorKind, OfferManifest};
use partner_sandbox::{Calls, Fault};
use partner_tests::offer::{complete, png};
use partner_tests::test_env::TestEnv;
use std::path::Path;

/// Exports a complete offer with leads and a second language, and returns its folder.
async fn exported(name: &str) -> Folder {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let leads = AzureTableLeadConfiguration::default().set_connection_string("AccountKey=hidden");
    env.client.set_lead_configuration(&offer.product, leads).await.unwrap();
    let folder = Folder::new(name);
    env.client.export_offer(&offer.product).to(folder.path()).await.unwrap();
    folder
}

async fn load(folder: &Path) -> OfferManifest {
    OfferManifest::load(folder).await.unwrap()
}

#[tokio::test]
async fn an_exported_offer_is_applied_to_an_empty_account_and_exported_the_same() {
    let folder = exported("apply-round-trip").await;
    let env = TestEnv::start().await;
    let manifest = load(folder.path()).await;
    let apply = || env.client.apply_offer(&manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    let applied = apply().await.unwrap();
    assert!(applied.remaining.is_empty() && applied.steps.len() > 10, "{applied}");
    let again = Folder::new("apply-again");
    let product = applied.product.clone().unwrap();
    env.client.export_offer(&product).to(again.path()).await.unwrap();
    let (before, after) = (files(folder.path()), files(again.path()));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert_eq!(String::from_utf8_lossy(before), String::from_utf8_lossy(after), "{name}");
    }

    let sent = writes(&env);
    let unchanged = apply().await.unwrap();
    assert_eq!((unchanged.to_string().as_str(), writes(&env)), ("", sent), "nothing differs, so nothing is written");
}

#[tokio::test]
async fn one_changed_field_is_one_write() {
    let folder = exported("apply-one").await;
    let env = TestEnv::start().await;
    let mut manifest = load(folder.path()).await;
    let apply =
        |manifest: &OfferManifest| env.client.apply_offer(manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    apply(&manifest).await.unwrap();
    let sent = writes(&env);
    let plan = manifest.plans.get_mut("managed").unwrap();
    plan.availability = Some(serde_json::from_str(r#"{"visibility": "Public", "isHidden": true}"#).unwrap());
    let applied = apply(&manifest).await.unwrap();
    assert_eq!(applied.to_string(), "plan managed, Availability: changed\n");
    assert_eq!(writes(&env), sent + 1);
    let offer = env.client.product_by_offer_id("app").await.unwrap();
    let state = env.client.export_offer(&offer).await.unwrap().manifest;
    let availability = state.plans["managed"].availability.as_ref().unwrap().to_resource().unwrap();
    assert_eq!(availability.is_hidden, Some(true));
    assert!(availability.price_schedules.is_some_and(|prices| !prices.is_empty()), "the prices are left alone");
}

#[tokio::test]
async fn a_changed_logo_replaces_the_old_one() {
    let folder = exported("apply-logo").await;
    let env = TestEnv::start().await;
    let manifest = load(folder.path()).await;
    let apply = || env.client.apply_offer(&manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    let product = apply().await.unwrap().product.unwrap();
    std::fs::write(folder.path().join("en-us/AzureLogoLarge.png"), png(300, 300)).unwrap();
    assert_eq!(apply().await.unwrap().to_string(), "offer, Listing en-us: uploaded en-us/AzureLogoLarge.png\n");
    let listing = env.client.listing_draft(&product).get().await.unwrap();
    let images = env.client.list_listing_images(&product, &*listing).await.unwrap();
    assert_eq!(images.value.as_ref().map(Vec::len), Some(1));
    assert_eq!(apply().await.unwrap().to_string(), "");
}

/// The new logo was uploaded, and the program ended before it deleted the old one.
#[tokio::test]
async fn a_replaced_logo_that_was_not_deleted_is_deleted_by_the_next_run() {
    let folder = exported("apply-two-logos").await;
    let env = TestEnv::start().await;
    let manifest = load(folder.path()).await;
    let apply = || env.client.apply_offer(&manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    let product = apply().await.unwrap().product.unwrap();
    std::fs::write(folder.path().join("en-us/AzureLogoLarge.png"), png(300, 300)).unwrap();
    let delete = Calls::of("DELETE", "/products/{productID}/listings/{listingID}/images/{imageID}");
    env.sandbox.fail(delete, Fault::status(400), 1);
    apply().await.unwrap_err();
    let listing = env.client.listing_draft(&product).get().await.unwrap();
    let images =
        async || env.client.list_listing_images(&product, &*listing).await.unwrap().value.clone().unwrap().len();
    assert_eq!(images().await, 2);
    apply().await.unwrap();
    assert_eq!(images().await, 1);
    assert_eq!(apply().await.unwrap().to_string(), "");
}

#[tokio::test]
async fn nothing_is_deleted_without_prune() {
    let folder = exported("apply-prune").await;
    let env = TestEnv::start().await;
    let mut manifest = load(folder.path()).await;
    let apply =
        |manifest: &OfferManifest| env.client.apply_offer(manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    let product = apply(&manifest).await.unwrap().product.unwrap();
    let before = env.client.export_offer(&product).await.unwrap().manifest;
    manifest.plans.remove("template");
    manifest.listings.get_mut("en-us").unwrap().images = Some(Vec::new());
    let diff = manifest.diff_from(&before);
    assert!(diff.changes().iter().all(|change| change.kind == ChangeKind::Remove), "{diff}");
    assert_eq!(diff.changes().len(), 2, "{diff}");
    assert_eq!(apply(&manifest).await.unwrap().to_string(), "");
    let pruned = apply(&manifest).prune(true).await.unwrap().to_string();
    assert_eq!(pruned, "offer, Listing en-us: deleted AzureLogoLarge.png\nplan template, Plan: deleted\n");
    let after = env.client.export_offer(&product).await.unwrap().manifest;
    assert!(manifest.diff_from(&after).is_empty(), "{}", manifest.diff_from(&after));
}

#[tokio::test]
async fn faults_that_are_known_before_anything_is_written() {
    let env = TestEnv::start().await;
    let read = |parts: &str| {
        let text = format!(r#"{{"offerId": "app", "type": "AzureApplication", "name": "App"{parts}}}"#);
        OfferManifest::from_json("offer.json", &text).unwrap()
    };
    for (parts, expected) in [
        (
            r#", "leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": "PARTNER_NOT_SET"}}"#,
            "PARTNER_NOT_SET",
        ),
        (
            r#", "leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"file": "none.txt"}}"#,
            "none.txt",
        ),
        (r#", "plans": {"p": {"package": {"file": "none.zip"}}}"#, "file none.zip cannot be read"),
        (r#", "listings": {"en-us": {"images": [{"file": "src", "type": "AzureLogoLarge"}]}}"#, "src is no file"),
    ] {
        let error = env.client.apply_offer(&read(parts)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Manifest);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.applied().unwrap().steps.is_empty());
    }
    assert_eq!(writes(&env), 0);
    env.client.apply_offer(&read("")).await.unwrap();
    let other = OfferManifest::new("app", ProductType::AzureContainer, "App");
    let error = env.client.apply_offer(&other).await.unwrap_err();
    assert!(error.to_string().contains("has the type \"AzureApplication\", which cannot be changed"), "{error}");
    let renamed = OfferManifest::new("app", ProductType::AzureApplication, "Another");
    let error = env.client.apply_offer(&renamed).await.unwrap_err();
    assert!(error.to_string().contains("has the name"), "{error}");
}

#[tokio::test]
async fn an_error_says_what_was_done_and_the_next_run_continues() {
    let folder = exported("apply-continue").await;
    let env = TestEnv::start().await;
    let manifest = load(folder.path()).await;
    let apply = || env.client.apply_offer(&manifest).secret("CONNECTION_STRING", "AccountKey=hidden");
    env.sandbox.fail(Calls::of("PUT", "/products/{productID}/properties/{propertyID}"), Fault::status(400), 1);
    let error = apply().await.unwrap_err();
    let applied = error.applied().unwrap();
    assert!(applied.remaining.contains(&"offer, Property".to_owned()), "{applied}");
    assert!(applied.steps.iter().any(|step| step.resource == "offer, Product"), "{applied}");
    let rest = apply().await.unwrap();
    assert!(rest.steps.iter().any(|step| step.resource == "offer, Property"), "{rest}");
    assert!(!rest.steps.iter().any(|step| step.resource == "offer, Product"), "{rest}");
    assert_eq!(apply().await.unwrap().to_string(), "");
}
