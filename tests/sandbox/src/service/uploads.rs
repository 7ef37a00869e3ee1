//! Images, assets, videos, co-sell documents and packages: a record with a file behind an upload address.

use super::{created, object, precondition, product, replace};
use crate::contract::Allowed;
use crate::http::{Reply, Request, etag, guid};
use crate::world::{Upload, World};
use crate::{blob, world};
use axum::http::StatusCode;
use serde_json::{Value, json};

pub(super) fn collection(world: &mut World, id: &str, collection: &str, method: &str, call: &Allowed) -> Reply {
    settle(world, id);
    if method == "GET" {
        let uploads = product(world, id)
            .uploads
            .iter()
            .filter(|upload| upload.collection == collection);
        let uploads = uploads.map(|upload| Value::Object(upload.resource.clone())).collect();
        return super::collection(uploads);
    }
    let listing = call.arguments.get("listingID");
    if listing.is_some_and(|listing| product(world, id).draft("listings", listing).is_none()) {
        return Reply::not_found("listing");
    }
    let mut resource = object(&call.body);
    if resource
        .get("fileName")
        .and_then(Value::as_str)
        .is_none_or(str::is_empty)
    {
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
    created(
        world,
        call,
        &format!("products/{id}/{collection}/{upload_id}"),
        &resource,
    )
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
    let at = product
        .uploads
        .iter()
        .position(|upload| upload.collection == collection && upload.id == upload_id);
    let Some(at) = at else { return Reply::not_found("file") };
    if method == "DELETE" {
        product.uploads.remove(at);
        return Reply::empty(StatusCode::NO_CONTENT);
    }
    let upload = &mut product.uploads[at];
    if method == "GET" {
        return Reply::ok(Value::Object(upload.resource.clone()));
    }
    if let Err(reply) = precondition(&upload.resource, request, &call.body) {
        return reply;
    }
    let marked = call.body.get("state").and_then(Value::as_str) == Some("Uploaded");
    let there = world.blobs.get(&upload.blob).is_some_and(|blob| blob.content.is_some());
    if marked && !there {
        return Reply::bad_request("FileSasUri", "No file was sent to the upload address.");
    }
    if marked && upload.uploaded_at.is_none() {
        upload.uploaded_at = Some(now);
    }
    if let Some(address) = readable {
        upload.resource.insert("fileSasUri".to_owned(), address.into());
    }
    replace(&mut upload.resource, &call.body, &["fileSasUri"])
}

/// Lets packages move on: Uploaded, InProcessing, then Processed or ProcessFailed.
fn settle(world: &mut World, id: &str) {
    let (pace, now) = (world.pace, world.clock.now());
    let Some(product) = world.products.get_mut(id) else {
        return;
    };
    for upload in product
        .uploads
        .iter_mut()
        .filter(|upload| upload.collection == "packages")
    {
        let Some(uploaded) = upload.uploaded_at else { continue };
        let steps = now.saturating_sub(uploaded);
        let state = if steps < pace {
            "Uploaded"
        } else if steps < 2 * pace {
            "InProcessing"
        } else if is_archive(&world.blobs, &upload.blob) {
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

/// A zip archive starts with `PK`.
fn is_archive(blobs: &std::collections::HashMap<String, world::Blob>, name: &str) -> bool {
    blobs
        .get(name)
        .and_then(|blob| blob.content.as_ref())
        .is_some_and(|content| content.starts_with(b"PK"))
}

/// Whether the archive has this file: names stand in a zip archive as plain text.
pub(super) fn holds(world: &World, upload: &Upload, name: &str) -> bool {
    let content = world.blobs.get(&upload.blob).and_then(|blob| blob.content.as_ref());
    content.is_some_and(|content| content.windows(name.len()).any(|window| window == name.as_bytes()))
}
