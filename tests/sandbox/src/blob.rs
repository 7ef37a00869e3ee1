//! The blob store behind the upload URLs. Requests are authorized by a shared access signature, never by a token.

use crate::incident::Incident;
use crate::message::{Reply, Request, guid};
use crate::model::Model;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use http::{HeaderName, Method, StatusCode};
use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// The path of files on the blob store's host: account and container. The storage SDKs expect both on a loopback address.
const PREFIX: &str = "/ingestionpackages/file/";

/// Lifetimes of upload and download URLs, as recorded.
const WRITE_LIFETIME: Duration = Duration::from_secs(24 * 3600);
const READ_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// Maximum number of bytes kept per file. The rest is discarded.
const MAX_KEPT: usize = 32 << 20;

/// A file that was or can be uploaded.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Blob {
    shared_access: Vec<SharedAccess>,
    content: Option<Content>,
    /// The entity tag of the content, including its quotes.
    tag: String,
    /// Uncommitted blocks.
    blocks: BTreeMap<String, Content>,
}

/// A shared access signature of a file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SharedAccess {
    signature: String,
    writable: bool,
    expires_at: crate::clock::Moment,
}

/// The beginning of a file, and its full length.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    kept: Vec<u8>,
    length: usize,
}

fn to_base64<S: Serializer>(content: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(content))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

impl Content {
    fn append(&mut self, kept: &[u8], length: usize) {
        // Data after a discarded part is not part of the beginning.
        if self.kept.len() == self.length {
            let room = MAX_KEPT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&kept[..kept.len().min(room)]);
        }
        self.length += length;
    }
}

impl Blob {
    /// Returns the beginning of the file, if it was uploaded.
    pub(crate) fn beginning(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|content| content.kept.as_slice())
    }

    /// Returns the number of bytes of the file.
    pub(crate) fn length(&self) -> usize {
        self.content.as_ref().map_or(0, |content| content.length)
    }
}

/// Returns true if the path is that of a file.
pub(crate) fn is_file(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Creates a blob and returns its name and upload URL.
pub(crate) fn issue(model: &mut Model) -> (String, String) {
    let name = (1_000_000 + model.blobs.len()).to_string();
    model.blobs.insert(name.clone(), Blob::default());
    let address = sign(model, &name, true);
    (name, address)
}

/// Returns a download URL of a blob.
pub(crate) fn readable(model: &mut Model, name: &str) -> String {
    sign(model, name, false)
}

fn sign(model: &mut Model, name: &str, writable: bool) -> String {
    let signature = STANDARD.encode([uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat());
    let (allows, life) = if writable { ("rwl", WRITE_LIFETIME) } else { ("rl", READ_LIFETIME) };
    let (issued, expires) = (model.clock.date(Duration::ZERO), model.clock.date(life));
    let expires_at = model.clock.now() + life;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (signed, until) = (encoded(&signature), encoded(&expires));
    if let Some(blob) = model.blobs.get_mut(name) {
        blob.shared_access.push(SharedAccess { signature, writable, expires_at });
    }
    let front_door = model.front_door.as_ref();
    let front_door = front_door.filter(|_| model.incidents.contains(&Incident::FrontDoorUploads));
    let host = front_door.unwrap_or(&model.store);
    // A download URL is percent-encoded in lower case and starts with a date, as recorded.
    let query = if writable {
        format!("sv=2018-03-28&sr=b&sig={signed}&se={until}&sp={allows}")
    } else {
        let (signed, until) = (lowered(&signed), lowered(&until));
        format!("{}&sv=2018-03-28&sr=b&sig={signed}&se={until}&sp={allows}", lowered(&encoded(&issued)))
    };
    format!("{host}{PREFIX}{name}?{query}")
}

/// Converts the digits of percent-encoding to lower case.
fn lowered(encoded: &str) -> String {
    let mut text = String::with_capacity(encoded.len());
    let mut digits = 0;
    for c in encoded.chars() {
        text.push(if digits > 0 { c.to_ascii_lowercase() } else { c });
        digits = if c == '%' { 2 } else { digits.max(1) - 1 };
    }
    text
}

pub(crate) fn handle(model: &mut Model, request: &Request) -> Reply {
    let now = model.clock.now();
    let date = model.clock.http_date();
    let blob = request.path.strip_prefix(PREFIX).and_then(|name| model.blobs.get_mut(name));
    let Some(blob) = blob else {
        return error(StatusCode::NOT_FOUND, "ResourceNotFound", "file not found");
    };
    if request.header("authorization").is_some() {
        let message = "access token was sent to the blob store";
        return error(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo", message);
    }
    let access = blob.shared_access.iter().find(|access| request.query("sig") == Some(&access.signature));
    let Some(access) = access else {
        return error(StatusCode::FORBIDDEN, "AuthenticationFailed", "signature does not match");
    };
    if now >= access.expires_at {
        return error(StatusCode::FORBIDDEN, "AuthenticationFailed", "URL has expired");
    }
    if request.method == Method::PUT && !access.writable {
        let message = "URL is read-only";
        return error(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", message);
    }
    let reply = match (&request.method, request.query("comp")) {
        (&Method::GET | &Method::HEAD, None) => read(blob, request),
        (&Method::PUT, None) => put_blob(blob, request),
        (&Method::PUT, Some("block")) => put_block(blob, request),
        (&Method::PUT, Some("blocklist")) => put_block_list(blob, request),
        _ => {
            return error(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", "method is not supported");
        }
    };
    reply.with_header(LAST_MODIFIED, &date).with_header(HeaderName::from_static("x-ms-request-id"), &guid())
}

fn read(blob: &Blob, request: &Request) -> Reply {
    let content = match &blob.content {
        Some(content) if content.kept.len() == content.length => &content.kept,
        Some(_) => {
            return error(StatusCode::NOT_FOUND, "BlobNotFound", "sandbox keeps only the beginning of large files");
        }
        None => return error(StatusCode::NOT_FOUND, "BlobNotFound", "no file was uploaded"),
    };
    // The storage SDKs send their own header, which has precedence.
    let range = request.header("x-ms-range").or_else(|| request.header("range")).and_then(range);
    let reply = match range {
        Some((first, _)) if first >= content.len() => {
            return error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", "range is beyond the end of the file");
        }
        Some((first, last)) => {
            let last = last.min(content.len() - 1);
            let mut reply = Reply::file(content[first..=last].to_vec());
            reply.status = StatusCode::PARTIAL_CONTENT;
            reply.with_header(CONTENT_RANGE, &format!("bytes {first}-{last}/{}", content.len()))
        }
        None => Reply::file(content.clone()),
    };
    reply.with_header(ETAG, &blob.tag).with_header(HeaderName::from_static("x-ms-blob-type"), "BlockBlob")
}

/// Parses `bytes=0-99` or `bytes=100-`. `None` for other ranges, which are ignored.
fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
    let first = first.parse().ok()?;
    (first <= last).then_some((first, last))
}

fn put_blob(blob: &mut Blob, request: &Request) -> Reply {
    if request.header("x-ms-blob-type") != Some("BlockBlob") {
        return error(StatusCode::BAD_REQUEST, "InvalidHeaderValue", "x-ms-blob-type must be BlockBlob");
    }
    if request.header("if-none-match") == Some("*") && blob.content.is_some() {
        return error(StatusCode::CONFLICT, "BlobAlreadyExists", "file already exists");
    }
    let mut content = Content::default();
    content.append(&request.body, request.body.len());
    let sum = STANDARD.encode(Md5::digest(&request.body));
    stored(blob, content).with_header(HeaderName::from_static("content-md5"), &sum)
}

fn put_block(blob: &mut Blob, request: &Request) -> Reply {
    let id = request.query("blockid").unwrap_or_default();
    if id.is_empty() || STANDARD.decode(id).is_err() {
        return error(StatusCode::BAD_REQUEST, "InvalidQueryParameterValue", "blockid must be base64");
    }
    if blob.blocks.keys().any(|other| other.len() != id.len()) {
        return error(StatusCode::BAD_REQUEST, "InvalidBlobOrBlock", "all block ids must have the same length");
    }
    let kept: usize = blob.blocks.values().map(|block| block.kept.len()).sum();
    let room = MAX_KEPT.saturating_sub(kept).min(request.body.len());
    let mut block = Content::default();
    block.append(&request.body[..room], request.body.len());
    blob.blocks.insert(id.to_owned(), block);
    Reply::empty(StatusCode::CREATED)
}

fn put_block_list(blob: &mut Blob, request: &Request) -> Reply {
    let mut content = Content::default();
    for id in listed(&String::from_utf8_lossy(&request.body)) {
        let Some(block) = blob.blocks.get(&id) else {
            return error(StatusCode::BAD_REQUEST, "InvalidBlockList", "a block of the list was not uploaded");
        };
        content.append(&block.kept, block.length);
    }
    blob.blocks.clear();
    stored(blob, content)
}

/// Returns the block ids of a block list in order: the text of each element below the root.
fn listed(xml: &str) -> Vec<String> {
    let elements = xml.split('<').filter_map(|element| element.split_once('>'));
    let ids = elements.filter(|(name, _)| matches!(*name, "Latest" | "Uncommitted" | "Committed"));
    ids.map(|(_, id)| id.trim().to_owned()).collect()
}

/// Keeps the content under a new entity tag.
fn stored(blob: &mut Blob, content: Content) -> Reply {
    blob.content = Some(content);
    blob.tag = format!("\"0x{}\"", &guid().replace('-', "").to_uppercase()[..15]);
    Reply::empty(StatusCode::CREATED).with_header(ETAG, &blob.tag)
}

/// Creates an error response in the format of Azure Blob Storage.
fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut reply = Reply::file(body.into_bytes()).noted(message);
    reply.status = status;
    reply.with_header(CONTENT_TYPE, "application/xml").with_header(HeaderName::from_static("x-ms-error-code"), code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowers_only_the_digits_of_percent_encoding() {
        assert_eq!(lowered("aB%2FC%3D%3DDe"), "aB%2fC%3d%3dDe");
    }

    #[test]
    fn parses_ranges_of_one_part() {
        let all = usize::MAX;
        for (text, expected) in [
            ("bytes=0-99", Some((0, 99))),
            ("bytes=5-", Some((5, all))),
            ("bytes=9-5", None),
            ("bytes=-5", None),
            ("bytes=0-1,4-5", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(range(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_a_block_list_in_order() {
        let xml =
            "<?xml version=\"1.0\"?>\n<BlockList>\n <Latest>QQ==</Latest><Uncommitted>Qg==</Uncommitted></BlockList>";
        assert_eq!(listed(xml), ["QQ==", "Qg=="]);
    }

    #[test]
    fn keeps_the_beginning_of_a_long_file() {
        let mut content = Content::default();
        content.append(b"PK", 2);
        content.append(&[], 5);
        content.append(b"end", 3);
        assert_eq!((content.kept.as_slice(), content.length), (&b"PK"[..], 10));
    }
}
