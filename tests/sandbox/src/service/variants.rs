//! Plans and the test drive.

use super::{argument, created, drafts, late, object, precondition, product, replace, submissions};
use crate::contract::ValidRequest;
use crate::message::{Reply, Request, etag, guid};
use crate::model::{Model, Object};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn collection(model: &mut Model, id: &str, method: &str, call: &ValidRequest) -> Reply {
    if method == "GET" {
        let variants = product(model, id).variants.values().map(|v| Value::Object(v.clone())).collect();
        return super::collection(variants);
    }
    let visible_at = model.clock.now() + model.processing_delay;
    let package_visible_at = visible_at + late::additional_delay(model);
    let product = product(model, id);
    let mut variant = object(&call.body);
    if kind_of(&variant) == "AzureSkuVariant" {
        let external = variant.get("externalID").and_then(Value::as_str).unwrap_or_default().to_owned();
        if external.is_empty() {
            return Reply::bad_request("ExternalID", "The ExternalID field is required.");
        }
        let taken = product.variants.values().any(|v| v.get("externalID").and_then(Value::as_str) == Some(&external));
        if taken {
            return Reply::error(StatusCode::CONFLICT, &format!("A plan with the id {external} exists already."));
        }
    }
    if variant.get("friendlyName").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Reply::bad_request("FriendlyName", "The FriendlyName field is required.");
    }
    let application = product.kind() == "AzureApplication";
    // Fields that the service fills in.
    for (key, value) in [
        ("state", json!("Active")),
        ("conversionPaths", json!("*")),
        ("extendedProperties", json!([])),
        ("cloudAvailabilities", json!(["public-azure"])),
        ("certificationsAzureGovernment", json!([])),
    ] {
        variant.entry(key).or_insert(value);
    }
    if application {
        variant.entry("subType").or_insert_with(|| "solution-template".into());
    }
    // The test drive is a plan without a plan id.
    let variant_id = if kind_of(&variant) == "AzureTestDriveVariant" { "testdrive".to_owned() } else { guid() };
    variant.insert("id".to_owned(), variant_id.as_str().into());
    variant.insert("@odata.etag".to_owned(), etag().into());
    product.variants.insert(variant_id.clone(), variant.clone());
    drafts::of_plan(product, &variant_id, visible_at, package_visible_at);
    created(model, call, &format!("products/{id}/variants/{variant_id}"), &variant)
}

fn kind_of(variant: &Object) -> &str {
    variant.get("resourceType").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn single(model: &mut Model, id: &str, method: &str, request: &Request, call: &ValidRequest) -> Reply {
    let variant_id = argument(call, "variantID");
    let published =
        model.products.get(id).is_some_and(|product| submissions::is_published(model, product, Some(variant_id)));
    if method == "DELETE" && published && model.rules_off.keeps_published("AzureSkuVariant") {
        return Reply::error(StatusCode::CONFLICT, "A plan that was published cannot be deleted.")
            .noted("rule delete-published-plan");
    }
    let rules_off = model.rules_off.clone();
    let product = product(model, id);
    let Some(variant) = product.variants.get_mut(variant_id) else {
        return Reply::not_found("variant");
    };
    if method == "PUT" && kind_of(variant) == "AzureSkuVariant" {
        let old = Value::Object(variant.clone());
        if let Some(found) = rules_off.forbidden_change("AzureSkuVariant", (&old, published), &call.body) {
            let note = format!("rule {}", found.rule);
            return Reply::bad_request(&found.resource, &found.message).noted(&note);
        }
    }
    match method {
        "GET" => Reply::ok(Value::Object(variant.clone())),
        "DELETE" => {
            product.variants.remove(variant_id);
            product.drafts.retain(|draft| draft.variant.as_deref() != Some(variant_id));
            Reply::empty(StatusCode::NO_CONTENT)
        }
        _ => match precondition(variant, request, &call.body) {
            Ok(()) => replace(variant, &call.body, &[]),
            Err(reply) => reply,
        },
    }
}
