//! Builders, bodies and ids: what can be passed where, and what changes a resource.

use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, ErrorKind, FileSource};
use partner_tests::test_env::TestEnv;
use serde_json::json;

#[tokio::test]
async fn every_builder_can_be_awaited() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let offer = client.create_product(AzureProduct::application("app", "App")).await.unwrap();
    let listed = client.list_products().await.unwrap();
    assert_eq!(listed.value.as_deref().map(<[_]>::len), Some(1));
    let path = format!("products/{}", offer.id.as_ref().unwrap());
    assert_eq!(client.request(Method::GET, &path).await.unwrap()["name"], "App");
    let package =
        client.upload_package(&offer, FileSource::bytes("a.zip", &b"PK mainTemplate.json"[..])).await.unwrap();
    assert_eq!(package.state, Some(UploadState::Processed));
}

#[tokio::test]
async fn responses_are_accepted_as_ids_and_bodies() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let offer = client.create_product(AzureProduct::application("app", "App")).await.unwrap();
    let plan = client.create_variant(&offer, AzureSkuVariant::plan("standard", "Standard")).await.unwrap();
    let plan = client.get_variant(&offer, &plan).await.unwrap();
    client.replace_variant(&offer, &plan, &plan).await.unwrap();
    let listing = client.listing_draft(&offer).get().await.unwrap();
    client.replace_listing(&offer, &listing, &listing).await.unwrap();
    let listing = client.get_listing(&offer, &listing).await.unwrap();
    let id = listing.id.clone().unwrap();
    client.replace_listing(&offer, id, listing).await.unwrap();
}

#[test]
fn shared_fields_of_a_unions_members_have_setters() {
    let table = [
        // A member with the field, one without it, and one of an unknown kind.
        json!({"resourceType": "AzureSolutionTemplatePackageConfiguration", "version": "1.0.0"}),
        json!({"resourceType": "AzureResourceManagerTestDrivePackageConfiguration"}),
        json!({"resourceType": "SomethingNewPackageConfiguration", "other": [1]}),
    ];
    for before in table {
        let configuration: PackageConfiguration = serde_json::from_value(before.clone()).unwrap();
        let after = serde_json::to_value(configuration.set_version("2.0.0").set_id("7").set_etag("\"a\"")).unwrap();
        let mut expected = before;
        expected["version"] = json!("2.0.0");
        expected["id"] = json!("7");
        expected["@odata.etag"] = json!("\"a\"");
        assert_eq!(after, expected);
    }
    let plan = Variant::from(AzureSkuVariant::plan("standard", "Standard")).set_friendly_name("Premium");
    assert_eq!(plan.as_azure_sku().unwrap().friendly_name.as_deref(), Some("Premium"));
}

#[test]
fn cleared_fields_are_not_sent() {
    let listing = AzureListing::default().set_title("Contoso").set_keywords(["backup"]);
    let listing = listing.clear_title().clear_keywords();
    assert_eq!(serde_json::to_value(&listing).unwrap(), json!({"resourceType": "AzureListing"}));
    // Under its earlier name, too.
    let member: AudienceMember = serde_json::from_value(json!({"id": "a"})).unwrap();
    assert_eq!(serde_json::to_value(member.clear_id()).unwrap(), json!({}));
}

/// The change of a user that needs a number.
fn parsed(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[tokio::test]
async fn a_change_that_fails_writes_nothing() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let product = env.product("app").await;
    let draft = client.listing_draft(&product);
    let change = |listing: AzureListing| -> Result<_, std::num::ParseIntError> {
        Ok(listing.set_title(parsed("many")?.to_string()))
    };
    let id = draft.get().await.unwrap().id.clone().unwrap();
    let errors = [
        draft.try_modify(change).await.unwrap_err(),
        client.try_modify_listing(&product, &id, change).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Closure);
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.is::<std::num::ParseIntError>(), "{source}");
    }
    // An error of a call inside is that error.
    let refused = client.get_product("nothing").await.map(drop);
    let refused = std::sync::Mutex::new(refused.err());
    let change = |_| Err::<AzureListing, Error>(refused.lock().unwrap().take().unwrap());
    assert!(draft.try_modify(change).await.unwrap_err().is_not_found());
    assert!(env.sandbox.calls().iter().all(|call| call.method != "PUT"));
    let changed = draft.try_modify(|listing| Ok::<_, Error>(listing.set_title("7"))).await.unwrap();
    assert_eq!(changed.title.as_deref(), Some("7"));
}

#[tokio::test]
async fn a_change_is_written_to_the_resource_that_was_read() {
    let env = TestEnv::start().await;
    let client = &env.client;
    let product = env.product("app").await;
    let draft = client.listing_draft(&product);
    let id = draft.get().await.unwrap().id.clone();
    let changed = draft.modify(|listing| listing.set_id("another").set_title("New")).await.unwrap();
    assert_eq!((&changed.id, changed.title.as_deref()), (&id, Some("New")));
    let put = env.sandbox.calls().into_iter().find(|call| call.method == "PUT").unwrap();
    assert!(put.path.ends_with(id.unwrap().as_str()), "{}", put.path);
}
