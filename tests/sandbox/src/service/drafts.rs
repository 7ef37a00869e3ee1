//! Branches and the drafts behind them: one for each module of the offer and of every plan.

use super::{argument, precondition, product, replace};
use crate::contract::Allowed;
use crate::http::{Reply, Request, etag, guid};
use crate::world::{Draft, Object, Product, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Module, collection in the path and resource type of what an offer has from its first moment.
const OF_OFFER: [(&str, &str, &str); 5] = [
    ("Property", "properties", "AzureProperty"),
    ("Listing", "listings", "AzureListing"),
    ("Availability", "productavailabilities", "ProductAvailability"),
    ("Cosell", "coselllisting", "CosellListing"),
    ("SupplementalContent", "supplementalcontents", "SupplementalContent"),
];

pub(super) fn of_offer(product: &mut Product, kind: &str) {
    for (module, collection, resource_type) in OF_OFFER {
        add(product, module, collection, resource_type, None, Duration::ZERO);
    }
    if kind != "AzureApplication" {
        let resource_type = match kind {
            "AzureDynamics365BusinessCentral" => "Dynamics365BusinessCentralPackageConfiguration",
            "AzureDynamics365ForCustomerEngagement" => "Dynamics365CustomerEngagementPackageConfiguration",
            "AzureDynamics365ForOperations" => "Dynamics365OperationsPackageConfiguration",
            _ => "AzureApplicationPackageConfiguration",
        };
        add(
            product,
            "Package",
            "packageconfigurations",
            resource_type,
            None,
            Duration::ZERO,
        );
    }
}

/// The branches of a plan appear a moment after it.
pub(super) fn of_plan(product: &mut Product, plan: &str, sub_type: &str, after: Duration) {
    let package = match sub_type {
        "managed-application" => "AzureManagedApplicationPackageConfiguration",
        _ => "AzureSolutionTemplatePackageConfiguration",
    };
    add(product, "Listing", "listings", "AzureListing", Some(plan), after);
    add(
        product,
        "Availability",
        "featureavailabilities",
        "FeatureAvailability",
        Some(plan),
        after,
    );
    add(product, "Package", "packageconfigurations", package, Some(plan), after);
}

/// The branch that a reseller configuration brings; its instance id has a form of its own.
pub(super) fn of_reseller(product: &mut Product, id: &str) {
    product.drafts.retain(|draft| draft.module != "ResellerConfiguration");
    let instance = format!("{id}-ResellerInstance");
    product.drafts.push(Draft {
        module: "ResellerConfiguration",
        collection: "resellerconfiguration",
        variant: None,
        instance,
        visible_at: Instant::now(),
        resource: Object::new(),
    });
}

fn add(
    product: &mut Product,
    module: &'static str,
    collection: &'static str,
    resource_type: &str,
    variant: Option<&str>,
    after: Duration,
) {
    let mut resource = Object::new();
    resource.insert("resourceType".to_owned(), resource_type.into());
    if collection == "listings" {
        resource.insert("languageCode".to_owned(), "en-us".into());
    }
    resource.insert("id".to_owned(), guid().into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    let variant = variant.map(str::to_owned);
    let visible_at = Instant::now() + after;
    product.drafts.push(Draft {
        module,
        collection,
        variant,
        instance: guid(),
        visible_at,
        resource,
    });
}

pub(super) fn branches(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let module = argument(call, "module").to_owned();
    let now = Instant::now();
    let product = product(world, id);
    let there = product
        .drafts
        .iter()
        .filter(|d| d.module.eq_ignore_ascii_case(&module) && d.visible_at <= now);
    let branches = there.map(|draft| {
        let mut branch = json!({
            "resourceType": "Branch",
            "friendlyName": draft.module,
            "type": "Main",
            "module": draft.module,
            "currentDraftInstanceID": draft.instance,
        });
        if let Some(variant) = &draft.variant {
            branch["variantID"] = variant.as_str().into();
        }
        branch
    });
    let branches = branches.collect();
    super::collection(branches)
}

pub(super) fn find(world: &mut World, id: &str, collection: &str, call: &Allowed) -> Reply {
    let instance = argument(call, "instanceID").to_owned();
    let now = Instant::now();
    let draft = product(world, id)
        .draft(collection, &instance)
        .filter(|draft| draft.visible_at <= now);
    match draft {
        Some(draft) => super::collection(vec![Value::Object(draft.resource.clone())]),
        None => Reply::not_found("draft"),
    }
}

pub(super) fn single(
    world: &mut World,
    id: &str,
    collection: &str,
    method: &str,
    request: &Request,
    call: &Allowed,
) -> Reply {
    let resource_id = call
        .arguments
        .iter()
        .find(|(name, _)| *name != "productID")
        .map(|(_, id)| id.clone());
    let product = product(world, id);
    if let Err(reply) = check_references(product, collection, method, &call.body) {
        return reply;
    }
    let Some(draft) = product.draft(collection, &resource_id.unwrap_or_default()) else {
        return Reply::not_found("resource");
    };
    if method == "GET" {
        return Reply::ok(Value::Object(draft.resource.clone()));
    }
    if let Err(reply) = precondition(&draft.resource, request, &call.body) {
        return reply;
    }
    let sent = call.body.get("resourceType").and_then(Value::as_str);
    let own = draft
        .resource
        .get("resourceType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Some(sent) = sent.filter(|sent| *sent != own) {
        return Reply::bad_request("ResourceType", &format!("{sent} is sent where {own} stands"));
    }
    // The language survives omission; nothing else does.
    replace(
        &mut draft.resource,
        &call.body,
        if call.body.get("languageCode").is_none() {
            &["languageCode"]
        } else {
            &[]
        },
    )
}

/// A package configuration may name only packages that were processed.
fn check_references(product: &Product, collection: &str, method: &str, body: &Value) -> Result<(), Reply> {
    if method != "PUT" || collection != "packageconfigurations" {
        return Ok(());
    }
    for reference in body
        .get("packageReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let id = reference.get("value").and_then(Value::as_str).unwrap_or_default();
        let package = product
            .uploads
            .iter()
            .find(|upload| upload.collection == "packages" && upload.id == id);
        let state = package.map(|package| {
            package
                .resource
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default()
        });
        match state {
            Some("Processed") => {}
            Some(state) => {
                return Err(Reply::bad_request(
                    "PackageReferences",
                    &format!("the package {id} is {state}"),
                ));
            }
            None => {
                return Err(Reply::bad_request(
                    "PackageReferences",
                    &format!("there is no package {id}"),
                ));
            }
        }
    }
    Ok(())
}
