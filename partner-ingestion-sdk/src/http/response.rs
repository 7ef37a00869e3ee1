//! Responses: as they were received, before they are decoded, and decoded.

use super::operation::{ANY, Operation};
use crate::error::{Error, decode_error};
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{ETAG, HeaderMap, LOCATION};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A successful response: the decoded body, the status and the headers. Dereferences to the body. `Debug`
/// prints the body only for operations, whose types redact secrets, and not for a [`RawRequest`](crate::RawRequest).
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
    operation: &'static str,
}

impl<T> Response<T> {
    /// Creates a response for tests of workflows.
    #[cfg(test)]
    pub(crate) fn of_test(value: T) -> Self {
        Self { value, status: StatusCode::OK, headers: HeaderMap::new(), attempts: 1, operation: "test" }
    }

    /// Returns the method name of the operation, for errors.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation
    }

    /// Returns the body.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the entity tag in the header, including its quotes. PUT and POST responses have one; GET responses have it in
    /// the body.
    pub fn etag(&self) -> Option<&str> {
        self.text(ETAG.as_str())
    }

    /// Returns the id that the service gave the request. Microsoft support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.text(REQUEST_ID)
    }

    /// Returns the address of the resource that a POST created.
    pub fn location(&self) -> Option<&str> {
        self.text(LOCATION.as_str())
    }

    /// Returns the number of times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Converts the body and keeps status and headers.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        let Self { value, status, headers, attempts, operation } = self;
        Response { value: f(value), status, headers, attempts, operation }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The header with the service's id of a request.
const REQUEST_ID: &str = "request-id";

pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned)
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// The body.
impl<T: fmt::Display> fmt::Display for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut response = f.debug_struct("Response");
        response.field("status", &self.status).field("request_id", &self.request_id());
        // The type of a raw request, such as `serde_json::Value`, does not redact the secrets of a body.
        if self.operation != ANY.name {
            response.field("value", &self.value);
        }
        response.finish_non_exhaustive()
    }
}

/// A decoded body, without its type.
pub(crate) type Decoded = Box<dyn Any + Send>;

/// Decodes the body of a read while it can still be sent again.
pub(crate) type Decode = fn(&[u8]) -> serde_json::Result<Decoded>;

/// The decoder of a type.
pub(crate) fn json<T: DeserializeOwned + Send + 'static>(body: &[u8]) -> serde_json::Result<Decoded> {
    serde_json::from_slice::<T>(body).map(|value| Box::new(value) as Decoded)
}

/// A response with its whole body.
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl RawResponse {
    /// Returns an error if the body ends within a JSON value, or is empty.
    pub(super) fn check_complete(&self, operation: &'static Operation) -> Result<(), Error> {
        match serde_json::from_slice::<IgnoredAny>(&self.body) {
            Err(error) if error.is_eof() => {
                let error = decode_error::<IgnoredAny>(&operation.request(), &self.body, error);
                let error = error.with_operation(operation.name).with_response(self.status, request_id(&self.headers));
                Err(if operation.secret { error } else { error.with_excerpt(&self.body) })
            }
            _ => Ok(()),
        }
    }
}

/// Creates the error for a response whose status is not a success.
pub(crate) fn service_error(operation: &'static Operation, response: &RawResponse) -> Error {
    let RawResponse { status, headers, body } = response;
    Error::from_response(*status, request_id(headers), body, !operation.secret)
        .with_retry_after(partner_auth::retry_after(headers))
        .with_challenge(partner_auth::Challenge::from_headers(headers))
        .with_operation(operation.name)
}

/// A successful response.
pub(crate) struct Success {
    pub(super) operation: &'static Operation,
    /// True if the request cannot have changed anything.
    pub(super) is_safe: bool,
    pub(super) attempts: u32,
    pub(super) response: RawResponse,
    /// The body of a read that was decoded already.
    pub(super) decoded: Option<Decoded>,
}

impl Success {
    pub(crate) fn decode<T: DeserializeOwned + 'static>(mut self) -> Result<Response<T>, Error> {
        if let Some(Ok(value)) = self.decoded.take().map(|decoded| decoded.downcast()) {
            return Ok(self.with(*value));
        }
        let body = std::mem::take(&mut self.response.body);
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(self.with(value)),
            Err(error) => {
                let request = self.operation.request();
                Err(self.undecodable(decode_error::<T>(&request, &body, error), &body))
            }
        }
    }

    /// The response of an action, which succeeded whatever its body is. A body of another form reads as an object without fields.
    pub(crate) fn decode_or_default<T: DeserializeOwned + Default>(mut self) -> Response<T> {
        let body = std::mem::take(&mut self.response.body);
        self.with(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The response of an operation without a response body.
    pub(crate) fn empty(self) -> Response<()> {
        self.with(())
    }

    /// Reads an empty body as `null`, so that `()` and `Option` can be decoded from it.
    pub(crate) fn or_null(mut self) -> Self {
        if self.response.body.is_empty() {
            self.response.body = Bytes::from_static(b"null");
        }
        self
    }

    fn with<T>(self, value: T) -> Response<T> {
        let RawResponse { status, headers, .. } = self.response;
        Response { value, status, headers, attempts: self.attempts, operation: self.operation.name }
    }

    /// Adds the response to the error; the body only if it cannot contain a secret.
    fn undecodable(self, error: Error, body: &[u8]) -> Error {
        let error = error.with_operation(self.operation.name).with_attempts(self.attempts);
        let error = error.with_response(self.response.status, request_id(&self.response.headers));
        let error = error.with_maybe_processed(!self.is_safe);
        if self.operation.secret { error } else { error.with_excerpt(body) }
    }
}
