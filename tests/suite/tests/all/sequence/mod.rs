//! Publishing an Azure application, step by step against the sandbox: each step succeeds, and is refused with a wrong body,
//! a stale entity tag and a branch that is not there. The whole of it is the example `publish_offer`.

mod offer;
mod plan;
mod submission;

use partner_ingestion_sdk::Error;
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_tests::stage::{Stage, spoiled};
use serde_json::{Value, json};

const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

/// The service's 400: its code, and the field that it names.
fn assert_refused(error: &Error, field: &str) {
    assert_eq!(error.status().map(|s| s.as_u16()), Some(400), "{error}");
    assert_eq!(error.service_code(), Some("ICH50400"), "{error}");
    assert!(error.field_errors().keys().any(|key| key.eq_ignore_ascii_case(field)), "{field}: {error}");
    assert!(error.request_id().is_some() && error.correlation_id().is_some() && error.operation_id().is_some());
    assert!(error.service_message().is_some() && !error.is_retryable());
}

/// What holds of every module: a wrong body and a stale tag are refused, a fresh tag and `*` are not, and PUT replaces.
async fn module(
    stage: &Stage,
    product: &ProductId,
    module: &str,
    plan: Option<&VariantId>,
    collection: &str,
    text: &str,
) {
    let draft = stage.draft(product, module, plan).await;
    let resource = stage.resource(product, collection, &draft).await;
    let path = format!("products/{product}/{collection}/{}", resource["id"].as_str().unwrap());
    let tag = resource["@odata.etag"].as_str().unwrap();

    let error = stage.raw(Method::PUT, &path, spoiled(&resource, text), Some(tag)).await.unwrap_err();
    assert_refused(&error, text);
    let error = stage.raw(Method::PUT, &path, resource.clone(), Some("\"stale\"")).await.unwrap_err();
    assert!(error.is_conflict() && error.hint().unwrap_or_default().contains("Read the resource again"), "{error}");
    if !matches!(collection, "packages") {
        let mut untagged = resource.clone();
        untagged.as_object_mut().unwrap().remove("@odata.etag");
        let error = stage.raw(Method::PUT, &path, untagged, None).await.unwrap_err();
        assert_refused(&error, "If-Match");
    }

    // The tag in the body does what the header does.
    let changed = stage.raw(Method::PUT, &path, resource.clone(), None).await.unwrap();
    let error = stage.raw(Method::PUT, &path, resource.clone(), None).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let (resource, tag) = (&changed, changed["@odata.etag"].as_str().unwrap());
    let changed = stage.raw(Method::PUT, &path, resource.clone(), Some(tag)).await.unwrap();
    assert_ne!(changed["@odata.etag"], resource["@odata.etag"]);
    let error = stage.raw(Method::PUT, &path, resource.clone(), Some(tag)).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let mut more = changed.clone();
    more["unknownField"] = json!([1]);
    let more = stage.raw(Method::PUT, &path, more, Some("*")).await.unwrap();
    assert_eq!(more["unknownField"], json!([1]), "unknown fields are kept");
    let less = json!({"resourceType": resource["resourceType"]});
    let less = stage.raw(Method::PUT, &path, less, Some("*")).await.unwrap();
    assert_eq!(less.get("unknownField"), None, "what is left out is deleted");

    let missing = format!("products/{product}/{collection}/getByInstanceID(instanceID=none)");
    let error = stage.raw(Method::GET, &missing, Value::Null, None).await.unwrap_err();
    assert!(error.is_not_found() && error.service_message().is_some(), "{error}");
    let missing = format!("products/none/branches/getByModule(module={module})");
    assert!(stage.raw(Method::GET, &missing, Value::Null, None).await.unwrap_err().is_not_found());
}
