//! Branches and the drafts behind them: one for each module of the offer and of every plan.

use super::{argument, object, precondition, product, replace};
use crate::clock::Moment;
use crate::contract::Allowed;
use crate::message::{Reply, Request, etag, guid};
use crate::world::{Draft, Object, Product, World};
use http::StatusCode;
use serde_json::{Value, json};

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
        add(product, module, collection, resource_type, None, Moment::ZERO);
    }
    let package = match kind {
        "AzureDynamics365BusinessCentral" => "Dynamics365BusinessCentralPackageConfiguration",
        "AzureDynamics365ForCustomerEngagement" => "Dynamics365CustomerEngagementPackageConfiguration",
        "AzureDynamics365ForOperations" => "Dynamics365OperationsPackageConfiguration",
        _ => "AzureApplicationPackageConfiguration",
    };
    add(product, "Package", "packageconfigurations", package, None, Moment::ZERO);
}

/// The branches of a plan appear a moment after it.
pub(super) fn of_plan(product: &mut Product, plan: &str, sub_type: &str, visible_at: Moment) {
    let package = match sub_type {
        "managed-application" => "AzureManagedApplicationPackageConfiguration",
        _ => "AzureSolutionTemplatePackageConfiguration",
    };
    add(product, "Listing", "listings", "AzureListing", Some(plan), visible_at);
    add(product, "Availability", "featureavailabilities", "FeatureAvailability", Some(plan), visible_at);
    add(product, "Package", "packageconfigurations", package, Some(plan), visible_at);
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
        visible_at: Moment::ZERO,
        resource: Object::new(),
    });
}

fn add(
    product: &mut Product,
    module: &'static str,
    collection: &'static str,
    resource_type: &str,
    variant: Option<&str>,
    visible_at: Moment,
) {
    let mut resource = Object::new();
    resource.insert("resourceType".to_owned(), resource_type.into());
    if collection == "listings" {
        resource.insert("languageCode".to_owned(), "en-us".into());
    }
    resource.insert("id".to_owned(), guid().into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    let variant = variant.map(str::to_owned);
    product.drafts.push(Draft { module, collection, variant, instance: guid(), visible_at, resource });
}

pub(super) fn branches(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let module = argument(call, "module").to_owned();
    let now = world.clock.now();
    let product = product(world, id);
    let there = product.drafts.iter().filter(|d| d.module.eq_ignore_ascii_case(&module) && d.visible_at <= now);
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
    let now = world.clock.now();
    let drafts = product(world, id).drafts.iter();
    let found = drafts.filter(|d| d.collection == collection && d.instance == instance && d.visible_at <= now);
    let found: Vec<Value> = found.map(|draft| Value::Object(draft.resource.clone())).collect();
    if found.is_empty() {
        return Reply::not_found("draft");
    }
    super::collection(found)
}

/// All resources of one kind.
pub(super) fn list(world: &mut World, id: &str, collection: &str) -> Reply {
    let now = world.clock.now();
    let drafts = product(world, id).drafts.iter();
    let there = drafts.filter(|draft| draft.collection == collection && draft.visible_at <= now);
    super::collection(there.map(|draft| Value::Object(draft.resource.clone())).collect())
}

/// A resource beside those that the service made; it is in no branch.
pub(super) fn create(world: &mut World, id: &str, collection: &str, call: &Allowed) -> Reply {
    let Some((_, collection, resource_type)) = OF_OFFER.iter().find(|(_, known, _)| *known == collection) else {
        return Reply::refused(StatusCode::NOT_IMPLEMENTED, "The sandbox does not have this route yet.");
    };
    let mut resource = object(&call.body);
    resource.entry("resourceType").or_insert_with(|| (*resource_type).into());
    keep(world, id, collection, guid(), resource, call)
}

/// A listing in another language, beside the one that the draft came with.
pub(super) fn add_listing(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let instance = argument(call, "instanceID").to_owned();
    let mut listing = object(&call.body);
    let Some(language) = listing.get("languageCode").and_then(Value::as_str).map(str::to_owned) else {
        return Reply::bad_request("LanguageCode", "The LanguageCode field is required.");
    };
    let drafts = product(world, id).drafts.iter();
    let mut languages = drafts
        .filter(|draft| draft.collection == "listings" && draft.instance == instance)
        .map(|draft| draft.resource.get("languageCode").and_then(Value::as_str).unwrap_or_default())
        .peekable();
    if languages.peek().is_none() {
        return Reply::not_found("draft");
    }
    if languages.any(|other| other.eq_ignore_ascii_case(&language)) {
        let message = format!("A listing in the language {language} exists already.");
        return Reply::refused(StatusCode::CONFLICT, &message);
    }
    listing.entry("resourceType").or_insert_with(|| "AzureListing".into());
    keep(world, id, "listings", instance, listing, call)
}

/// The listing that the draft came with stays.
pub(super) fn delete_listing(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let listing = call.own_argument();
    let product = product(world, id);
    match product.draft("listings", listing) {
        None => Reply::not_found("listing"),
        Some(draft) if !draft.module.is_empty() => {
            Reply::bad_request("ListingID", "The listing that the offer came with cannot be deleted.")
        }
        Some(_) => {
            product.drafts.retain(|d| d.resource.get("id").and_then(Value::as_str) != Some(listing));
            Reply::empty(StatusCode::NO_CONTENT)
        }
    }
}

/// Supplemental contents are taken over as they stand.
pub(super) fn commit(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let instance = argument(call, "instanceID").to_owned();
    match product(world, id).draft("supplementalcontents", &instance) {
        Some(draft) => Reply::ok(Value::Object(draft.resource.clone())),
        None => Reply::not_found("supplemental content"),
    }
}

/// Adds a resource that is no branch.
fn keep(
    world: &mut World,
    id: &str,
    collection: &'static str,
    instance: String,
    mut resource: Object,
    call: &Allowed,
) -> Reply {
    let own = guid();
    resource.insert("id".to_owned(), own.as_str().into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    product(world, id).drafts.push(Draft {
        module: "",
        collection,
        variant: None,
        instance,
        visible_at: Moment::ZERO,
        resource: resource.clone(),
    });
    super::created(world, call, &format!("products/{id}/{collection}/{own}"), &resource)
}

pub(super) fn single(
    world: &mut World,
    id: &str,
    collection: &str,
    method: &str,
    request: &Request,
    call: &Allowed,
) -> Reply {
    let resource_id = call.arguments.iter().find(|(name, _)| *name != "productID").map(|(_, id)| id.clone());
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
    let own = draft.resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    if let Some(sent) = sent.filter(|sent| *sent != own) {
        return Reply::bad_request("ResourceType", &format!("{sent} is sent where {own} stands"));
    }
    // The language survives omission; nothing else does.
    replace(
        &mut draft.resource,
        &call.body,
        if call.body.get("languageCode").is_none() { &["languageCode"] } else { &[] },
    )
}

/// A package configuration may name only packages that were processed.
fn check_references(product: &Product, collection: &str, method: &str, body: &Value) -> Result<(), Reply> {
    if method != "PUT" || collection != "packageconfigurations" {
        return Ok(());
    }
    for reference in body.get("packageReferences").and_then(Value::as_array).into_iter().flatten() {
        let id = reference.get("value").and_then(Value::as_str).unwrap_or_default();
        let package = product.uploads.iter().find(|upload| upload.collection == "packages" && upload.id == id);
        let state = package.map(|package| package.resource.get("state").and_then(Value::as_str).unwrap_or_default());
        match state {
            Some("Processed") => {}
            Some(state) => {
                return Err(Reply::bad_request("PackageReferences", &format!("the package {id} is {state}")));
            }
            None => {
                return Err(Reply::bad_request("PackageReferences", &format!("there is no package {id}")));
            }
        }
    }
    Ok(())
}
