//! An answer on the wire: its head and body, and the ways in which a connection breaks off.

use crate::fault::Break;
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

/// The body of an answer as hyper sends it.
pub(crate) type Content = UnsyncBoxBody<Bytes, Broken>;

/// The connection ends here.
#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is broken off")
    }
}

impl std::error::Error for Broken {}

/// An answer as bytes.
pub(crate) struct Answer {
    head: response::Parts,
    pub(crate) body: Bytes,
    pub(crate) note: Option<String>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let mut answer = Self::none();
        answer.head.status = reply.status;
        answer.note = reply.note;
        let headers = &mut answer.head.headers;
        match (reply.body, reply.file) {
            (Some(json), _) => {
                answer.body = written(&json).into();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
            }
            (None, Some(file)) => {
                answer.body = file.into();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            }
            (None, None) => {}
        }
        headers.extend(reply.headers);
        answer
    }
}

impl Answer {
    /// No answer at all: nothing was carried out.
    pub(crate) fn none() -> Self {
        let (head, body) = Response::new(Bytes::new()).into_parts();
        Self { head, body, note: None }
    }

    /// What a fault says, as it stands.
    pub(crate) fn planned(status: u16, headers: Vec<(HeaderName, HeaderValue)>, body: String) -> Self {
        let mut answer = Self::none();
        answer.head.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.body = body.into();
        answer.note = Some("a planned fault".to_owned());
        answer.head.headers.extend(headers);
        answer
    }

    /// Adds what every recorded answer of the service carries.
    pub(crate) fn stamp(&mut self) {
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

    /// JSON goes in chunks without a length, as the service sends it.
    pub(crate) fn deliver(self) -> Response<Content> {
        let json = self.head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == JSON);
        let body = if json && !self.body.is_empty() {
            let chunk = stream::once(async move { Ok(Frame::data(self.body)) });
            StreamBody::new(chunk).boxed_unsync()
        } else {
            Full::new(self.body).map_err(|never| match never {}).boxed_unsync()
        };
        Response::from_parts(self.head, body)
    }

    /// Breaks the connection off, or leaves it hanging.
    pub(crate) fn break_off(mut self, at: Break) -> Result<Response<Content>, Broken> {
        if matches!(at, Break::Before | Break::After) {
            return Err(Broken);
        }
        // The whole length is promised, and half of it comes; of an empty body nothing.
        let length = self.body.len().max(1);
        self.head.headers.insert(CONTENT_LENGTH, length.into());
        let half = self.body.slice(..self.body.len() / 2);
        let first = stream::once(async move { Ok(Frame::data(half)) });
        let body = match at {
            Break::Silent => StreamBody::new(first.chain(stream::pending())).boxed_unsync(),
            _ => StreamBody::new(first.chain(stream::once(async { Err(Broken) }))).boxed_unsync(),
        };
        Ok(Response::from_parts(self.head, body))
    }
}

/// The text of a value, with the type of every object first, as the service writes it.
fn written(value: &Value) -> String {
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
    fn the_type_of_an_object_comes_first() {
        let value = json!({"a": [{"b": 1, "resourceType": "X"}], "resourceType": "Y", "@odata.etag": "\"t\""});
        let text = r#"{"resourceType":"Y","@odata.etag":"\"t\"","a":[{"resourceType":"X","b":1}]}"#;
        assert_eq!(written(&value), text);
    }
}
