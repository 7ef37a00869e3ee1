//! HTTP responses, and connections closed by a fault.

use crate::fault::Disconnect;
use crate::message::{JSON, Reply, guid};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode, response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::fmt;

/// A response body for hyper.
pub(crate) type Content = UnsyncBoxBody<Bytes, Disconnected>;

/// The error that makes hyper close the connection.
#[derive(Debug)]
pub(crate) struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection closed by a fault")
    }
}

impl std::error::Error for Disconnected {}

/// A serialized response.
pub(crate) struct WireResponse {
    head: response::Parts,
    pub(crate) body: Bytes,
    pub(crate) note: Option<String>,
    /// Whether the request violates the document.
    pub(crate) is_violation: bool,
}

impl From<Reply> for WireResponse {
    fn from(reply: Reply) -> Self {
        let mut response = Self::empty();
        response.head.status = reply.status;
        response.note = reply.note;
        response.is_violation = reply.is_violation;
        let headers = &mut response.head.headers;
        match (reply.body, reply.file) {
            (Some(json), _) => {
                response.body = to_json(&json).into();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
            }
            (None, Some(file)) => {
                response.body = file.into();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            }
            (None, None) => {}
        }
        // A header of the reply replaces the content type.
        for (name, value) in reply.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl WireResponse {
    /// Creates an empty response.
    pub(crate) fn empty() -> Self {
        let (head, body) = Response::new(Bytes::new()).into_parts();
        Self { head, body, note: None, is_violation: false }
    }

    /// Creates the response of a fault.
    pub(crate) fn scripted(status: u16, headers: Vec<(HeaderName, HeaderValue)>, body: String) -> Self {
        let mut response = Self::empty();
        response.head.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.body = body.into();
        response.note = Some("injected fault".to_owned());
        response.head.headers.extend(headers);
        response
    }

    /// Adds the headers of every recorded response of the service.
    pub(crate) fn add_service_headers(&mut self) {
        let headers = &mut self.head.headers;
        if let Ok(id) = HeaderValue::try_from(guid()) {
            headers.entry("request-id").or_insert(id);
        }
        let cache = HeaderValue::from_static("CONFIG_NOCACHE");
        headers.entry("x-cache").or_insert(cache);
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Converts the response for hyper, with a body that is sent as it is produced.
    pub(crate) fn into_stream(self, body: Content) -> Response<Content> {
        Response::from_parts(self.head, body)
    }

    /// Converts the response for hyper. JSON is sent chunked without a length, and 204 with the length 0, as the service does.
    pub(crate) fn into_http(mut self) -> Response<Content> {
        let json = self.head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == JSON);
        let body = if self.head.status == StatusCode::NO_CONTENT {
            self.head.headers.insert(CONTENT_LENGTH, 0.into());
            // A stream, because hyper omits the header if it knows that the body is empty.
            StreamBody::new(stream::empty()).boxed_unsync()
        } else if json && !self.body.is_empty() {
            let chunk = stream::once(async move { Ok(Frame::data(self.body)) });
            StreamBody::new(chunk).boxed_unsync()
        } else {
            Full::new(self.body).map_err(|never| match never {}).boxed_unsync()
        };
        Response::from_parts(self.head, body)
    }

    /// Closes or stalls the connection.
    pub(crate) fn disconnect(mut self, at: Disconnect) -> Result<Response<Content>, Disconnected> {
        if matches!(at, Disconnect::BeforeRequest | Disconnect::BeforeResponse) {
            return Err(Disconnected);
        }
        // Announce the full length, but send only half of it. An empty body is announced as one byte.
        let length = self.body.len().max(1);
        self.head.headers.insert(CONTENT_LENGTH, length.into());
        let half = self.body.slice(..self.body.len() / 2);
        let first = stream::once(async move { Ok(Frame::data(half)) });
        let body = match at {
            Disconnect::StallBody => StreamBody::new(first.chain(stream::pending())).boxed_unsync(),
            _ => StreamBody::new(first.chain(stream::once(async { Err(Disconnected) }))).boxed_unsync(),
        };
        Ok(Response::from_parts(self.head, body))
    }
}

/// Serializes a value with `resourceType` first in every object, as the service does.
fn to_json(value: &Value) -> String {
    serde_json::to_string(&TypeFirst(value)).unwrap_or_default()
}

struct TypeFirst<'v>(&'v Value);

impl Serialize for TypeFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                let (first, rest): (Vec<_>, Vec<_>) = object.iter().partition(|(name, _)| *name == "resourceType");
                for (name, value) in first.into_iter().chain(rest) {
                    map.serialize_entry(name, &TypeFirst(value))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(TypeFirst)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resource_type_comes_first() {
        let value = json!({"a": [{"b": 1, "resourceType": "X"}], "resourceType": "Y", "@odata.etag": "\"t\""});
        let text = r#"{"resourceType":"Y","@odata.etag":"\"t\"","a":[{"resourceType":"X","b":1}]}"#;
        assert_eq!(to_json(&value), text);
    }
}
