//! Exports of offers.

use super::{Folder, files};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, OfferManifest};
use partner_tests::offer::{complete, png};
use partner_tests::test_env::TestEnv;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn an_export_has_every_part_and_file_and_is_the_same_twice() {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let leads = AzureTableLeadConfiguration::default().set_connection_string("AccountKey=hidden");
    env.client.set_lead_configuration(&offer.product, leads).await.unwrap();
    let folder = Folder::new("export");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let export = env.client.export_offer(&offer.product).to(folder.path());
    let exported = export.on_file(move |path| log.lock().unwrap().push(path.to_owned())).await.unwrap();
    let first = files(folder.path());
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"offer.yaml") && names.contains(&"en-us/AzureLogoLarge.png"), "{names:?}");
    assert_eq!(seen.lock().unwrap().len(), names.len() - 1);
    assert_eq!(exported.missing, Vec::<String>::new());
    let logo = first.iter().find(|(name, _)| name == "en-us/AzureLogoLarge.png").unwrap();
    assert_eq!(logo.1, png(216, 216));

    let text = String::from_utf8(first.iter().find(|(name, _)| name == "offer.yaml").unwrap().1.clone()).unwrap();
    for absent in ["etag", "hidden", "fileSasUri", "sig=", offer.product.as_str(), offer.managed.as_str()] {
        assert!(!text.contains(absent), "{absent}\n{text}");
    }
    let manifest = OfferManifest::load(folder.path()).await.unwrap();
    assert_eq!(manifest, exported.manifest);
    assert_eq!(manifest.plans.keys().collect::<Vec<_>>(), ["managed", "template"], "{text}");
    let plan = &manifest.plans["managed"];
    assert!(plan.availability.is_some() && plan.configuration.is_some() && plan.package.is_some(), "{text}");
    assert!(manifest.property.is_some() && manifest.preview_audience.is_some() && manifest.leads.is_some(), "{text}");

    let written = || std::fs::metadata(folder.path().join("en-us/AzureLogoLarge.png")).unwrap().modified().unwrap();
    let before = written();
    let again = env.client.export_offer(&offer.product).to(folder.path()).await.unwrap();
    assert_eq!(files(folder.path()), first);
    assert_eq!(written(), before, "a file with the same content is left as it is");
    assert!(again.manifest.diff_from(&exported.manifest).is_empty());
}

#[tokio::test]
async fn the_live_state_is_exported_when_the_drafts_have_changed() {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let error = env.client.export_offer(&offer.product).live().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    env.client.publish(&offer.product).poll_interval(MOMENT, MOMENT).to_live().await.unwrap();
    let live = env.client.export_offer(&offer.product).live().await.unwrap().manifest;
    let drafts = env.client.export_offer(&offer.product).await.unwrap().manifest;
    assert_eq!(live.diff_from(&drafts).to_string(), "");
    env.client.listing_draft(&offer.product).modify(|listing| listing.set_summary("Now faster")).await.unwrap();
    let drafts = env.client.export_offer(&offer.product).await.unwrap().manifest;
    let live = env.client.export_offer(&offer.product).live().await.unwrap().manifest;
    let diff = drafts.diff_from(&live);
    assert_eq!(diff.changes().len(), 1, "{diff}");
    assert_eq!(diff.changes()[0].pointer, "/listings/en-us/summary");
}
