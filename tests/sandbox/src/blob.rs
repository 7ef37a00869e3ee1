//! The blob store behind upload addresses: what a shared access signature allows, and no token ever.

use crate::http::{Reply, Request, guid};
use crate::world::{Blob, Grant, World};
use axum::http::{Method, StatusCode};
use std::time::Duration;

/// Where blobs live below the sandbox's address.
pub(crate) const PREFIX: &str = "/blob/";

/// For how long an address to write to is good, and one to read from, as recorded.
const WRITE: Duration = Duration::from_secs(24 * 3600);
const READ: Duration = Duration::from_secs(8 * 3600);

/// Makes an address to which one file may be sent.
pub(crate) fn issue(world: &mut World) -> (String, String) {
    let name = guid();
    world.blobs.insert(name.clone(), Blob::default());
    let address = sign(world, &name, true);
    (name, address)
}

/// Another address of the same file, to read it from.
pub(crate) fn readable(world: &mut World, name: &str) -> String {
    sign(world, name, false)
}

fn sign(world: &mut World, name: &str, writable: bool) -> String {
    let signature = guid();
    let (allows, life) = if writable { ("rwl", WRITE) } else { ("rl", READ) };
    let expires_at = world.clock.now() + life;
    if let Some(blob) = world.blobs.get_mut(name) {
        blob.grants.push(Grant {
            signature: signature.clone(),
            writable,
            expires_at,
        });
    }
    format!(
        "{}{PREFIX}{name}?sv=2018-03-28&sr=b&sig={signature}&sp={allows}",
        world.origin
    )
}

pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    let now = world.clock.now();
    let name = request.path.trim_start_matches(PREFIX);
    let Some(blob) = world.blobs.get_mut(name) else {
        return Reply::empty(StatusCode::NOT_FOUND);
    };
    if request.header("authorization").is_some() {
        return Reply::empty(StatusCode::BAD_REQUEST).noted("a token was sent to the blob store");
    }
    let refused = |why: &str| Reply::empty(StatusCode::FORBIDDEN).noted(why);
    let Some(grant) = blob
        .grants
        .iter()
        .find(|grant| request.query("sig") == Some(&grant.signature))
    else {
        return refused("the signature does not match");
    };
    if now >= grant.expires_at {
        return refused("the address has expired");
    }
    match request.method {
        Method::GET => match &blob.content {
            Some(content) => Reply::file(content.clone()),
            None => Reply::empty(StatusCode::NOT_FOUND),
        },
        Method::PUT if !grant.writable => refused("the address is for reading"),
        Method::PUT if request.header("x-ms-blob-type") != Some("BlockBlob") => {
            Reply::empty(StatusCode::BAD_REQUEST).noted("x-ms-blob-type must be BlockBlob")
        }
        Method::PUT => {
            blob.content = Some(request.body.clone());
            Reply::empty(StatusCode::CREATED)
        }
        _ => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}
