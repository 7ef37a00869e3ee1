//! The blob store behind upload addresses: what a shared access signature allows, and no token ever.

use crate::incident::Incident;
use crate::message::{Reply, Request, guid};
use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};
use http::{HeaderName, Method, StatusCode};
use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where files live below the store's address.
const PREFIX: &str = "/file/";

/// For how long an address to write to is good, and one to read from, as recorded.
const WRITE: Duration = Duration::from_secs(24 * 3600);
const READ: Duration = Duration::from_secs(8 * 3600);

/// Of a longer file only the beginning is kept.
const KEPT: usize = 32 << 20;

/// A file, or the place for one.
#[derive(Default)]
pub(crate) struct Blob {
    grants: Vec<Grant>,
    content: Option<Content>,
    /// Blocks that no list has put together yet.
    blocks: BTreeMap<String, Content>,
}

/// What one address of a file allows, and until when.
struct Grant {
    signature: String,
    writable: bool,
    expires_at: crate::clock::Moment,
}

/// The beginning of a file, and how long it is.
#[derive(Clone, Default)]
struct Content {
    kept: Vec<u8>,
    length: usize,
}

impl Content {
    fn append(&mut self, kept: &[u8], length: usize) {
        // What follows something that was not kept is not the beginning.
        if self.kept.len() == self.length {
            let room = KEPT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&kept[..kept.len().min(room)]);
        }
        self.length += length;
    }
}

impl Blob {
    /// The beginning of the file, once it is there.
    pub(crate) fn beginning(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|content| content.kept.as_slice())
    }
}

/// Makes an address to which one file may be sent.
pub(crate) fn issue(world: &mut World) -> (String, String) {
    let name = (1_000_000 + world.blobs.len()).to_string();
    world.blobs.insert(name.clone(), Blob::default());
    let address = sign(world, &name, true);
    (name, address)
}

/// Another address of the same file, to read it from.
pub(crate) fn readable(world: &mut World, name: &str) -> String {
    sign(world, name, false)
}

fn sign(world: &mut World, name: &str, writable: bool) -> String {
    let signature = STANDARD.encode([uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat());
    let (allows, life) = if writable { ("rwl", WRITE) } else { ("rl", READ) };
    let (issued, expires) = (world.clock.date(Duration::ZERO), world.clock.date(life));
    let expires_at = world.clock.now() + life;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (signed, until) = (encoded(&signature), encoded(&expires));
    if let Some(blob) = world.blobs.get_mut(name) {
        blob.grants.push(Grant { signature, writable, expires_at });
    }
    let front_door = world.front_door.as_ref();
    let front_door = front_door.filter(|_| world.incidents.contains(&Incident::FrontDoorUploads));
    let host = front_door.unwrap_or(&world.store);
    // An address to read from is percent-encoded in lower case and has a date before everything else, as recorded.
    let query = if writable {
        format!("sv=2018-03-28&sr=b&sig={signed}&se={until}&sp={allows}")
    } else {
        let (signed, until) = (lowered(&signed), lowered(&until));
        format!("{}&sv=2018-03-28&sr=b&sig={signed}&se={until}&sp={allows}", lowered(&encoded(&issued)))
    };
    format!("{host}{PREFIX}{name}?{query}")
}

/// Percent-encoding with digits in lower case.
fn lowered(encoded: &str) -> String {
    let mut text = String::with_capacity(encoded.len());
    let mut digits = 0;
    for c in encoded.chars() {
        text.push(if digits > 0 { c.to_ascii_lowercase() } else { c });
        digits = if c == '%' { 2 } else { digits.max(1) - 1 };
    }
    text
}

pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    let now = world.clock.now();
    let date = world.clock.http_date();
    let blob = request.path.strip_prefix(PREFIX).and_then(|name| world.blobs.get_mut(name));
    let Some(blob) = blob else {
        return refused(StatusCode::NOT_FOUND, "ResourceNotFound", "there is no such file");
    };
    if request.header("authorization").is_some() {
        let why = "a token was sent to the blob store";
        return refused(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo", why);
    }
    let grant = blob.grants.iter().find(|grant| request.query("sig") == Some(&grant.signature));
    let Some(grant) = grant else {
        return refused(StatusCode::FORBIDDEN, "AuthenticationFailed", "the signature does not match");
    };
    if now >= grant.expires_at {
        return refused(StatusCode::FORBIDDEN, "AuthenticationFailed", "the address has expired");
    }
    if request.method == Method::PUT && !grant.writable {
        let why = "the address is for reading";
        return refused(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", why);
    }
    let reply = match (&request.method, request.query("comp")) {
        (&Method::GET | &Method::HEAD, None) => return read(blob),
        (&Method::PUT, None) => put_blob(blob, request),
        (&Method::PUT, Some("block")) => put_block(blob, request),
        (&Method::PUT, Some("blocklist")) => put_block_list(blob, request),
        _ => {
            return refused(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", "it cannot be done here");
        }
    };
    reply.with_header(LAST_MODIFIED, &date).with_header(HeaderName::from_static("x-ms-request-id"), &guid())
}

fn read(blob: &Blob) -> Reply {
    match &blob.content {
        Some(content) if content.kept.len() == content.length => Reply::file(content.kept.clone()),
        Some(_) => {
            refused(StatusCode::NOT_FOUND, "BlobNotFound", "the sandbox keeps only the beginning of large files")
        }
        None => refused(StatusCode::NOT_FOUND, "BlobNotFound", "no file was sent"),
    }
}

fn put_blob(blob: &mut Blob, request: &Request) -> Reply {
    if request.header("x-ms-blob-type") != Some("BlockBlob") {
        return refused(StatusCode::BAD_REQUEST, "InvalidHeaderValue", "x-ms-blob-type must be BlockBlob");
    }
    if request.header("if-none-match") == Some("*") && blob.content.is_some() {
        return refused(StatusCode::CONFLICT, "BlobAlreadyExists", "the file is there already");
    }
    let mut content = Content::default();
    content.append(&request.body, request.body.len());
    blob.content = Some(content);
    let sum = STANDARD.encode(Md5::digest(&request.body));
    stored().with_header(HeaderName::from_static("content-md5"), &sum)
}

fn put_block(blob: &mut Blob, request: &Request) -> Reply {
    let id = request.query("blockid").unwrap_or_default();
    if id.is_empty() || STANDARD.decode(id).is_err() {
        return refused(StatusCode::BAD_REQUEST, "InvalidQueryParameterValue", "blockid must be base64");
    }
    if blob.blocks.keys().any(|other| other.len() != id.len()) {
        return refused(StatusCode::BAD_REQUEST, "InvalidBlobOrBlock", "all block ids must have one length");
    }
    let kept: usize = blob.blocks.values().map(|block| block.kept.len()).sum();
    let room = KEPT.saturating_sub(kept).min(request.body.len());
    let mut block = Content::default();
    block.append(&request.body[..room], request.body.len());
    blob.blocks.insert(id.to_owned(), block);
    Reply::empty(StatusCode::CREATED)
}

fn put_block_list(blob: &mut Blob, request: &Request) -> Reply {
    let mut content = Content::default();
    for id in listed(&String::from_utf8_lossy(&request.body)) {
        let Some(block) = blob.blocks.get(&id) else {
            return refused(StatusCode::BAD_REQUEST, "InvalidBlockList", "a block of the list was not sent");
        };
        content.append(&block.kept, block.length);
    }
    blob.content = Some(content);
    blob.blocks.clear();
    stored()
}

/// The ids of a block list in their order: the text of each element below the root.
fn listed(xml: &str) -> Vec<String> {
    let elements = xml.split('<').filter_map(|element| element.split_once('>'));
    let ids = elements.filter(|(name, _)| matches!(*name, "Latest" | "Uncommitted" | "Committed"));
    ids.map(|(_, id)| id.trim().to_owned()).collect()
}

fn stored() -> Reply {
    let tag = format!("\"0x{}\"", &guid().replace('-', "").to_uppercase()[..15]);
    Reply::empty(StatusCode::CREATED).with_header(ETAG, &tag)
}

/// A refusal in the store's own form.
fn refused(status: StatusCode, code: &str, why: &str) -> Reply {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{why}</Message></Error>"
    );
    let mut reply = Reply::file(body.into_bytes()).noted(why);
    reply.status = status;
    reply.with_header(CONTENT_TYPE, "application/xml").with_header(HeaderName::from_static("x-ms-error-code"), code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_digits_of_the_encoding_are_lowered() {
        assert_eq!(lowered("aB%2FC%3D%3DDe"), "aB%2fC%3d%3dDe");
    }

    #[test]
    fn a_block_list_is_read_in_its_order() {
        let xml =
            "<?xml version=\"1.0\"?>\n<BlockList>\n <Latest>QQ==</Latest><Uncommitted>Qg==</Uncommitted></BlockList>";
        assert_eq!(listed(xml), ["QQ==", "Qg=="]);
    }

    #[test]
    fn a_long_file_keeps_its_beginning() {
        let mut content = Content::default();
        content.append(b"PK", 2);
        content.append(&[], 5);
        content.append(b"end", 3);
        assert_eq!((content.kept.as_slice(), content.length), (&b"PK"[..], 10));
    }
}
