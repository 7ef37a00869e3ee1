//! One call: its arguments and options on the way in, its success on the way out.

use crate::client::Shared;
use crate::error::decode_error;
use crate::transport::{Answer, Compose, Exchange, request_id};
use crate::{Client, Error, ErrorKind, IfMatchRule, Operation, Response, Retry};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// Which state of a resource a request may change.
///
/// ```
/// use partner_ingestion_sdk::IfMatch;
///
/// assert_eq!(IfMatch::from("*"), IfMatch::Any);
/// assert_eq!(IfMatch::from("\"a\""), IfMatch::Etag("\"a\"".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfMatch {
    /// Any state: the last writer wins.
    Any,
    /// The state with this entity tag, quotes included, as the service gave it.
    Etag(String),
}

impl From<&str> for IfMatch {
    fn from(tag: &str) -> Self {
        if tag == "*" { Self::Any } else { Self::Etag(tag.to_owned()) }
    }
}

impl From<String> for IfMatch {
    fn from(tag: String) -> Self {
        Self::from(tag.as_str())
    }
}

impl IfMatch {
    fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Etag(tag) => tag,
        }
    }
}

impl fmt::Display for IfMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every operation builder holds.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    operation: &'static Operation,
    pub(crate) options: Options,
}

#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<Retry>,
    pub(crate) if_match: Option<IfMatch>,
    /// The name of a header that cannot be sent: said when the call is sent.
    invalid: Option<String>,
}

impl Call {
    pub(crate) fn new(client: &Client, operation: &'static Operation) -> Self {
        Self { client: client.clone(), operation, options: Options::default() }
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(self.options.headers.insert(name, value)),
            _ => self.options.invalid = Some(name.to_owned()),
        }
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    pub(crate) fn deadline(&mut self, deadline: Duration) {
        self.options.deadline = Some(deadline);
    }

    pub(crate) fn retry(&mut self, retry: Retry) {
        self.options.retry = Some(retry);
    }

    pub(crate) fn if_match(&mut self, if_match: IfMatch) {
        self.options.if_match = Some(if_match);
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.client.shared
    }

    /// Checks the arguments and sends what `compose` makes of them.
    ///
    /// Boxed: the callers' futures stay small, and those who run many of them move them around.
    pub(crate) fn send<'a>(
        &'a self,
        path: &'a [(&str, &str)],
        body_etag: Option<&'a str>,
        compose: Compose<'a>,
    ) -> BoxFuture<'a, Result<Success, Error>> {
        Box::pin(async move {
            for (name, value) in path {
                check_segment(name, value).map_err(|e| e.of(self.operation))?;
            }
            let exchange = Exchange::new(self, compose, self.precondition(body_etag)?)?;
            let answer = exchange.run().await?;
            Ok(Success { operation: self.operation, attempts: exchange.attempts(), answer })
        })
    }

    /// What the request says in If-Match.
    fn precondition(&self, body_etag: Option<&str>) -> Result<Option<HeaderValue>, Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Argument, message).of(self.operation));
        if let Some(name) = &self.options.invalid {
            return refuse(format!("the header {name:?} or its value cannot be sent"));
        }
        let tag = match &self.options.if_match {
            Some(if_match) => if_match.as_str(),
            None => match body_etag {
                Some(tag) => tag,
                None if self.operation.if_match == IfMatchRule::Required => {
                    let message = "no entity tag: read the resource first and send its etag, or overwrite whatever is there \
                                   with .if_match(IfMatch::Any)";
                    return refuse(message.to_owned());
                }
                None => return Ok(None),
            },
        };
        match HeaderValue::try_from(tag) {
            Ok(value) => Ok(Some(value)),
            Err(_) => refuse("the entity tag cannot be sent".to_owned()),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header values are the caller's business; one of them may be a secret.
        f.debug_struct("Call")
            .field("operation", &self.operation.name)
            .field("if_match", &self.options.if_match)
            .finish_non_exhaustive()
    }
}

/// An argument becomes one segment of the path, and must stay one.
fn check_segment(name: &str, value: &str) -> Result<(), Error> {
    let problem = if value.is_empty() {
        "is empty"
    } else if value == "." || value == ".." {
        "would lead to another path"
    } else if value.contains(['/', '\\', '?', '#']) || value.chars().any(char::is_control) {
        "holds a character that would lead to another path"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Argument, format!("the argument {name} {problem}")))
}

/// A successful answer that is not decoded yet.
pub(crate) struct Success {
    operation: &'static Operation,
    attempts: u32,
    answer: Answer,
}

impl Success {
    pub(crate) fn decode<T: DeserializeOwned>(mut self) -> Result<Response<T>, Error> {
        let body = std::mem::take(&mut self.answer.body);
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(self.with(value)),
            Err(error) => Err(self.undecodable(decode_error::<T>(&body, error), &body)),
        }
    }

    /// The answer of an operation that says nothing in its body.
    pub(crate) fn empty(self) -> Response<()> {
        self.with(())
    }

    /// No content stands for null, so that `()` and `Option` can be decoded from it.
    pub(crate) fn or_null(mut self) -> Self {
        if self.answer.body.is_empty() {
            self.answer.body = Bytes::from_static(b"null");
        }
        self
    }

    fn with<T>(self, value: T) -> Response<T> {
        Response::new(value, self.answer.status, self.answer.headers, self.attempts)
    }

    /// The error with what is known of the answer; the body is quoted where it cannot hold a secret.
    fn undecodable(self, error: Error, body: &[u8]) -> Error {
        let error = error.of(self.operation).tried(self.attempts);
        let error = error.answered(self.answer.status, request_id(&self.answer.headers));
        if self.operation.secret { error } else { error.quoting(body) }
    }
}

/// The options that every operation has.
macro_rules! call_options {
    () => {
        /// Sends this header too.
        pub fn header(mut self, name: &str, value: &str) -> Self {
            self.call.header(name, value);
            self
        }

        /// Sends the header If-Match with this entity tag, or `*`.
        pub fn if_match(mut self, if_match: impl Into<crate::IfMatch>) -> Self {
            self.call.if_match(if_match.into());
            self
        }

        /// How often and how long to try.
        pub fn retry(mut self, retry: crate::Retry) -> Self {
            self.call.retry(retry);
            self
        }

        /// How long the call may take in all, with its token, its waiting and all its attempts.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.call.deadline(deadline);
            self
        }

        /// How long one attempt may take.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.call.timeout(timeout);
            self
        }
    };
}

pub(crate) use call_options;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_cannot_change_the_path() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\nb", "/"] {
            assert_eq!(check_segment("id", bad).unwrap_err().kind(), ErrorKind::Argument, "{bad:?}");
        }
        for good in ["testdrive", "a-ResellerInstance", "1152921505696724141", "a b", "...", "ü(x)'"] {
            assert!(check_segment("id", good).is_ok(), "{good:?}");
        }
    }
}
