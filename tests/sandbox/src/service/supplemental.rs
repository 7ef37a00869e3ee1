//! The files of supplemental content. A PUT announces them and returns an upload address for each, a commit ends the uploads. No recording
//! shows this: it follows from the fields and the operations of the document, and from the other files of an offer.

use super::{argument, drafts, product};
use crate::blob::{self, Blob};
use crate::contract::ValidRequest;
use crate::message::{Reply, Request, guid};
use crate::model::{Model, Object, Upload};
use serde_json::Value;

const COLLECTION: &str = "supplementalcontents";

/// Replaces supplemental content. A file with a known id keeps its address, every other one gets an upload address.
pub(super) fn replace(model: &mut Model, id: &str, request: &Request, call: &ValidRequest) -> Reply {
    let mut reply = drafts::single(model, id, COLLECTION, "PUT", request, call);
    let Some(Value::Object(resource)) = &mut reply.body else { return reply };
    if !reply.status.is_success() {
        return reply;
    }
    for asset in assets(resource) {
        let known = asset_id(asset).and_then(|own| address(model, id, own));
        let address = known.unwrap_or_else(|| announce(model, id, asset));
        asset.insert("fileSasUri".to_owned(), address.into());
    }
    keep(model, id, call, resource);
    reply
}

/// Ends the uploads: every file must have been sent. Their addresses only allow reading afterwards.
pub(super) fn commit(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let Some(draft) = product(model, id).draft(COLLECTION, argument(call, "instanceID")) else {
        return Reply::not_found("supplemental content");
    };
    let mut resource = draft.resource.clone();
    for asset in assets(&mut resource) {
        let Some(file) = asset_id(asset).and_then(|own| blob_of(model, id, own)) else { continue };
        if model.blobs.get(&file).and_then(Blob::beginning).is_none() {
            let name = asset.get("fileName").and_then(Value::as_str).unwrap_or_default();
            return Reply::bad_request("Assets", &format!("No file was sent to the upload address of {name:?}."));
        }
        let address = blob::readable(model, &file);
        remember(model, id, asset, &address);
        asset.insert("fileSasUri".to_owned(), address.into());
    }
    keep(model, id, call, &resource);
    Reply::ok(Value::Object(resource))
}

fn assets(resource: &mut Object) -> impl Iterator<Item = &mut Object> {
    let assets = resource.get_mut("assets").and_then(Value::as_array_mut);
    assets.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn asset_id(asset: &Object) -> Option<&str> {
    asset.get("assetID").and_then(Value::as_str).filter(|own| !own.is_empty())
}

/// Issues an upload address for a file, and an id if it has none.
fn announce(model: &mut Model, id: &str, asset: &mut Object) -> String {
    let (blob, address) = blob::issue(model);
    let own = asset_id(asset).map_or_else(guid, str::to_owned);
    asset.insert("assetID".to_owned(), own.as_str().into());
    let resource = Object::from_iter([("fileSasUri".to_owned(), Value::from(address.as_str()))]);
    let upload = Upload { collection: COLLECTION.to_owned(), id: own, blob, resource, uploaded_at: None };
    product(model, id).uploads.push(upload);
    address
}

fn upload<'m>(model: &'m mut Model, id: &str, own: &str) -> Option<&'m mut Upload> {
    let mut uploads = product(model, id).uploads.iter_mut();
    uploads.find(|upload| upload.collection == COLLECTION && upload.id == own)
}

fn address(model: &mut Model, id: &str, own: &str) -> Option<String> {
    upload(model, id, own)?.resource.get("fileSasUri")?.as_str().map(str::to_owned)
}

fn blob_of(model: &mut Model, id: &str, own: &str) -> Option<String> {
    upload(model, id, own).map(|upload| upload.blob.clone())
}

fn remember(model: &mut Model, id: &str, asset: &Object, address: &str) {
    if let Some(upload) = asset_id(asset).and_then(|own| upload(model, id, own)) {
        upload.resource.insert("fileSasUri".to_owned(), address.into());
    }
}

/// Stores the resource of a draft.
fn keep(model: &mut Model, id: &str, call: &ValidRequest, resource: &Object) {
    if let Some(draft) = product(model, id).draft(COLLECTION, argument(call, "instanceID")) {
        draft.resource.clone_from(resource);
    }
}
