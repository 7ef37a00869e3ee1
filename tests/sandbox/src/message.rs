//! Requests and answers as the rooms of the sandbox pass them around.

use crate::shape;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

/// The media type of every answer with a body.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A request with its whole body.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer, and why a request was refused: the reason goes to the log, the service would not say all of it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(header::HeaderName, HeaderValue)>,
    pub(crate) body: Option<Value>,
    /// The bytes of a file, in place of a body.
    pub(crate) file: Option<Vec<u8>>,
    pub(crate) note: Option<String>,
}

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None, file: None, note: None }
    }

    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    pub(crate) fn file(content: Vec<u8>) -> Self {
        Self { file: Some(content), ..Self::empty(StatusCode::OK) }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// The service's 400: a JSON string with a code, a sentence and a JSON object in it.
    pub(crate) fn bad_request(field: &str, message: &str) -> Self {
        Self {
            note: Some(format!("{field}: {message}")),
            ..Self::json(StatusCode::BAD_REQUEST, shape::coded(50_400, field, message))
        }
    }

    /// The service's other refusals: a JSON string with a sentence.
    pub(crate) fn refused(status: StatusCode, message: &str) -> Self {
        Self { note: Some(message.to_owned()), ..Self::json(status, message.into()) }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, &format!("The {what} does not exist."))
    }

    pub(crate) fn with_header(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// A new identifier, as the service makes them.
pub(crate) fn guid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A new entity tag; its quotes belong to it.
pub(crate) fn etag() -> String {
    format!("\"{}\"", guid())
}

/// Pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}
