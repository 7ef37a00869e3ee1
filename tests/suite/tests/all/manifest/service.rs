//! Comparing manifests with the service.

use super::Folder;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, OfferManifest};
use partner_tests::offer::{complete, png};
use partner_tests::test_env::TestEnv;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_manifest_is_compared_with_the_drafts_their_secrets_and_their_files() {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let leads = AzureTableLeadConfiguration::default().set_connection_string("AccountKey=hidden");
    env.client.set_lead_configuration(&offer.product, leads).await.unwrap();
    let folder = Folder::new("diff-service");
    env.client.export_offer(&offer.product).to(folder.path()).await.unwrap();
    let mut manifest = OfferManifest::load(folder.path()).await.unwrap();
    let diff = async |manifest: &OfferManifest, secret: &str| {
        manifest.diff(&env.client).secret("CONNECTION_STRING", secret).await.unwrap().to_string()
    };
    assert_eq!(diff(&manifest, "AccountKey=hidden").await, "");
    assert_eq!(diff(&manifest, "AccountKey=other").await, "~ /leads/connectionString: changed\n");
    std::fs::write(folder.path().join("en-us/AzureLogoLarge.png"), png(300, 300)).unwrap();
    assert_eq!(diff(&manifest, "AccountKey=hidden").await, "~ /listings/en-us/images/0/file: changed\n");
    std::fs::write(folder.path().join("en-us/AzureLogoLarge.png"), png(216, 216)).unwrap();
    manifest.property = Some(serde_json::from_str(r#"{"appVersion": "2"}"#).unwrap());
    assert_eq!(diff(&manifest, "AccountKey=hidden").await, "+ /property/appVersion: \"2\"\n");

    let new = OfferManifest::from_json(
        "offer.json",
        r#"{"offerId": "new", "type": "AzureApplication", "name": "New", "property": {"appVersion": "1"}}"#,
    );
    let added = new.unwrap().diff(&env.client).await.unwrap();
    assert_eq!(added.to_string(), "+ /property: {\"appVersion\":\"1\"}\n");
    manifest.leads = Some(
        serde_json::from_str(
            r#"{"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": "PARTNER_NOT_SET"}}"#,
        )
        .unwrap(),
    );
    assert_eq!(manifest.diff(&env.client).await.unwrap_err().kind(), ErrorKind::Manifest);
}

#[tokio::test]
async fn an_offer_has_unpublished_changes_until_it_is_live() {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let changed = async || env.client.has_unpublished_changes(&offer.product).await.unwrap();
    assert!(changed().await, "the offer was never published");
    let publish = || env.client.publish(&offer.product).poll_interval(MOMENT, MOMENT);
    publish().await.unwrap();
    assert!(changed().await, "the preview is not live");
    publish().to_live().if_pending(partner_ingestion_sdk::IfPending::Adopt).await.unwrap();
    assert!(!changed().await);
    env.client.listing_draft(&offer.product).modify(|listing| listing.set_summary("Now faster")).await.unwrap();
    assert!(changed().await);
    publish().to_live().await.unwrap();
    assert!(!changed().await);
}
