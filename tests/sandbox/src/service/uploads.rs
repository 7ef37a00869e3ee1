//! Images, assets, videos, co-sell documents and packages: a record with a file behind an upload address.

use super::{created, object, precondition, product, replace};
use crate::blob::{self, Blob};
use crate::contract::Allowed;
use crate::message::{Reply, Request, etag, guid};
use crate::shape;
use crate::world::{Upload, World};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) fn collection(world: &mut World, id: &str, collection: &str, method: &str, call: &Allowed) -> Reply {
    settle(world, id);
    let listing = call.arguments.get("listingID");
    if listing.is_some_and(|listing| product(world, id).draft("listings", listing).is_none()) {
        return Reply::not_found("listing");
    }
    if method == "GET" {
        let uploads = product(world, id).uploads.iter().filter(|upload| upload.collection == collection);
        let uploads = uploads.map(|upload| Value::Object(upload.resource.clone())).collect();
        return super::collection(uploads);
    }
    let mut resource = object(&call.body);
    if resource.get("fileName").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Reply::bad_request("FileName", "The FileName field is required.");
    }
    let (blob, address) = blob::issue(world);
    let upload_id = guid();
    resource.insert("id".to_owned(), upload_id.as_str().into());
    resource.insert("state".to_owned(), "PendingUpload".into());
    if collection.ends_with("/videos") {
        // The address of a video's picture stands in the picture.
        let (_, thumbnail) = blob::issue(world);
        let mut picture = resource.get("thumbnail").cloned().unwrap_or_else(|| json!({}));
        picture["fileSasUri"] = thumbnail.into();
        resource.insert("thumbnail".to_owned(), picture);
    }
    resource.insert("fileSasUri".to_owned(), address.into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    product(world, id).uploads.push(Upload {
        collection: collection.to_owned(),
        id: upload_id.clone(),
        blob,
        resource: resource.clone(),
        uploaded_at: None,
    });
    created(world, call, &format!("products/{id}/{collection}/{upload_id}"), &resource)
}

pub(super) fn single(
    world: &mut World,
    id: &str,
    collection: &str,
    method: &str,
    request: &Request,
    call: &Allowed,
) -> Reply {
    settle(world, id);
    let now = world.clock.now();
    let upload_id = call.own_argument().to_owned();
    let known = product(world, id).uploads.iter().find(|upload| upload.id == upload_id);
    let name = known.map(|upload| upload.blob.clone()).unwrap_or_default();
    // PUT answers with an address to read from.
    let readable = (method == "PUT").then(|| blob::readable(world, &name));
    let product = world.products.entry(id.to_owned()).or_default();
    let at = product.uploads.iter().position(|upload| upload.collection == collection && upload.id == upload_id);
    let Some(at) = at else { return Reply::not_found("file") };
    if method == "DELETE" {
        product.uploads.remove(at);
        return Reply::empty(StatusCode::NO_CONTENT);
    }
    if method == "GET" {
        let body = product.uploads[at].resource.clone();
        return match same_before(world, id, &upload_id) {
            Some((to, name)) => Reply::json(StatusCode::MOVED_PERMANENTLY, shape::duplicate(&to, &name)),
            None => Reply::ok(Value::Object(body)),
        };
    }
    let upload = &mut product.uploads[at];
    if let Err(reply) = precondition(&upload.resource, request, &call.body) {
        return reply;
    }
    let marked = call.body.get("state").and_then(Value::as_str) == Some("Uploaded");
    let there = world.blobs.get(&upload.blob).is_some_and(|blob| blob.beginning().is_some());
    if marked && !there {
        return Reply::bad_request("FileSasUri", "No file was sent to the upload address.");
    }
    if marked && upload.uploaded_at.is_none() {
        upload.uploaded_at = Some(now);
    }
    if let Some(address) = readable {
        upload.resource.insert("fileSasUri".to_owned(), address.into());
    }
    let mut body = call.body.clone();
    if marked && is_business_central(upload) {
        body["state"] = "Processed".into();
    }
    replace(&mut upload.resource, &body, &["fileSasUri"])
}

/// Lets packages move on: Uploaded, InProcessing, then Processed or ProcessFailed.
fn settle(world: &mut World, id: &str) {
    let (pace, now) = (world.pace, world.clock.now());
    let Some(product) = world.products.get_mut(id) else {
        return;
    };
    for upload in product.uploads.iter_mut().filter(|upload| upload.collection == "packages") {
        let Some(uploaded) = upload.uploaded_at else { continue };
        let steps = now.saturating_sub(uploaded);
        let state = if is_business_central(upload) {
            // Its packages are processed within the PUT.
            "Processed"
        } else if steps < pace {
            "Uploaded"
        } else if steps < 2 * pace {
            "InProcessing"
        } else if is_processed(&world.blobs, upload) {
            "Processed"
        } else {
            upload.resource.insert("validationItems".to_owned(), json!([{
                "errorCode": "PackageNotAnArchive", "severity": "Error", "message": "The package is not a zip archive.",
            }]));
            "ProcessFailed"
        };
        upload.resource.insert("state".to_owned(), state.into());
    }
}

fn text<'u>(upload: &'u Upload, key: &str) -> &'u str {
    upload.resource.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_business_central(upload: &Upload) -> bool {
    text(upload, "resourceType").starts_with("Dynamics365BusinessCentral")
}

/// Packages of Azure applications are zip archives, which start with `PK`.
fn is_processed(blobs: &HashMap<String, Blob>, upload: &Upload) -> bool {
    let content = blobs.get(&upload.blob).and_then(Blob::beginning);
    !text(upload, "resourceType").starts_with("Azure") || content.is_some_and(|content| content.starts_with(b"PK"))
}

/// The package that was processed before with the same name and the same file.
fn same_before(world: &World, id: &str, package: &str) -> Option<(String, String)> {
    let uploads = &world.products.get(id)?.uploads;
    let at = uploads.iter().position(|upload| upload.id == package)?;
    let content = |upload: &Upload| world.blobs.get(&upload.blob).and_then(Blob::beginning);
    let (earlier, new) = (&uploads[..at], &uploads[at]);
    let same = |upload: &&Upload| {
        let processed = upload.collection == "packages" && text(upload, "state") == "Processed";
        processed && text(upload, "fileName") == text(new, "fileName") && content(upload) == content(new)
    };
    // Before it is processed nobody knows.
    let found = earlier.iter().find(same).filter(|_| text(new, "state") == "Processed")?;
    Some((found.id.clone(), text(found, "fileName").to_owned()))
}

/// Whether the archive has this file: names stand in a zip archive as plain text.
pub(super) fn holds(world: &World, upload: &Upload, name: &str) -> bool {
    let content = world.blobs.get(&upload.blob).and_then(Blob::beginning);
    content.is_some_and(|content| content.windows(name.len()).any(|window| window == name.as_bytes()))
}
