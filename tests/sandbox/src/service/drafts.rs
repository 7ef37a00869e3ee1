//! Branches and their drafts: one for each module of the offer and of each plan.

use super::{argument, fresh, object, precondition, product, replace};
use crate::clock::Moment;
use crate::contract::ValidRequest;
use crate::message::{Reply, Request, etag, guid};
use crate::model::{Draft, Model, Object, Product};
use http::StatusCode;
use serde_json::{Value, json};

/// Module, collection and resource type of the drafts that a new offer has.
const OF_OFFER: [(&str, &str, &str); 5] = [
    ("Property", "properties", "AzureProperty"),
    ("Listing", "listings", "AzureListing"),
    ("Availability", "productavailabilities", "ProductAvailability"),
    ("Cosell", "coselllisting", "CosellListing"),
    ("SupplementalContent", "supplementalcontents", "SupplementalContent"),
];

/// Adds the drafts of a new offer. Their branches become visible at `visible_at`.
pub(super) fn of_offer(product: &mut Product, id: &str, visible_at: Moment) {
    let name = product.text("name").to_owned();
    for (module, collection, resource_type) in OF_OFFER {
        add(product, module, collection, fresh::resource(resource_type, &name), None, visible_at);
    }
    let package = match product.kind() {
        "AzureDynamics365BusinessCentral" => "Dynamics365BusinessCentralPackageConfiguration",
        "AzureDynamics365ForCustomerEngagement" => "Dynamics365CustomerEngagementPackageConfiguration",
        "AzureDynamics365ForOperations" => "Dynamics365OperationsPackageConfiguration",
        _ => "AzureApplicationPackageConfiguration",
    };
    add(product, "Package", "packageconfigurations", fresh::resource(package, &name), None, visible_at);
    // The reseller configuration has a branch before it is set. Its instance id has a special format.
    product.drafts.push(Draft {
        module: "ResellerConfiguration",
        collection: "resellerconfiguration",
        variant: None,
        instance: format!("{id}-ResellerInstance"),
        visible_at,
        resource: Object::new(),
    });
}

/// Adds the drafts of a plan. Their branches become visible at `visible_at`, that of the package at `package_visible_at`.
pub(super) fn of_plan(product: &mut Product, plan: &str, visible_at: Moment, package_visible_at: Moment) {
    let field = |key: &str| product.variants.get(plan).and_then(|body| body.get(key)?.as_str());
    let name = field("friendlyName").unwrap_or_default().to_owned();
    let package = match field("subType") {
        Some("managed-application") => "AzureManagedApplicationPackageConfiguration",
        _ => "AzureSolutionTemplatePackageConfiguration",
    };
    for (module, collection, resource_type, visible_at) in [
        ("Listing", "listings", "AzureListing", visible_at),
        ("Availability", "featureavailabilities", "FeatureAvailability", visible_at),
        ("Package", "packageconfigurations", package, package_visible_at),
    ] {
        add(product, module, collection, fresh::resource(resource_type, &name), Some(plan), visible_at);
    }
}

fn add(
    product: &mut Product,
    module: &'static str,
    collection: &'static str,
    mut resource: Object,
    variant: Option<&str>,
    visible_at: Moment,
) {
    resource.insert("id".to_owned(), guid().into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    let variant = variant.map(str::to_owned);
    product.drafts.push(Draft { module, collection, variant, instance: guid(), visible_at, resource });
}

pub(super) fn branches(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let module = argument(call, "module").to_owned();
    let now = model.clock.now();
    let product = product(model, id);
    let there = product.drafts.iter().filter(|d| d.module.eq_ignore_ascii_case(&module) && d.visible_at <= now);
    let branches = there.map(|draft| {
        let mut branch = json!({
            "resourceType": "Branch",
            "friendlyName": "Main",
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

pub(super) fn find(model: &mut Model, id: &str, collection: &str, call: &ValidRequest) -> Reply {
    let instance = argument(call, "instanceID").to_owned();
    let now = model.clock.now();
    let product = product(model, id);
    let drafts = product.drafts.iter().chain(&product.submitted);
    let found = drafts.filter(|d| d.collection == collection && d.instance == instance && d.visible_at <= now);
    let found: Vec<Value> = found.map(|draft| Value::Object(draft.resource.clone())).collect();
    if found.is_empty() {
        return Reply::not_found("draft");
    }
    super::collection(found)
}

/// Lists all resources of one collection.
pub(super) fn list(model: &mut Model, id: &str, collection: &str) -> Reply {
    let now = model.clock.now();
    let drafts = product(model, id).drafts.iter();
    let there = drafts.filter(|draft| draft.collection == collection && draft.visible_at <= now);
    super::collection(there.map(|draft| Value::Object(draft.resource.clone())).collect())
}

/// Creates an additional resource, which has no branch.
pub(super) fn create(model: &mut Model, id: &str, collection: &str, call: &ValidRequest) -> Reply {
    let Some((_, collection, resource_type)) = OF_OFFER.iter().find(|(_, known, _)| *known == collection) else {
        return Reply::error(StatusCode::NOT_IMPLEMENTED, "The sandbox does not implement this route yet.");
    };
    let mut resource = object(&call.body);
    resource.entry("resourceType").or_insert_with(|| (*resource_type).into());
    keep(model, id, collection, guid(), resource, call)
}

/// Adds a listing in another language to a draft.
pub(super) fn add_listing(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let instance = argument(call, "instanceID").to_owned();
    let mut listing = object(&call.body);
    let Some(language) = listing.get("languageCode").and_then(Value::as_str).map(str::to_owned) else {
        return Reply::bad_request("LanguageCode", "The LanguageCode field is required.");
    };
    let drafts = product(model, id).drafts.iter();
    let mut languages = drafts
        .filter(|draft| draft.collection == "listings" && draft.instance == instance)
        .map(|draft| draft.resource.get("languageCode").and_then(Value::as_str).unwrap_or_default())
        .peekable();
    if languages.peek().is_none() {
        return Reply::not_found("draft");
    }
    if languages.any(|other| other.eq_ignore_ascii_case(&language)) {
        let message = format!("A listing in the language {language} exists already.");
        return Reply::error(StatusCode::CONFLICT, &message);
    }
    listing.entry("resourceType").or_insert_with(|| "AzureListing".into());
    keep(model, id, "listings", instance, listing, call)
}

/// Deletes an additional listing. The original listing of a draft cannot be deleted.
pub(super) fn delete_listing(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let listing = call.own_argument();
    let product = product(model, id);
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

/// Adds a resource without a branch.
fn keep(
    model: &mut Model,
    id: &str,
    collection: &'static str,
    instance: String,
    mut resource: Object,
    call: &ValidRequest,
) -> Reply {
    let own = guid();
    resource.insert("id".to_owned(), own.as_str().into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    product(model, id).drafts.push(Draft {
        module: "",
        collection,
        variant: None,
        instance,
        visible_at: Moment::ZERO,
        resource: resource.clone(),
    });
    super::created(model, call, &format!("products/{id}/{collection}/{own}"), &resource)
}

pub(super) fn single(
    model: &mut Model,
    id: &str,
    collection: &str,
    method: &str,
    request: &Request,
    call: &ValidRequest,
) -> Reply {
    let resource_id = call.arguments.iter().find(|(name, _)| *name != "productID").map(|(_, id)| id.clone());
    let product = product(model, id);
    if let Err(reply) = check_references(product, collection, method, &call.body) {
        return reply;
    }
    let resource_id = resource_id.unwrap_or_default();
    let Some(draft) = product.draft(collection, &resource_id) else {
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
        return Reply::bad_request("ResourceType", &format!("expected {own}, got {sent}"));
    }
    // The language is kept if it is omitted. All other fields are replaced.
    let kept: &[&str] = if call.body.get("languageCode").is_none() { &["languageCode"] } else { &[] };
    let instance = draft.instance.clone();
    separate(product, collection, &instance);
    match product.draft(collection, &resource_id) {
        Some(draft) => replace(&mut draft.resource, &call.body, kept),
        None => Reply::not_found("resource"),
    }
}

/// Gives a draft that was submitted a new instance before it changes: the old one remains what was submitted.
fn separate(product: &mut Product, collection: &str, instance: &str) {
    // Their instance is their id.
    if matches!(collection, "coselllisting" | "supplementalcontents") {
        return;
    }
    let mut submissions = product.submissions.iter().filter(|submission| !submission.is_cancelled);
    let was_submitted = submissions.any(|submission| {
        let of_plans = submission.request.get("variantResources").and_then(Value::as_array).into_iter().flatten();
        let of_plans = of_plans.filter_map(|plan| plan.get("resources"));
        let all = submission.request.get("resources").into_iter().chain(of_plans);
        let mut pairs = all.filter_map(Value::as_array).flatten();
        pairs.any(|pair| pair.get("value").and_then(Value::as_str) == Some(instance))
    });
    if !was_submitted {
        return;
    }
    let new = guid();
    for draft in product.drafts.iter_mut().filter(|draft| draft.collection == collection && draft.instance == instance)
    {
        product.submitted.push(Draft { module: "", ..draft.clone() });
        draft.instance.clone_from(&new);
    }
}

/// Checks that a package configuration refers only to processed packages.
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
                return Err(Reply::bad_request("PackageReferences", &format!("package {id} is in state {state}")));
            }
            None => {
                return Err(Reply::bad_request("PackageReferences", &format!("package {id} does not exist")));
            }
        }
    }
    Ok(())
}
