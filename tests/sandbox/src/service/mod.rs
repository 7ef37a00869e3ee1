//! The service: a small model of each resource's life, driven by the routes of the document.

mod drafts;
mod expand;
mod filter;
mod products;
mod submissions;
mod uploads;
mod variants;

use crate::contract::{Allowed, tag_in_body};
use crate::message::{Reply, Request, etag};
use crate::world::{Object, Product, World};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// How the last part of a route begins that looks a draft up.
const BY_INSTANCE: &str = "getbyinstanceid";

pub(crate) fn handle(world: &mut World, request: &Request, call: &Allowed) -> Reply {
    let template = call.template.to_ascii_lowercase();
    let parts: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    let method = call.method.as_str();
    if let ["products"] = parts.as_slice() {
        return match method {
            "GET" => products::list(world, request),
            _ => products::create(world, call),
        };
    }
    let id = argument(call, "productID");
    if !world.products.contains_key(id) {
        return Reply::not_found("product");
    }
    let below = &parts[2..];
    if !(below.is_empty() || below == ["setup"] || products::is_modular(world, id)) {
        let message = "The operation is not applicable for this product: it is not published in modules.";
        return Reply::refused(StatusCode::FORBIDDEN, message);
    }
    let reply = below_product(world, id, method, below, request, call);
    if method == "GET" { expand::trim(below, request, reply) } else { reply }
}

/// What stands below one product.
fn below_product(
    world: &mut World,
    id: &str,
    method: &str,
    below: &[&str],
    request: &Request,
    call: &Allowed,
) -> Reply {
    match (method, below) {
        ("GET", []) => products::get(world, id),
        ("DELETE", []) => products::delete(world, id),
        ("GET", ["setup"]) => products::get_setup(world, id),
        ("POST", ["setup"]) => products::set_setup(world, id, call),
        ("GET", ["resellerconfiguration"]) => products::get_reseller(world, id),
        ("POST", ["resellerconfiguration"]) => products::set_reseller(world, id, call),
        ("GET", ["branches", _]) => drafts::branches(world, id, call),
        ("GET" | "POST", ["variants"]) => variants::collection(world, id, method, call),
        (_, ["variants", _]) => variants::single(world, id, method, request, call),
        ("GET", ["leadconfiguration"]) => products::get_lead(world, id),
        ("POST", ["leadconfiguration"]) => products::set_lead(world, id, call),
        ("GET", ["cosellassets", find]) if find.starts_with(BY_INSTANCE) => {
            uploads::collection(world, id, "cosellassets", method, call)
        }
        ("GET" | "POST", [files @ ("packages" | "cosellassets")]) => {
            uploads::collection(world, id, files, method, call)
        }
        (_, [files @ ("packages" | "cosellassets"), _]) => uploads::single(world, id, files, method, request, call),
        ("GET" | "POST", ["listings", _, files]) => {
            uploads::collection(world, id, &of_listing(call, files), method, call)
        }
        (_, ["listings", _, files, _]) => uploads::single(world, id, &of_listing(call, files), method, request, call),
        (_, ["submissions", ..]) => submissions::handle(world, id, method, &below[1..], request, call),
        ("GET", [collection, find]) if find.starts_with(BY_INSTANCE) => drafts::find(world, id, collection, call),
        ("POST", ["listings", _]) => drafts::add_listing(world, id, call),
        ("DELETE", ["listings", _]) => drafts::delete_listing(world, id, call),
        ("POST", ["supplementalcontents", _, "commit"]) => drafts::commit(world, id, call),
        ("GET", [collection]) => drafts::list(world, id, collection),
        ("POST", [collection]) => drafts::create(world, id, collection, call),
        (_, [collection, _]) => drafts::single(world, id, collection, method, request, call),
        // The document has a route that nobody wrote a life for: its tests name it.
        _ => Reply::refused(StatusCode::NOT_IMPLEMENTED, "The sandbox does not have this route yet."),
    }
}

fn argument<'c>(call: &'c Allowed, name: &str) -> &'c str {
    call.arguments.get(name).map(String::as_str).unwrap_or_default()
}

/// Images, assets or videos of one listing.
fn of_listing(call: &Allowed, files: &str) -> String {
    format!("listings/{}/{files}", argument(call, "listingID"))
}

/// The product that a handler was called for; the dispatcher looked that it is there.
fn product<'w>(world: &'w mut World, id: &str) -> &'w mut Product {
    world.products.entry(id.to_owned()).or_default()
}

/// The body as an object without the nulls that clients send for absent.
fn object(body: &Value) -> Object {
    let mut object = body.as_object().cloned().unwrap_or_default();
    object.retain(|_, value| !value.is_null());
    object
}

fn collection(items: Vec<Value>) -> Reply {
    Reply::ok(json!({"value": items}))
}

/// 201 comes with Location; what has an entity tag carries it in the header too.
fn created(world: &World, call: &Allowed, path: &str, resource: &Object) -> Reply {
    let mut reply = Reply::json(call.success, Value::Object(resource.clone()));
    if call.success == StatusCode::CREATED {
        reply = reply.with_header(header::LOCATION, &format!("{}/v1.0/ingestion/{path}", world.origin));
    }
    match resource.get("@odata.etag").and_then(Value::as_str) {
        Some(tag) => reply.with_header(header::ETAG, tag),
        None => reply,
    }
}

/// PUT replaces: what the body leaves out is gone, but for what the service owns.
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

/// A stale tag, in the header or in the body, is refused; `*` and none are not.
fn precondition(resource: &Object, request: &Request, body: &Value) -> Result<(), Reply> {
    let current = resource.get("@odata.etag").and_then(Value::as_str).unwrap_or_default();
    let sent = request.header("if-match").or_else(|| tag_in_body(body));
    match sent {
        Some(tag) if tag != "*" && tag != current => {
            let message = "The resource was changed since it was read.";
            Err(Reply::refused(StatusCode::PRECONDITION_FAILED, message))
        }
        _ => Ok(()),
    }
}
