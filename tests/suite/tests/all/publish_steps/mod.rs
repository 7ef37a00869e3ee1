//! Publishes an Azure application step by step in the sandbox. Each step succeeds, and fails with an invalid body, an outdated
//! entity tag and an unknown branch. The example `publish_offer` runs all steps.

mod offer;
mod plan;
mod submission;

use partner_ingestion_sdk::Error;
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_tests::test_env::{TestEnv, with_wrong_type};
use serde_json::{Value, json};

const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

/// Asserts that the error is the service's 400 with its code and this field.
fn assert_rejected(error: &Error, field: &str) {
    assert_eq!(error.status().map(|s| s.as_u16()), Some(400), "{error}");
    assert_eq!(error.service_code(), Some("ICH50400"), "{error}");
    assert!(error.field_errors().keys().any(|key| key.eq_ignore_ascii_case(field)), "{field}: {error}");
    assert!(error.request_id().is_some() && error.correlation_id().is_some() && error.operation_id().is_some());
    assert!(error.service_message().is_some() && !error.is_retryable());
}

/// Checks the rules of every module: an invalid body and an outdated tag are rejected, the current tag and `*` are accepted, and
/// PUT replaces the resource.
async fn module(
    env: &TestEnv,
    product: &ProductId,
    module: &str,
    plan: Option<&VariantId>,
    collection: &str,
    text: &str,
) {
    let draft = env.draft(product, module, plan).await;
    let resource = env.resource(product, collection, &draft).await;
    let path = format!("products/{product}/{collection}/{}", resource["id"].as_str().unwrap());
    let tag = resource["@odata.etag"].as_str().unwrap();

    let error = env.send_json(Method::PUT, &path, with_wrong_type(&resource, text), Some(tag)).await.unwrap_err();
    assert_rejected(&error, text);
    let error = env.send_json(Method::PUT, &path, resource.clone(), Some("\"stale\"")).await.unwrap_err();
    assert!(error.is_conflict() && error.hint().unwrap_or_default().contains("Read the resource again"), "{error}");
    if !matches!(collection, "packages") {
        let mut untagged = resource.clone();
        untagged.as_object_mut().unwrap().remove("@odata.etag");
        let error = env.send_json(Method::PUT, &path, untagged, None).await.unwrap_err();
        assert_rejected(&error, "If-Match");
    }

    // The tag may be in the body instead of the header.
    let changed = env.send_json(Method::PUT, &path, resource.clone(), None).await.unwrap();
    let error = env.send_json(Method::PUT, &path, resource.clone(), None).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let (resource, tag) = (&changed, changed["@odata.etag"].as_str().unwrap());
    let changed = env.send_json(Method::PUT, &path, resource.clone(), Some(tag)).await.unwrap();
    assert_ne!(changed["@odata.etag"], resource["@odata.etag"]);
    let error = env.send_json(Method::PUT, &path, resource.clone(), Some(tag)).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let mut more = changed.clone();
    more["unknownField"] = json!([1]);
    let more = env.send_json(Method::PUT, &path, more, Some("*")).await.unwrap();
    assert_eq!(more["unknownField"], json!([1]), "unknown fields are kept");
    let less = json!({"resourceType": resource["resourceType"]});
    let less = env.send_json(Method::PUT, &path, less, Some("*")).await.unwrap();
    assert_eq!(less.get("unknownField"), None, "omitted fields are deleted");

    let missing = format!("products/{product}/{collection}/getByInstanceID(instanceID=none)");
    let error = env.send_json(Method::GET, &missing, Value::Null, None).await.unwrap_err();
    assert!(error.is_not_found() && error.service_message().is_some(), "{error}");
    let missing = format!("products/none/branches/getByModule(module={module})");
    assert!(env.send_json(Method::GET, &missing, Value::Null, None).await.unwrap_err().is_not_found());
}
