//! Resources of the sandbox that publishing an Azure application does not use, through the SDK.

use partner_ingestion_sdk::reqwest::{self, Method};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, OPERATIONS, Resource};
use partner_tests::test_env::{TestEnv, items};
use serde_json::{Value, json};
use std::time::Duration;

fn status(error: &Error) -> u16 {
    error.status().expect("the error has a status").as_u16()
}

/// Calls of every operation with unknown ids return 400 or 404, never 501.
#[tokio::test]
async fn sandbox_implements_every_operation() {
    let env = TestEnv::start().await;
    for operation in OPERATIONS {
        let product = env.product(operation.name).await;
        let segments = operation.path.trim_start_matches('/').split('/').map(|segment| match segment.split_once('{') {
            Some(("", "productID}")) => product.to_string(),
            Some((before, rest)) => format!("{before}nothing{}", rest.split_once('}').unwrap().1),
            None => segment.to_owned(),
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let body = if method == Method::GET || method == Method::DELETE { Value::Null } else { json!({}) };
        if let Err(error) = env.send_json(method, &path, body, Some("*")).await {
            let status = status(&error);
            assert!(matches!(status, 400 | 404), "{}: {error}", operation.name);
            assert!(error.to_string().contains("nothing") || status == 400 || error.service_message().is_some());
        }
    }
}

#[tokio::test]
async fn creates_replaces_and_deletes_assets_and_videos() {
    let env = TestEnv::start().await;
    let product = env.product("files").await;
    let draft = env.draft(&product, "Listing", None).await;
    let listing = env.resource(&product, "listings", &draft).await;
    let listing = ListingId::from(listing["id"].as_str().unwrap());
    let client = &env.client;

    let asset = ListingAsset::default().set_file_name("guide.pdf").set_friendly_name("Guide");
    let created = client.create_listing_asset(&product, &listing, asset).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
    assert_eq!(created.etag(), created.etag.as_deref());
    let asset = created.into_inner();
    assert_eq!(asset.state, Some(UploadState::PendingUpload));
    let id = asset.id.clone().unwrap();
    client.upload(asset.file_sas_uri.as_ref().unwrap(), &b"%PDF"[..]).await.unwrap();
    let asset = asset.set_state(UploadState::Uploaded);
    let replaced = client.replace_listing_asset(&product, &listing, &id, asset).send().await.unwrap();
    assert_eq!(replaced.state, Some(UploadState::Uploaded));
    let all = client.list_listing_assets(&product, &listing).send().await.unwrap().into_inner();
    assert_eq!(all.value.unwrap().len(), 1);
    let got = client.get_listing_asset(&product, &listing, &id).send().await.unwrap();
    assert_eq!(got.etag, replaced.etag);
    client.delete_listing_asset(&product, &listing, &id).send().await.unwrap();
    let error = client.get_listing_asset(&product, &listing, &id).send().await.unwrap_err();
    assert!(error.is_not_found());

    let video = ListingVideo::default().set_file_name("tour.mp4");
    let video = client.create_listing_video(&product, &listing, video).send().await.unwrap().into_inner();
    let id = video.id.clone().unwrap();
    // The thumbnail has its own upload URL.
    let picture = video.thumbnail.as_ref().unwrap().file_sas_uri.as_ref().unwrap();
    assert_ne!(picture, video.file_sas_uri.as_ref().unwrap());
    client.upload(picture, &b"PNG"[..]).await.unwrap();
    let early = client.replace_listing_video(&product, &listing, &id, video.clone().set_state(UploadState::Uploaded));
    assert_eq!(status(&early.send().await.unwrap_err()), 400, "the video was not uploaded");
    client.upload(video.file_sas_uri.as_ref().unwrap(), &b"film"[..]).await.unwrap();
    let video = video.set_state(UploadState::Uploaded);
    client.replace_listing_video(&product, &listing, &id, video).send().await.unwrap();
    assert_eq!(items(client.list_listing_videos(&product, &listing).send()).await.len(), 1);
    client.get_listing_video(&product, &listing, &id).send().await.unwrap();
    client.delete_listing_video(&product, &listing, &id).send().await.unwrap();
    assert!(client.delete_listing_video(&product, &listing, &id).send().await.unwrap_err().is_not_found());
    let missing = client.create_listing_video(&product, "nothing", ListingVideo::default().set_file_name("a"));
    assert!(missing.send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn creates_and_deletes_listings_in_other_languages() {
    let env = TestEnv::start().await;
    let product = env.product("languages").await;
    let draft = env.draft(&product, "Listing", None).await;
    let client = &env.client;
    let german = AzureListing::default().set_language_code("de-de").set_title("Contoso");
    let created = client.create_listing(&product, &draft, german.clone()).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
    assert!(created.location().unwrap().contains("/listings/") && created.etag() == created.etag.as_deref());
    let id = created.id.clone().unwrap();
    assert_eq!(status(&client.create_listing(&product, &draft, german).send().await.unwrap_err()), 409);
    let unnamed = client.create_listing(&product, &draft, AzureListing::default()).send().await.unwrap_err();
    assert_eq!(status(&unnamed), 400);
    let both = items(client.find_listings(&product, &draft).send()).await;
    assert_eq!(both.len(), 2);
    let branches = items(client.list_branches(&product, "Listing").send()).await;
    assert_eq!(branches.len(), 1, "another language has no branch");
    client.delete_listing(&product, &id).send().await.unwrap();
    assert!(client.get_listing(&product, &id).send().await.unwrap_err().is_not_found());
    let first = both.iter().find_map(|listing| listing.id()).unwrap().to_owned();
    assert_eq!(status(&client.delete_listing(&product, first.as_str()).send().await.unwrap_err()), 400);
}

#[tokio::test]
async fn replaces_cosell_leads_and_supplemental_content() {
    let env = TestEnv::start().await;
    let product = env.product("resources").await;
    let client = &env.client;

    assert!(client.get_lead_configuration(&product).send().await.unwrap_err().is_not_found());
    let lead = MarketoLeadConfiguration::default().set_form_id("f").set_server_id("s");
    client.set_lead_configuration(&product, lead.clone()).send().await.unwrap();
    let found = client.get_lead_configuration(&product).send().await.unwrap().into_inner();
    assert_eq!(found.as_marketo(), Some(&lead));

    let asset = CosellAsset::default().set_file_name("deck.pptx");
    let asset = client.create_cosell_asset(&product, asset).send().await.unwrap();
    assert_eq!(asset.status().as_u16(), 200, "the document says 200 here");
    let asset = asset.into_inner();
    let id = asset.id.clone().unwrap();
    client.upload(asset.file_sas_uri.as_ref().unwrap(), &b"deck"[..]).await.unwrap();
    client.replace_cosell_asset(&product, &id, asset.set_state("Uploaded")).send().await.unwrap();
    assert_eq!(items(client.list_cosell_assets(&product).send()).await.len(), 1);
    let draft = env.draft(&product, "Cosell", None).await;
    assert_eq!(items(client.find_cosell_assets(&product, &draft).send()).await.len(), 1);
    client.get_cosell_asset(&product, &id).send().await.unwrap();
    client.delete_cosell_asset(&product, &id).send().await.unwrap();
    let listing = items(client.find_cosell_listings(&product, &draft).send()).await;
    let listing = listing[0].clone().set_offer_type("Solution");
    let replaced = client.replace_cosell_listing(&product, &draft, listing).send().await.unwrap();
    assert_eq!(replaced.offer_type.as_deref(), Some("Solution"));
    let got = client.get_cosell_listing(&product, &draft).send().await.unwrap();
    assert_eq!(got.etag, replaced.etag);

    let draft = env.draft(&product, "SupplementalContent", None).await;
    let content = client.get_supplemental_content(&product, &draft).send().await.unwrap().into_inner();
    let content = content.set_target_release("2026");
    client.replace_supplemental_content(&product, &draft, content).send().await.unwrap();
    let committed = client.commit_supplemental_content(&product, &draft).send().await.unwrap();
    assert_eq!(committed.target_release.as_deref(), Some("2026"));
    let error = client.commit_supplemental_content(&product, "nothing").send().await.unwrap_err();
    assert!(error.is_not_found());

    let asset = SupplementalContentAsset::default().set_file_name("guide.pdf");
    let content = committed.into_inner().set_assets([asset]);
    let content = client.replace_supplemental_content(&product, &draft, content).send().await.unwrap().into_inner();
    let asset = content.assets.as_ref().unwrap()[0].clone();
    assert!(asset.asset_id.is_some());
    let error = client.commit_supplemental_content(&product, &draft).send().await.unwrap_err();
    assert!(status(&error) == 400 && error.to_string().contains("guide.pdf"), "{error}");
    client.upload(asset.file_sas_uri.as_ref().unwrap(), &b"guide"[..]).await.unwrap();
    let kept = client.replace_supplemental_content(&product, &draft, content).send().await.unwrap();
    assert_eq!(
        kept.assets.as_ref().unwrap()[0].file_sas_uri,
        asset.file_sas_uri,
        "a file with an id keeps its address"
    );
    let committed = client.commit_supplemental_content(&product, &draft).send().await.unwrap();
    let readable = committed.assets.as_ref().unwrap()[0].file_sas_uri.clone().unwrap();
    assert_eq!(status(&client.upload(&readable, &b"other"[..]).await.unwrap_err()), 403, "only for reading");

    let property =
        client.create_property(&product, AzureProperty::default().set_app_version("2")).send().await.unwrap();
    assert!(property.id.is_some() && property.status().as_u16() == 200);
    let all = items(client.list_properties(&product).send()).await;
    assert_eq!(all.len(), 2);
    let availability =
        client.create_product_availability(&product, ProductAvailability::default()).send().await.unwrap();
    assert!(availability.id.is_some() && availability.status().as_u16() == 201);
    let all = items(client.list_product_availabilities(&product).send()).await;
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn upload_and_download_urls_expire_and_allow_only_their_method() {
    let env = TestEnv::start().await;
    let product = env.product("addresses").await;
    let client = &env.client;
    let new = CosellAsset::default().set_file_name("deck.pptx");
    let asset = client.create_cosell_asset(&product, new.clone()).send().await.unwrap().into_inner();
    let (id, writable) = (asset.id.clone().unwrap(), asset.file_sas_uri.clone().unwrap());
    client.upload(&writable, &b"deck"[..]).await.unwrap();
    let replaced = client.replace_cosell_asset(&product, &id, asset.set_state("Uploaded")).send().await.unwrap();
    // PUT returns a download URL.
    let readable = replaced.file_sas_uri.clone().unwrap();
    assert_ne!(readable, writable);
    assert_eq!(status(&client.upload(&readable, &b"other"[..]).await.unwrap_err()), 403);
    let http = reqwest::Client::new();
    let read = http.get(readable.expose()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(read, "deck");
    env.sandbox.advance(Duration::from_secs(9 * 3600));
    assert_eq!(http.get(readable.expose()).send().await.unwrap().status(), 403);
    client.upload(&writable, &b"again"[..]).await.unwrap();
    env.sandbox.advance(Duration::from_secs(16 * 3600));
    assert_eq!(status(&client.upload(&writable, &b"late"[..]).await.unwrap_err()), 403);
}
