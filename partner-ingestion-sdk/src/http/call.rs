//! One call: its arguments and its options.

use super::operation::{IfMatchRule, Operation};
use super::retry::RetryPolicy;
use crate::client::{Client, Shared};
use crate::error::{Error, ErrorKind};
use crate::model::id::empty;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, IF_MATCH, TRANSFER_ENCODING};
use std::fmt;
use std::time::Duration;

/// The precondition of a request: the state of the resource that it may change.
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
    /// Any state. The last writer wins.
    Any,
    /// The state with this entity tag, including its quotes.
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

/// The part that all operation builders share.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    operation: &'static Operation,
    pub(crate) options: Options,
}

#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) headers: HeaderMap,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) if_match: Option<IfMatch>,
    /// The name of an invalid header: reported when the call is sent.
    invalid: Option<String>,
}

impl Call {
    pub(crate) fn new(client: &Client, operation: &'static Operation) -> Self {
        Self { client: client.clone(), operation, options: Options::default() }
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(IF_MATCH), Ok(_)) => self.if_match(value.into()),
            // They follow from the URL and the body.
            (Ok(HOST | CONTENT_LENGTH | TRANSFER_ENCODING), _) => self.options.invalid = Some(name.to_owned()),
            (Ok(name), Ok(value)) => drop(self.options.headers.insert(name, value)),
            _ => self.options.invalid = Some(name.to_owned()),
        }
    }

    pub(crate) fn attempt_timeout(&mut self, attempt_timeout: Duration) {
        self.options.attempt_timeout = Some(attempt_timeout);
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    pub(crate) fn retry(&mut self, retry: RetryPolicy) {
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

    /// Returns the value of the If-Match header.
    pub(super) fn precondition(&self, body_etag: Option<&str>) -> Result<Option<HeaderValue>, Error> {
        let invalid =
            |message: String| Err(Error::new(ErrorKind::InvalidArgument, message).with_operation(self.operation.name));
        if let Some(name) = &self.options.invalid {
            return invalid(format!("header {name:?} or its value is invalid"));
        }
        let tag = match &self.options.if_match {
            Some(if_match) => if_match.as_str(),
            None => match body_etag {
                Some(tag) => tag,
                None if self.operation.if_match == IfMatchRule::Required => {
                    let hint = "Write the resource as it was read, with its entity tag, or overwrite any state with \
                                `.if_match(IfMatch::Any)`.";
                    return invalid("entity tag is missing".to_owned()).map_err(|error| error.with_hint(hint));
                }
                None => return Ok(None),
            },
        };
        match HeaderValue::try_from(tag) {
            Ok(value) => Ok(Some(value)),
            Err(_) => invalid("entity tag is invalid".to_owned()),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A header value may be a secret.
        f.debug_struct("Call")
            .field("operation", &self.operation.name)
            .field("if_match", &self.options.if_match)
            .finish_non_exhaustive()
    }
}

/// Rejects an id without text.
pub(crate) fn check_id(name: &str, value: &str) -> Result<(), Error> {
    match value.is_empty() {
        true => {
            let hint = "Pass a resource that the service returned, or its id. Nothing was sent.";
            Err(Error::new(ErrorKind::InvalidArgument, empty(&format!("argument {name}"))).with_hint(hint))
        }
        false => Ok(()),
    }
}

/// Rejects an argument that would not remain one segment of the path.
pub(super) fn check_segment(name: &str, value: &str) -> Result<(), Error> {
    check_id(name, value)?;
    let problem = if value == "." || value == ".." {
        "would change the path"
    } else if value.contains(['/', '\\', '?', '#']) || value.chars().any(char::is_control) {
        "contains a character that would change the path"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidArgument, format!("argument {name} {problem}")))
}

/// The message for a body that cannot be serialized, for example because an id in it is empty.
pub(super) fn invalid_body(error: &serde_json::Error) -> String {
    format!("request body is invalid: {error}")
}

/// The options that every operation has.
macro_rules! call_options {
    () => {
        /// Sets a header of the request, replacing one of the same name. `If-Match` is the same as
        /// [`if_match`](Self::if_match). Headers about the connection and the length of the body cannot be set.
        pub fn header(mut self, name: &str, value: &str) -> Self {
            self.call.header(name, value);
            self
        }

        /// Sets the If-Match header to an entity tag, or to `*`.
        pub fn if_match(mut self, if_match: impl Into<$crate::IfMatch>) -> Self {
            self.call.if_match(if_match.into());
            self
        }

        /// Sets the retry policy of this call. Default: that of the client.
        pub fn retry(mut self, retry: $crate::RetryPolicy) -> Self {
            self.call.retry(retry);
            self
        }

        /// Sets the total timeout of this call, including the token, waiting and all attempts. Default: that of the client.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.call.timeout(timeout);
            self
        }

        /// Sets the timeout of each attempt, including reading the body. Default: that of the client.
        pub fn attempt_timeout(mut self, attempt_timeout: std::time::Duration) -> Self {
            self.call.attempt_timeout(attempt_timeout);
            self
        }
    };
}

/// Makes a builder awaitable: it does what its method `send` does. `inline`, so that the future is compiled by who awaits it.
macro_rules! awaitable {
    ($type:ident $(<$param:ident: $bound:path>)? => $output:ty) => {
        impl$(<$param: $bound>)? IntoFuture for $type$(<$param>)? {
            type Output = Result<$output, $crate::Error>;
            type IntoFuture = futures_util::future::BoxFuture<'static, Self::Output>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}

pub(crate) use {awaitable, call_options};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_cannot_change_the_path() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\nb", "/"] {
            assert_eq!(check_segment("id", bad).unwrap_err().kind(), ErrorKind::InvalidArgument, "{bad:?}");
        }
        for good in ["testdrive", "a-ResellerInstance", "1152921505696724141", "a b", "...", "ü(x)'"] {
            assert!(check_segment("id", good).is_ok(), "{good:?}");
        }
    }
}
