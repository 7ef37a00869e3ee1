//! Steps 1 to 8: the offer.

use super::{assert_rejected, module};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{IfMatch, Resource};
use partner_tests::test_env::TestEnv;
use serde_json::json;

#[tokio::test]
async fn step_01_lookup() {
    let env = TestEnv::start().await;
    let filter = "externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'app')";
    assert!(env.client.list_products().filter(filter).send().await.unwrap().value.as_ref().unwrap().is_empty());
    let product = env.product("app").await;
    env.product("other").await;
    let found = env.client.list_products().filter(filter).send().await.unwrap().into_inner();
    assert_eq!(found.value.unwrap()[0].id, Some(product));
    let error = env.client.list_products().filter("name eq 1").send().await.unwrap_err();
    assert_rejected(&error, "$filter");
}

#[tokio::test]
async fn step_02_product() {
    let env = TestEnv::start().await;
    let nameless = AzureProduct::default().set_resource_type(ProductType::AzureApplication);
    assert_rejected(&env.client.create_product(nameless).send().await.unwrap_err(), "Name");
    let unknown = AzureProduct::default().set_resource_type("Teapot").set_name("x");
    assert_rejected(&env.client.create_product(unknown).send().await.unwrap_err(), "resourceType");
    let error = env.send_json(Method::POST, "products", json!({"name": 1}), None).await.unwrap_err();
    assert_rejected(&error, "name");

    let product = AzureProduct::default().set_resource_type(ProductType::AzureApplication).set_name("App");
    let product = product.set_external_ids([TypeValuePair::new("AzureOfferID", "app")]);
    let created = env.client.create_product(&product).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
    assert!(created.location().unwrap().contains("/v1.0/ingestion/products/") && created.etag().is_none());
    assert_eq!(created.external_ids.as_ref().unwrap()[0].type_.as_deref(), Some("AzureOfferId"));
    let again = env.client.create_product(product).send().await.unwrap_err();
    assert!(again.is_conflict() && again.service_message().is_some(), "{again}");
    let read = env.client.get_product(created.id.clone().unwrap()).send().await.unwrap();
    assert_eq!(*read, *created);
    env.client.delete_product(created.id.clone().unwrap()).send().await.unwrap();
    assert!(env.client.get_product(created.id.clone().unwrap()).send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn step_03_setup() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let setup = AzureProductSetup::default().set_selling_option(SellingOption::ListAndSell);
    let set = env.client.set_product_setup(&product, &setup).send().await.unwrap();
    assert_eq!((set.status().as_u16(), set.trial_uri.as_deref()), (200, Some("")));
    assert_eq!(*env.client.get_product_setup(&product).send().await.unwrap(), *set);
    let wrong = AzureProductSetup::default().set_selling_option("Barter");
    assert_rejected(&env.client.set_product_setup(&product, wrong).send().await.unwrap_err(), "sellingOption");
    assert!(env.client.set_product_setup("none", setup).send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn step_03_setup_rejects_a_test_drive_for_virtual_machines() {
    let env = TestEnv::start().await;
    let machine = AzureProduct::default().set_resource_type(ProductType::AzureThirdPartyVirtualMachine).set_name("vm");
    let machine = env
        .client
        .create_product(machine.set_external_ids([TypeValuePair::new("AzureOfferId", "vm")]))
        .send()
        .await
        .unwrap();
    let setup = AzureProductSetup::default().set_enable_test_drive(true);
    let error = env.client.set_product_setup(machine.id.clone().unwrap(), setup).send().await.unwrap_err();
    assert_rejected(&error, "FeatureName");
}

#[tokio::test]
async fn step_04_property() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    module(&env, &product, "Property", None, "properties", "appVersion").await;
}

#[tokio::test]
async fn step_05_listing() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    module(&env, &product, "Listing", None, "listings", "title").await;
    // The typed call sends the body's etag by default, and the language is kept.
    let draft = env.draft(&product, "listing", None).await;
    let found = env.client.find_listings(&product, &draft).send().await.unwrap().into_inner();
    let mut listing = found.value.unwrap().remove(0).set_title("App").set_keywords::<[&str; 0]>([]);
    listing.language_code = None;
    let id = listing.id.clone().unwrap();
    let changed = env.client.replace_listing(&product, &id, &listing).send().await.unwrap();
    assert_eq!(changed.etag(), Resource::etag(&*changed));
    assert_eq!(changed.language_code.as_deref(), Some("en-us"));
    assert_eq!(changed.keywords.as_deref(), Some(&[][..]));
    assert!(env.client.replace_listing(&product, &id, &listing).send().await.unwrap_err().is_conflict());
    env.client.replace_listing(&product, &id, &listing).if_match(IfMatch::Any).send().await.unwrap();
    // Without a tag, nothing is sent.
    let calls = env.sandbox.calls().len();
    let error = env.client.replace_listing(&product, &id, AzureListing::default()).send().await.unwrap_err();
    assert!(error.hint().unwrap().contains("IfMatch::Any"), "{error:?}");
    assert_eq!(env.sandbox.calls().len(), calls);
}

#[tokio::test]
async fn step_06_logos() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let draft = env.draft(&product, "Listing", None).await;
    let listing = env.resource(&product, "listings", &draft).await["id"].as_str().unwrap().to_owned();
    let nameless = ListingImage::default().set_type("AzureLogoSmall");
    assert_rejected(
        &env.client.create_listing_image(&product, &listing, nameless).send().await.unwrap_err(),
        "FileName",
    );
    let image = ListingImage::default().set_type("AzureLogoSmall").set_file_name("s.png");
    assert!(env.client.create_listing_image(&product, "none", &image).send().await.unwrap_err().is_not_found());

    let created = env.client.create_listing_image(&product, &listing, image).send().await.unwrap();
    assert_eq!((created.status().as_u16(), created.etag()), (201, Resource::etag(&*created)));
    assert_eq!(created.state, Some(UploadState::PendingUpload));
    let (id, address) = (created.id.clone().unwrap(), created.file_sas_uri.clone().unwrap());
    let uploaded = created.into_inner().set_state(UploadState::Uploaded);
    let early = env.client.replace_listing_image(&product, &listing, &id, &uploaded).send().await.unwrap_err();
    assert_rejected(&early, "FileSasUri");
    let forged = Secret::from(address.expose().replace("sig=", "sig=x"));
    let error = env.client.upload(&forged, &b"png"[..]).await.unwrap_err();
    assert_eq!(error.status().map(|s| s.as_u16()), Some(403));
    assert!(!format!("{error} {error:?}").contains("sig="));
    env.client.upload(&address, &b"png"[..]).await.unwrap();
    let replace = || env.client.replace_listing_image(&product, &listing, &id, &uploaded);
    assert!(replace().if_match("\"stale\"").send().await.unwrap_err().is_conflict());
    assert_eq!(replace().send().await.unwrap().state, Some(UploadState::Uploaded));
    let all = env.client.list_listing_images(&product, &listing).send().await.unwrap().into_inner();
    assert_eq!(all.value.unwrap().len(), 1);
    let deleted = env.client.delete_listing_image(&product, &listing, &id).send().await.unwrap();
    assert_eq!(deleted.status().as_u16(), 204);
}

#[tokio::test]
async fn step_07_availability() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    module(&env, &product, "Availability", None, "productavailabilities", "visibility").await;
}

#[tokio::test]
async fn step_08_reseller() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let instance = format!("{product}-ResellerInstance");
    let early = env.draft(&product, "ResellerConfiguration", None).await;
    assert_eq!(early.as_str(), instance, "the branch exists before the first configuration");
    let empty = ResellerConfiguration::default();
    assert_rejected(
        &env.client.set_reseller_configuration(&product, empty).send().await.unwrap_err(),
        "ResellerChannelState",
    );
    let enabled = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    env.client.set_reseller_configuration(&product, enabled).send().await.unwrap();
    let draft = env.draft(&product, "ResellerConfiguration", None).await;
    assert_eq!(draft.as_str(), instance);
}
