//! A successful answer.

use reqwest::StatusCode;
use reqwest::header::{ETAG, HeaderMap, LOCATION};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The decoded body of a successful answer, with what its headers say. It derefs to the body.
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, status: StatusCode, headers: HeaderMap, attempts: u32) -> Self {
        Self { value, status, headers, attempts }
    }

    /// The body, without the rest.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status; a success.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The entity tag in the header, with its quotes. PUT and POST answer with one; GET has it in the body.
    pub fn etag(&self) -> Option<&str> {
        self.text(ETAG.as_str())
    }

    /// The service's id of this request: Microsoft's support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.text(REQUEST_ID)
    }

    /// The address of what a POST created.
    pub fn location(&self) -> Option<&str> {
        self.text(LOCATION.as_str())
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The same answer with another body.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        Response { value: f(self.value), status: self.status, headers: self.headers, attempts: self.attempts }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The header with the service's id of a request.
pub(crate) const REQUEST_ID: &str = "request-id";

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

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
