//! The blob store behind upload addresses: what a shared access signature allows, and no token ever.

use crate::http::{Reply, Request, guid};
use crate::world::World;
use axum::http::{Method, StatusCode};

/// Where blobs live below the sandbox's address.
pub(crate) const PREFIX: &str = "/blob/";

/// Makes an address to which one file may be sent.
pub(crate) fn issue(world: &mut World) -> (String, String) {
    let name = guid();
    let signature = guid();
    let address = format!(
        "{}{PREFIX}{name}?sv=2018-03-28&sr=b&sig={signature}&sp=rwl",
        world.origin
    );
    world.blobs.insert(
        name.clone(),
        crate::world::Blob {
            signature,
            content: None,
        },
    );
    (name, address)
}

pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    let name = request.path.trim_start_matches(PREFIX);
    let Some(blob) = world.blobs.get_mut(name) else {
        return Reply::empty(StatusCode::NOT_FOUND);
    };
    if request.header("authorization").is_some() {
        return Reply::empty(StatusCode::BAD_REQUEST).noted("a token was sent to the blob store");
    }
    if request.query("sig") != Some(&blob.signature) {
        return Reply::empty(StatusCode::FORBIDDEN).noted("the signature does not match");
    }
    if request.method != Method::PUT {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    if request.header("x-ms-blob-type") != Some("BlockBlob") {
        return Reply::empty(StatusCode::BAD_REQUEST).noted("x-ms-blob-type must be BlockBlob");
    }
    blob.content = Some(request.body.clone());
    Reply::empty(StatusCode::CREATED)
}
