//! Requests and replies of the handlers.

use crate::error_shape;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

/// The content type of JSON responses.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A request with its complete body.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The reply of a handler. The note is written to the call log only, because the real service does not return it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(header::HeaderName, HeaderValue)>,
    pub(crate) body: Option<Value>,
    /// The bytes of a file, instead of a JSON body.
    pub(crate) file: Option<Vec<u8>>,
    pub(crate) note: Option<String>,
    /// Whether the request violates the document.
    pub(crate) is_violation: bool,
}

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None, file: None, note: None, is_violation: false }
    }

    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    pub(crate) fn file(content: Vec<u8>) -> Self {
        Self { file: Some(content), ..Self::empty(StatusCode::OK) }
    }

    /// Creates a reply with a file of this content type.
    pub(crate) fn typed_file(content: Vec<u8>, kind: &str) -> Self {
        Self::file(content).with_header(header::CONTENT_TYPE, kind)
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// Creates the service's 400: a JSON string with a code, a sentence and an embedded JSON object.
    pub(crate) fn bad_request(field: &str, message: &str) -> Self {
        Self::invalid(&[(field, message)]).noted(format!("{field}: {message}"))
    }

    /// Creates the same 400 with several fields.
    pub(crate) fn invalid(fields: &[(&str, &str)]) -> Self {
        Self::json(StatusCode::BAD_REQUEST, error_shape::coded(50_400, fields))
    }

    /// Creates another error of the service: a JSON string with a sentence.
    pub(crate) fn error(status: StatusCode, message: &str) -> Self {
        Self { note: Some(message.to_owned()), ..Self::json(status, message.into()) }
    }

    /// Creates the error of an API that does not apply to the offer, with the reported text.
    pub(crate) fn not_applicable() -> Self {
        Self::error(StatusCode::FORBIDDEN, "The API you have called is not applicable for this product")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::error(StatusCode::NOT_FOUND, &format!("The {what} does not exist."))
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

/// Returns a new GUID.
pub(crate) fn guid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Returns a new entity tag, including its quotes.
pub(crate) fn etag() -> String {
    format!("\"{}\"", guid())
}

/// Parses the pairs of a query or a form.
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
