//! Images, assets, videos, co-sell documents and packages: resources with an uploaded file.

use super::{created, object, precondition, product, replace};
use crate::blob::{self, Blob};
use crate::contract::ValidRequest;
use crate::error_shape;
use crate::message::{Reply, Request, etag, guid};
use crate::model::{Model, Upload};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) fn collection(model: &mut Model, id: &str, collection: &str, method: &str, call: &ValidRequest) -> Reply {
    update_states(model, id);
    let listing = call.arguments.get("listingID");
    if listing.is_some_and(|listing| product(model, id).draft("listings", listing).is_none()) {
        return Reply::not_found("listing");
    }
    if method == "GET" {
        let uploads = product(model, id).uploads.iter().filter(|upload| upload.collection == collection);
        let uploads = uploads.map(|upload| Value::Object(upload.resource.clone())).collect();
        return super::collection(uploads);
    }
    let mut resource = object(&call.body);
    let is_empty = |key: &str| resource.get(key).and_then(Value::as_str).is_none_or(str::is_empty);
    // A video may be a link.
    let is_link = collection.ends_with("/videos") && !is_empty("streamingUri");
    if is_empty("fileName") && !is_link {
        return Reply::bad_request("FileName", "The FileName field is required.");
    }
    let (blob, address) = blob::issue(model);
    let upload_id = guid();
    resource.insert("id".to_owned(), upload_id.as_str().into());
    resource.insert("state".to_owned(), "PendingUpload".into());
    if collection.ends_with("/videos") {
        // A video's thumbnail has its own upload URL.
        let (_, thumbnail) = blob::issue(model);
        let mut picture = resource.get("thumbnail").cloned().unwrap_or_else(|| json!({}));
        picture["fileSasUri"] = thumbnail.into();
        resource.insert("thumbnail".to_owned(), picture);
    }
    resource.insert("fileSasUri".to_owned(), address.into());
    resource.insert("@odata.etag".to_owned(), etag().into());
    product(model, id).uploads.push(Upload {
        collection: collection.to_owned(),
        id: upload_id.clone(),
        blob,
        resource: resource.clone(),
        uploaded_at: None,
    });
    created(model, call, &format!("products/{id}/{collection}/{upload_id}"), &resource)
}

pub(super) fn single(
    model: &mut Model,
    id: &str,
    collection: &str,
    method: &str,
    request: &Request,
    call: &ValidRequest,
) -> Reply {
    update_states(model, id);
    let now = model.clock.now();
    let upload_id = call.own_argument().to_owned();
    let known = product(model, id).uploads.iter().find(|upload| upload.id == upload_id);
    let name = known.map(|upload| upload.blob.clone()).unwrap_or_default();
    // PUT returns a download URL.
    let readable = (method == "PUT").then(|| blob::readable(model, &name));
    let product = model.products.entry(id.to_owned()).or_default();
    let at = product.uploads.iter().position(|upload| upload.collection == collection && upload.id == upload_id);
    let Some(at) = at else { return Reply::not_found("file") };
    if method == "DELETE" {
        product.uploads.remove(at);
        return Reply::empty(StatusCode::NO_CONTENT);
    }
    if method == "GET" {
        let body = product.uploads[at].resource.clone();
        return match find_duplicate(model, id, &upload_id) {
            Some((to, name)) => Reply::json(StatusCode::MOVED_PERMANENTLY, error_shape::duplicate(&to, &name)),
            None => Reply::ok(Value::Object(body)),
        };
    }
    let upload = &mut product.uploads[at];
    if let Err(reply) = precondition(&upload.resource, request, &call.body) {
        return reply;
    }
    let state = call.body.get("state").and_then(Value::as_str);
    let marked = state.is_some_and(|state| state.eq_ignore_ascii_case("Uploaded"));
    let there = model.blobs.get(&upload.blob).is_some_and(|blob| blob.beginning().is_some());
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
    if marked {
        // The packages of Business Central are processed within the PUT.
        body["state"] = if is_business_central(upload) { "Processed" } else { "Uploaded" }.into();
    }
    replace(&mut upload.resource, &body, &["fileSasUri"])
}

/// Updates the states of packages: Uploaded, InProcessing, then Processed or ProcessFailed.
pub(super) fn update_states(model: &mut Model, id: &str) {
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let Some(product) = model.products.get_mut(id) else {
        return;
    };
    let application = product.kind() == "AzureApplication";
    for upload in product.uploads.iter_mut().filter(|upload| upload.collection == "packages") {
        let Some(uploaded) = upload.uploaded_at else { continue };
        let steps = now.saturating_sub(uploaded);
        let state = if is_business_central(upload) {
            // These packages are processed within the PUT.
            "Processed"
        } else if steps < processing_delay {
            "Uploaded"
        } else if steps < 2 * processing_delay {
            "InProcessing"
        } else if !application || is_archive(&model.blobs, upload) {
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

/// Returns true if the file begins as a zip archive does. What is in it is checked when it is submitted.
fn is_archive(blobs: &HashMap<String, Blob>, upload: &Upload) -> bool {
    blobs.get(&upload.blob).and_then(Blob::beginning).is_some_and(|content| content.starts_with(b"PK"))
}

/// Returns id and name of a processed package with the same name and file.
fn find_duplicate(model: &Model, id: &str, package: &str) -> Option<(String, String)> {
    let uploads = &model.products.get(id)?.uploads;
    let at = uploads.iter().position(|upload| upload.id == package)?;
    let content = |upload: &Upload| model.blobs.get(&upload.blob).and_then(Blob::beginning);
    let (earlier, new) = (&uploads[..at], &uploads[at]);
    let same = |upload: &&Upload| {
        let processed = upload.collection == "packages" && text(upload, "state") == "Processed";
        processed && text(upload, "fileName") == text(new, "fileName") && content(upload) == content(new)
    };
    // The duplicate is only detected when the package was processed.
    let found = earlier.iter().find(same).filter(|_| text(new, "state") == "Processed")?;
    Some((found.id.clone(), text(found, "fileName").to_owned()))
}
