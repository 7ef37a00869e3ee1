//! The headers and bodies of the latest calls, within a limit of memory.

use crate::recorder::Half;
use crate::redact;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};

/// Maximum size of a kept body. A larger one is not kept.
const MAX_BODY: usize = 256 << 10;
/// Maximum size of all kept bodies and headers.
pub(crate) const MAX_TOTAL: usize = 32 << 20;

/// One half of an exchange.
#[derive(Clone)]
pub(crate) struct Message {
    /// One line for each header. It needs a tenth of the memory of a map.
    head: Box<str>,
    /// `None` if the body is too long.
    body: Option<Box<[u8]>>,
    length: usize,
}

/// A request and its response. They may contain secrets: show only what [`to_json`](Self::to_json) returns.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) request: Message,
    pub(crate) response: Message,
}

impl Message {
    pub(crate) fn new(headers: &HeaderMap, body: &[u8]) -> Self {
        let lines =
            headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        let kept = (body.len() <= MAX_BODY).then(|| body.into());
        Self { head: lines.collect::<String>().into(), body: kept, length: body.len() }
    }

    fn size(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.len()) + self.head.len()
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().filter_map(|line| line.split_once(": "))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Returns the body without secrets.
    pub(crate) fn body(&self) -> Value {
        match &self.body {
            Some(body) => redact::body(self.header("content-type"), body),
            None => json!(format!("({} bytes)", self.length)),
        }
    }

    /// Returns one line for each header, without secrets.
    pub(crate) fn header_lines(&self) -> String {
        let headers = redact::headers(self.headers()).into_iter();
        let lines = headers.map(|(name, value)| format!("{name}: {}\n", value.as_str().unwrap_or_default()));
        lines.collect()
    }

    fn is_file(&self, body: &[u8]) -> bool {
        let is_binary = || std::str::from_utf8(body).is_err();
        !body.is_empty() && (self.header("content-type") == Some("application/octet-stream") || is_binary())
    }

    /// Returns what a recording has: headers and body without secrets, and small files as a whole.
    pub(crate) fn to_half(&self) -> Half {
        let body = match &self.body {
            Some(body) if self.is_file(body) => json!({"base64": STANDARD.encode(body)}),
            _ => self.body(),
        };
        Half { headers: redact::headers(self.headers()), body }
    }

    /// Returns headers and body without secrets.
    pub(crate) fn to_json(&self) -> Value {
        json!({"headers": redact::headers(self.headers()), "body": self.body()})
    }
}

impl Kept {
    pub(crate) fn size(&self) -> usize {
        self.request.size() + self.response.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_are_not_kept() {
        let message = Message::new(&HeaderMap::new(), &vec![b'1'; MAX_BODY + 1]);
        assert_eq!((message.size(), message.body()), (0, json!("(262145 bytes)")));
        assert_eq!(Message::new(&HeaderMap::new(), b"[1]").body(), json!([1]));
    }
}
