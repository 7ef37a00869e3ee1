//! Ids as arguments and in bodies: what cannot be an id is an error before anything is sent.

use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, FileSource, IfMatch};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::TestEnv;

/// A resource that was never created has no id.
#[tokio::test]
async fn resources_without_an_id_are_invalid_arguments() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = server.client();
    let (offer, plan) = (AzureProduct::application("app", "App"), AzureSkuVariant::plan("standard", "Standard"));
    let errors = [
        client.get_product(&offer).send().await.unwrap_err(),
        client.get_variant("p", &plan).send().await.unwrap_err(),
        client.listing_draft(&offer).get().await.unwrap_err(),
        client.publish(&offer).send().await.unwrap_err(),
        client.resume("p", &Submission::default()).send().await.unwrap_err(),
        client.ensure_variant(&offer, plan).await.unwrap_err(),
        client.upload_package(&offer, FileSource::bytes("app.zip", &b"PK"[..])).send().await.unwrap_err(),
        client.modify_listing("p", &AzureListing::default(), |listing| listing).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.to_string().contains("a resource passed as an id must have one"), "{error}");
    }
    assert!(server.requests().is_empty());
}

/// An id that is written into a body or compared with ids of the service follows the same rule as one in a path.
#[tokio::test]
async fn bodies_with_the_id_of_a_resource_without_one_are_invalid_arguments() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = server.client();
    let plan = AzureSkuVariant::plan("standard", "Standard");
    let submission =
        SubmissionCreationRequest::default().set_variant_resources([VariantResource::default().set_variant_id(&plan)]);
    let copy = AzureSkuVariant::plan("copy", "Copy").set_reference_variant_id(&plan);
    let configuration = AzureSolutionTemplatePackageConfiguration::default().set_version("1.0.0");
    let with_package = PackageConfiguration::from(configuration).set_package(&AzurePackage::default());
    let errors = [
        client.create_submission("p", &submission).send().await.unwrap_err(),
        client.create_variant("p", copy).send().await.unwrap_err(),
        client.create_listing("p", "i", AzureListing::default().set_id("")).send().await.unwrap_err(),
        client.replace_package_configuration("p", "c", with_package).if_match(IfMatch::Any).send().await.unwrap_err(),
        client.request(Method::POST, "x").json(&submission).send::<()>().await.unwrap_err(),
        client.listing_draft("p").plan(&plan).get().await.unwrap_err(),
        client.package_configuration_draft("p", &plan).modify(|c| c).await.unwrap_err(),
        client.feature_availability_draft("p", &plan).instance_id().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.to_string().contains("is empty; a resource passed as an id must have one"), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_package_without_an_id_is_not_written_into_a_configuration() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let plan = env.variant(&product).await;
    let draft = env.client.package_configuration_draft(&product, &plan);
    let error = draft.modify(|c| c.set_package(&AzurePackage::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("PackageId is empty; a resource passed as an id must have one"), "{error}");
    assert!(env.sandbox.calls().iter().all(|call| call.method != "PUT"));
}

/// An empty id that the service sent is a value like any other.
#[test]
fn empty_ids_of_responses_are_kept() {
    let text = r#"{"id":"","referenceVariantID":"","resourceType":"AzureSkuVariant"}"#;
    let plan: AzureSkuVariant = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&plan).unwrap(), text);
}

/// A response without an id is not an argument: the error says so, and nothing is left out or sent because of it.
#[tokio::test]
async fn responses_without_an_id_are_decode_errors() {
    let plans = r#"{"value": [{"resourceType": "AzureSkuVariant", "externalID": "standard"}]}"#;
    let server = MockServer::with_responses(vec![CannedResponse::new(200, plans)]).await;
    let error = server.client().publish("p").dry_run().await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Decode, "plan standard has no id"));

    let package = r#"{"resourceType": "AzureApplicationPackage", "fileSasUri": "https://store.example/a?sig=b"}"#;
    let server = MockServer::with_responses(vec![CannedResponse::new(201, package)]).await;
    let upload = server.client().upload_package("p", FileSource::bytes("app.zip", &b"PK"[..]));
    let error = upload.send().await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Decode, 1), "{error}");
}

#[tokio::test]
async fn arguments_that_would_change_the_path_are_not_sent() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = server.client();
    for bad in ["", ".", "..", "a/b", "a?b", "a#b", "a\\b", "a\nb"] {
        let error = client.get_listing("p", bad).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bad:?}");
        assert!(error.to_string().contains("get_listing: argument listingID"), "{error}");
        assert_eq!(client.list_branches("p", bad).send().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    let error = client.list_products().header("bad name", "x").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = client.delete_listing("p", "l").if_match(IfMatch::Etag("a\nb".to_owned())).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    for path in ["../x", "a/../b", "a/./b", "a#b"] {
        assert_eq!(
            client.request(Method::GET, path).send::<()>().await.unwrap_err().kind(),
            ErrorKind::InvalidArgument,
            "{path}"
        );
    }
    assert!(server.requests().is_empty());
}
