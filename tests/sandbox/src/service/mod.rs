//! The handlers of the API, by the routes of the document.

mod drafts;
mod expand;
mod filter;
mod fresh;
mod late;
pub(crate) mod overview;
mod products;
mod subjects;
mod submissions;
mod supplemental;
mod uploads;
mod validation;
mod variants;

use crate::contract::{ValidRequest, tag_in_body};
use crate::message::{Reply, Request, etag};
use crate::model::{Model, Object, Product};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// The prefix of the last path segment of routes that look up a draft.
const BY_INSTANCE: &str = "getbyinstanceid";

pub(crate) fn handle(model: &mut Model, request: &Request, call: &ValidRequest) -> Reply {
    let template = call.template.to_ascii_lowercase();
    let parts: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    let method = call.method.as_str();
    if let ["products"] = parts.as_slice() {
        return match method {
            "GET" => {
                let mut reply = products::list(model, request);
                late::hide(model, &mut reply);
                reply
            }
            _ => products::create(model, call),
        };
    }
    if let Some(reply) = late::refuse(model, call) {
        return reply;
    }
    let id = argument(call, "productID");
    if !model.products.contains_key(id) {
        return Reply::not_found("product");
    }
    let below = &parts[2..];
    if !(below.is_empty() || below == ["setup"] || products::is_modular(model, id)) {
        return Reply::not_applicable();
    }
    let mut reply = below_product(model, id, method, below, request, call);
    if method == "GET" {
        late::hide(model, &mut reply);
    }
    if expand::applies(method, below) { expand::trim(below, request, reply) } else { reply }
}

/// Handles the routes below one product.
fn below_product(
    model: &mut Model,
    id: &str,
    method: &str,
    below: &[&str],
    request: &Request,
    call: &ValidRequest,
) -> Reply {
    match (method, below) {
        ("GET", []) => products::get(model, id),
        ("DELETE", []) => products::delete(model, id),
        ("GET", ["setup"]) => products::get_setup(model, id),
        ("POST", ["setup"]) => products::set_setup(model, id, call),
        ("GET", ["resellerconfiguration"]) => products::get_reseller(model, id),
        ("POST", ["resellerconfiguration"]) => products::set_reseller(model, id, call),
        ("GET", ["branches", _]) => drafts::branches(model, id, call),
        ("GET" | "POST", ["variants"]) => variants::collection(model, id, method, call),
        (_, ["variants", _]) => variants::single(model, id, method, request, call),
        ("GET", ["leadconfiguration"]) => products::get_lead(model, id),
        ("POST", ["leadconfiguration"]) => products::set_lead(model, id, call),
        ("GET", ["cosellassets", find]) if find.starts_with(BY_INSTANCE) => {
            uploads::collection(model, id, "cosellassets", method, call)
        }
        ("GET" | "POST", [files @ ("packages" | "cosellassets")]) => {
            uploads::collection(model, id, files, method, call)
        }
        (_, [files @ ("packages" | "cosellassets"), _]) => uploads::single(model, id, files, method, request, call),
        ("GET" | "POST", ["listings", _, files]) => {
            uploads::collection(model, id, &of_listing(call, files), method, call)
        }
        (_, ["listings", _, files, _]) => uploads::single(model, id, &of_listing(call, files), method, request, call),
        (_, ["submissions", ..]) => submissions::handle(model, id, method, &below[1..], request, call),
        ("GET", [collection, find]) if find.starts_with(BY_INSTANCE) => drafts::find(model, id, collection, call),
        ("POST", ["listings", _]) => drafts::add_listing(model, id, call),
        ("DELETE", ["listings", _]) => drafts::delete_listing(model, id, call),
        ("PUT", ["supplementalcontents", _]) => supplemental::replace(model, id, request, call),
        ("POST", ["supplementalcontents", _, "commit"]) => supplemental::commit(model, id, call),
        ("GET", [collection]) => drafts::list(model, id, collection),
        ("POST", [collection]) => drafts::create(model, id, collection, call),
        (_, [collection, _]) => drafts::single(model, id, collection, method, request, call),
        // A route of the document without a handler. A test reports it.
        _ => Reply::error(StatusCode::NOT_IMPLEMENTED, "The sandbox does not implement this route yet."),
    }
}

fn argument<'c>(call: &'c ValidRequest, name: &str) -> &'c str {
    call.arguments.get(name).map(String::as_str).unwrap_or_default()
}

/// Returns the collection of images, assets or videos of one listing.
fn of_listing(call: &ValidRequest, files: &str) -> String {
    format!("listings/{}/{files}", argument(call, "listingID"))
}

/// Returns the product of the current call. The dispatcher has checked that it exists.
fn product<'w>(model: &'w mut Model, id: &str) -> &'w mut Product {
    model.products.entry(id.to_owned()).or_default()
}

/// Returns the body as an object without nulls, which mean absent.
fn object(body: &Value) -> Object {
    let mut object = body.as_object().cloned().unwrap_or_default();
    object.retain(|_, value| !value.is_null());
    object
}

fn collection(items: Vec<Value>) -> Reply {
    Reply::ok(json!({"value": items}))
}

/// Creates the reply to a creation: 201 with `Location`, and with `ETag` if the resource has an entity tag.
fn created(model: &mut Model, call: &ValidRequest, path: &str, resource: &Object) -> Reply {
    if let Some(id) = resource.get("id").and_then(Value::as_str) {
        late::delay(model, id);
    }
    let mut reply = Reply::json(call.success, Value::Object(resource.clone()));
    if call.success == StatusCode::CREATED {
        reply = reply.with_header(header::LOCATION, &format!("{}/v1.0/ingestion/{path}", model.origin));
    }
    match resource.get("@odata.etag").and_then(Value::as_str) {
        Some(tag) => reply.with_header(header::ETAG, tag),
        None => reply,
    }
}

/// Replaces a resource, except for the fields in `keep` and those that the service owns.
fn replace(resource: &mut Object, body: &Value, keep: &[&str]) -> Reply {
    let mut new = object(body);
    for key in ["id", "resourceType"].iter().chain(keep) {
        if let Some(value) = resource.get(*key) {
            new.insert((*key).to_owned(), value.clone());
        }
    }
    let tag = etag();
    new.insert("@odata.etag".to_owned(), tag.as_str().into());
    *resource = new;
    Reply::ok(Value::Object(resource.clone())).with_header(header::ETAG, &tag)
}

/// Rejects an outdated entity tag in the header or in the body. `*` and no tag are accepted.
fn precondition(resource: &Object, request: &Request, body: &Value) -> Result<(), Reply> {
    let current = resource.get("@odata.etag").and_then(Value::as_str).unwrap_or_default();
    let sent = request.header("if-match").or_else(|| tag_in_body(body));
    match sent {
        Some(tag) if tag != "*" && tag != current => {
            let message = "The resource was changed since it was read.";
            Err(Reply::error(StatusCode::PRECONDITION_FAILED, message))
        }
        _ => Ok(()),
    }
}
