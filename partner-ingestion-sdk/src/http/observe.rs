//! Hooks of a client: a callback before each attempt is sent, and events after each attempt and each call.

use super::operation::Operation;
use super::response::{RawResponse, request_id};
use crate::error::{Error, ErrorKind};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, IF_MATCH, TRANSFER_ENCODING};
use reqwest::{Method, Request, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

type BeforeSend = Arc<dyn Fn(&mut OutgoingRequest<'_>) + Send + Sync>;
type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Headers that follow from the request, or that retries depend on. A hook cannot change them.
const FIXED: [HeaderName; 5] = [AUTHORIZATION, CONTENT_LENGTH, HOST, IF_MATCH, TRANSFER_ENCODING];

/// The hooks of a client.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) before_send: Vec<BeforeSend>,
    pub(crate) observers: Vec<Observer>,
}

impl Hooks {
    /// Lets the hooks change the headers of a request.
    pub(super) fn before_send(&self, operation: &'static Operation, attempt: u32, request: &mut Request) {
        if self.before_send.is_empty() {
            return;
        }
        let fixed = FIXED.map(|name| (request.headers_mut().remove(&name), name));
        let method = request.method().clone();
        for hook in &self.before_send {
            hook(&mut OutgoingRequest { operation, attempt, method: &method, headers: request.headers_mut() });
        }
        for (value, name) in fixed {
            match value {
                Some(value) => drop(request.headers_mut().insert(name, value)),
                None => drop(request.headers_mut().remove(name)),
            }
        }
    }

    pub(super) fn is_observed(&self) -> bool {
        !self.observers.is_empty()
    }

    /// Returns the current time if there is an observer, which gets durations.
    pub(super) fn now(&self) -> Option<Instant> {
        self.is_observed().then(Instant::now)
    }

    pub(super) fn notify(&self, event: &Event<'_>) {
        self.observers.iter().for_each(|observer| observer(event));
    }
}

/// An attempt that is about to be sent. Passed to the hook of
/// [`ClientBuilder::before_send`](crate::ClientBuilder::before_send).
pub struct OutgoingRequest<'a> {
    operation: &'static Operation,
    attempt: u32,
    method: &'a Method,
    headers: &'a mut HeaderMap,
}

impl OutgoingRequest<'_> {
    /// Returns the operation. A [`RawRequest`](crate::RawRequest) has the name `request` and an empty path.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Returns the number of the attempt, starting at 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Returns the headers, without `Authorization`.
    pub fn headers(&self) -> &HeaderMap {
        self.headers
    }

    /// Returns the headers for changes. Changes of `Authorization`, `Content-Length`, `Host`, `If-Match` and
    /// `Transfer-Encoding` have no effect.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers
    }
}

/// Without the values of headers, which may be secrets.
impl fmt::Debug for OutgoingRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("operation", &self.operation.name)
            .field("attempt", &self.attempt)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// An event of a call, for an observer that [`ClientBuilder::observe`](crate::ClientBuilder::observe) sets.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt ended: a response was received completely, or the attempt failed.
    Attempt(Measurement<'a>),
    /// A call ended with its last attempt, or with an error before the first one. A call that is dropped has no such event.
    Call(Measurement<'a>),
}

/// The figures of an attempt, or of a whole call.
#[derive(Debug)]
pub struct Measurement<'a> {
    pub(super) operation: &'static Operation,
    pub(super) method: &'a Method,
    pub(super) attempt: u32,
    pub(super) status: Option<StatusCode>,
    pub(super) error_kind: Option<ErrorKind>,
    pub(super) request_id: Option<String>,
    pub(super) duration: Duration,
    pub(super) totals: Totals,
}

/// Returns the time since then, or zero.
pub(super) fn elapsed(since: Option<Instant>) -> Duration {
    since.map(|since| since.elapsed()).unwrap_or_default()
}

/// What attempts add to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) rate_limit_wait: Duration,
    pub(super) backoff: Duration,
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
        self.rate_limit_wait = self.rate_limit_wait.saturating_add(other.rate_limit_wait);
        self.backoff = self.backoff.saturating_add(other.backoff);
    }
}

impl<'a> Measurement<'a> {
    pub(super) fn new(
        operation: &'static Operation,
        method: &'a Method,
        outcome: Result<&RawResponse, &Error>,
        attempt: u32,
        duration: Duration,
        totals: Totals,
    ) -> Self {
        let (status, request_id, error_kind) = match outcome {
            // The service refused the request.
            Ok(response) if !response.status.is_success() => {
                (Some(response.status), request_id(&response.headers), Some(ErrorKind::Status))
            }
            Ok(response) => (Some(response.status), request_id(&response.headers), None),
            Err(error) => (error.status(), error.request_id().map(str::to_owned), Some(error.kind())),
        };
        Self { operation, method, attempt, status, error_kind, request_id, duration, totals }
    }

    /// Returns the operation, with its name and path template. A [`RawRequest`](crate::RawRequest) has the name `request` and
    /// an empty path.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Returns the number of the attempt, starting at 1; for a call, the number of its attempts. It is 0 if nothing was sent.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the status of the response, or `None` if there is none.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the kind of the error, or `None` for a successful status. An undecodable body of a successful response is no
    /// error here.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        self.error_kind
    }

    /// Returns the id that the service gave the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the time of the attempt, from sending the request to the end of the response; for a call, the time from its
    /// start, including the token and all waiting.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Returns the size of the request body in bytes; for a call, of all attempts.
    pub fn request_bytes(&self) -> u64 {
        self.totals.request_bytes
    }

    /// Returns the size of the response body in bytes, after decompression; for a call, of all attempts. It is 0 for a body
    /// that was not received completely.
    pub fn response_bytes(&self) -> u64 {
        self.totals.response_bytes
    }

    /// Returns the time that the attempt waited for the rate limiter; for a call, the sum of all attempts.
    pub fn rate_limit_wait(&self) -> Duration {
        self.totals.rate_limit_wait
    }

    /// Returns the delay before the attempt, which is zero for the first one; for a call, the sum of the delays.
    pub fn backoff(&self) -> Duration {
        self.totals.backoff
    }
}
