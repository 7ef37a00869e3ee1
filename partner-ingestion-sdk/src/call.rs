//! One call: its options on the way in, its context for the hooks, its outcome on the way out.

use crate::client::Shared;
use crate::error::decode_error;
use crate::generated::client::Client as Generated;
use crate::transport::request_id;
use crate::{Client, Error, ErrorKind, IfMatchRule, Operation, Response, Retry};
use progenitor_client::ResponseValue;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
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

impl fmt::Display for IfMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Etag(tag) => f.write_str(tag),
        }
    }
}

/// What every operation builder holds.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    operation: &'static Operation,
    options: Options,
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

    /// Checks the arguments and prepares the generated client for this one call.
    pub(crate) fn sender(&self, path: &[(&str, &str)], body_etag: Option<&str>) -> Result<Sender, Error> {
        for (name, value) in path {
            check_segment(name, value).map_err(|e| e.of(self.operation))?;
        }
        let context = self.context(body_etag)?;
        let shared = &self.client.shared;
        let client = Generated::new_with_client(shared.base.as_str(), shared.http.clone(), context.clone());
        Ok(Sender { context, client })
    }

    pub(crate) fn context(&self, body_etag: Option<&str>) -> Result<Arc<Context>, Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Argument, message).of(self.operation));
        if let Some(name) = &self.options.invalid {
            return refuse(format!("the header {name:?} or its value cannot be sent"));
        }
        let mut options = self.options.clone();
        options.if_match = options.if_match.or_else(|| body_etag.map(|tag| IfMatch::Etag(tag.to_owned())));
        if self.operation.if_match == IfMatchRule::Required && options.if_match.is_none() {
            let message = "no entity tag: read the resource first and send its etag, or overwrite whatever is there with \
                           .if_match(IfMatch::Any)";
            return refuse(message.to_owned());
        }
        let shared = self.client.shared.clone();
        Ok(Arc::new(Context { shared, operation: self.operation, options, outcome: Mutex::default() }))
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

/// What the hooks of one call need, and where they leave what came of it.
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) operation: &'static Operation,
    pub(crate) options: Options,
    outcome: Mutex<Outcome>,
}

#[derive(Default)]
struct Outcome {
    error: Option<Error>,
    attempts: u32,
    status: Option<StatusCode>,
    headers: HeaderMap,
}

impl Context {
    /// Leaves the error for [`Sender`]: progenitor's hooks have no way to carry it.
    pub(crate) fn fail(&self, error: Error) {
        self.lock().error = Some(error);
    }

    pub(crate) fn sent(&self, attempts: u32) {
        self.lock().attempts = attempts;
    }

    /// Notes what an answer says outside of its body.
    pub(crate) fn answered(&self, status: StatusCode, headers: HeaderMap) {
        let mut outcome = self.lock();
        outcome.status = Some(status);
        outcome.headers = headers;
    }

    fn take_headers(&self) -> HeaderMap {
        std::mem::take(&mut self.lock().headers)
    }

    /// The error, with what is known of the answer.
    fn complete(&self, error: Error) -> Error {
        let outcome = self.lock();
        let error = error.of(self.operation).tried(outcome.attempts);
        match outcome.status {
            Some(status) => error.answered(status, request_id(&outcome.headers)),
            None => error,
        }
    }

    /// The error for a body that cannot be decoded; the body is quoted where it cannot hold a secret.
    pub(crate) fn undecodable<T: DeserializeOwned>(&self, body: &[u8], error: serde_json::Error) -> Error {
        let error = self.complete(decode_error::<T>(body, error));
        if self.operation.secret { error } else { error.quoting(body) }
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.lock().attempts
    }

    pub(crate) fn take_error(&self) -> Option<Error> {
        self.lock().error.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

/// The generated client with the context of one call in it.
pub(crate) struct Sender {
    context: Arc<Context>,
    client: Generated,
}

type Outcoming<T> = Result<ResponseValue<T>, progenitor_client::Error<()>>;

impl Sender {
    pub(crate) fn client(&self) -> &Generated {
        &self.client
    }

    pub(crate) fn decoded<T: DeserializeOwned>(&self, result: Outcoming<T>) -> Result<Response<T>, Error> {
        self.finish(result, |body, error| self.context.undecodable::<T>(body, error))
    }

    pub(crate) fn empty(&self, result: Outcoming<()>) -> Result<Response<()>, Error> {
        self.finish(result, |_, error| Error::new(ErrorKind::Decode, error.to_string()))
    }

    fn finish<T>(
        &self,
        result: Outcoming<T>,
        undecodable: impl FnOnce(&[u8], serde_json::Error) -> Error,
    ) -> Result<Response<T>, Error> {
        // What our hooks found says more than what progenitor made of it.
        if let Some(error) = self.context.take_error() {
            return Err(error);
        }
        let attempts = self.context.attempts();
        let error = match result {
            Ok(value) => {
                let (status, headers) = (value.status(), self.context.take_headers());
                return Ok(Response::new(value.into_inner(), status, headers, attempts));
            }
            Err(progenitor_client::Error::InvalidResponsePayload(body, error)) => undecodable(&body, error),
            Err(progenitor_client::Error::InvalidRequest(message)) => Error::new(ErrorKind::Argument, message),
            Err(progenitor_client::Error::CommunicationError(error)) => {
                Error::new(ErrorKind::Argument, "the request cannot be built").with_source(error.without_url())
            }
            // The hooks answer for every other case; this one is for a variant that a new progenitor may add.
            Err(_) => Error::new(ErrorKind::Decode, "the answer cannot be read"),
        };
        Err(self.context.complete(error))
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
