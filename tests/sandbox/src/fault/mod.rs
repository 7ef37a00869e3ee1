//! Faults that the sandbox injects into calls.

mod queue;

pub(crate) use queue::Faults;

use crate::error_shape::ErrorShape;
use crate::message::JSON;
use http::header::{HeaderName, HeaderValue};
use std::fmt;
use std::time::Duration;

/// Selects the calls that a fault or an expectation applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls(Target);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Any,
    Tokens,
    Uploads,
    Operation { method: String, path: String },
}

/// The target of a call, to match it with [`Calls`].
pub(crate) enum Destination<'c> {
    Tokens,
    Uploads,
    Operation { method: &'c str, template: &'c str },
}

impl Calls {
    /// Selects all calls to the API, but neither token requests nor uploads.
    pub fn any() -> Self {
        Self(Target::Any)
    }

    /// Selects token requests.
    pub fn tokens() -> Self {
        Self(Target::Tokens)
    }

    /// Selects requests to upload URLs.
    pub fn uploads() -> Self {
        Self(Target::Uploads)
    }

    /// Selects calls of one operation by its method and its path in the document, such as `/products/{productID}`.
    pub fn of(method: &str, path: &str) -> Self {
        Self(Target::Operation { method: method.to_owned(), path: path.to_owned() })
    }

    pub(crate) fn include(&self, destination: &Destination<'_>) -> bool {
        match (&self.0, destination) {
            (Target::Any, Destination::Operation { .. }) => true,
            (Target::Tokens, Destination::Tokens) | (Target::Uploads, Destination::Uploads) => true,
            (Target::Operation { method, path }, Destination::Operation { method: own, template }) => {
                method.eq_ignore_ascii_case(own) && path.eq_ignore_ascii_case(template)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Any => f.write_str("any call"),
            Target::Tokens => f.write_str("token requests"),
            Target::Uploads => f.write_str("uploads"),
            Target::Operation { method, path } => write!(f, "{method} {path}"),
        }
    }
}

/// A fault that is injected into a call.
///
/// ```
/// use partner_sandbox::Fault;
/// use std::time::Duration;
///
/// let busy = Fault::status(503).header("retry-after", "1").after(Duration::from_millis(20));
/// let invalid = Fault::status(400).body("\"ICH50400 - Unable to complete request.\"");
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) delay: Duration,
    /// Whether the call is processed before a response of [`Kind::Respond`] is returned.
    pub(crate) is_processed: bool,
}

/// Describes the fault in a few words.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Delay => f.write_str("delay")?,
            Kind::Respond { status, .. } => write!(f, "status {status}")?,
            Kind::Disconnect(Disconnect::BeforeRequest) => f.write_str("reset")?,
            Kind::Disconnect(Disconnect::BeforeResponse) => f.write_str("drop-response")?,
            Kind::Disconnect(Disconnect::WithinBody) => f.write_str("truncate-body")?,
            Kind::Disconnect(Disconnect::StallBody) => f.write_str("stall")?,
            Kind::RateLimit(rate) => write!(f, "at most {rate} per second")?,
        }
        if self.delay.is_zero() { Ok(()) } else { write!(f, " after {} ms", self.delay.as_millis()) }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The call is processed normally after the delay.
    Delay,
    Respond {
        status: u16,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: String,
    },
    Disconnect(Disconnect),
    /// Calls above this number per second return 429.
    RateLimit(u32),
}

/// When the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disconnect {
    /// Before the call is processed.
    BeforeRequest,
    /// After the call was processed, before the first byte of the response.
    BeforeResponse,
    /// In the middle of the response body.
    WithinBody,
    /// The response stops in the middle of the body, but the connection stays open.
    StallBody,
}

impl Fault {
    fn of(kind: Kind) -> Self {
        Self { kind, delay: Duration::ZERO, is_processed: false }
    }

    /// Returns this status with an empty body. The call is not processed.
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Respond { status, headers: Vec::new(), body: String::new() })
    }

    /// Returns this status with a body in one of the service's error shapes. The call is not processed.
    pub fn error(status: u16, shape: ErrorShape) -> Self {
        let fault = Self::status(status);
        match shape.body(status) {
            Some(body) => fault.header("content-type", JSON).body(body.to_string()),
            None => fault,
        }
    }

    /// Closes the connection. The call is not processed.
    pub fn reset() -> Self {
        Self::of(Kind::Disconnect(Disconnect::BeforeRequest))
    }

    /// Processes the call, but closes the connection before the response.
    pub fn drop_response() -> Self {
        Self::of(Kind::Disconnect(Disconnect::BeforeResponse))
    }

    /// Processes the call, but closes the connection in the middle of the response body.
    pub fn truncate_body() -> Self {
        Self::of(Kind::Disconnect(Disconnect::WithinBody))
    }

    /// Processes the call, but stops sending in the middle of the response body. The connection stays open.
    pub fn stall() -> Self {
        Self::of(Kind::Disconnect(Disconnect::StallBody))
    }

    /// Delays the call, and then processes it normally.
    pub fn delay(time: Duration) -> Self {
        Self { delay: time, ..Self::of(Kind::Delay) }
    }

    /// Limits the number of calls per second. Calls above the limit return 429 with the gateway's body and `Retry-After`, and are
    /// not processed. Bursts of up to `per_second` calls are allowed.
    pub fn rate_limit(per_second: u32) -> Self {
        Self::of(Kind::RateLimit(per_second))
    }

    /// Sets the response body. Ignored unless the fault is a response.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Kind::Respond { body, .. } = &mut self.kind {
            *body = text.into();
        }
        self
    }

    /// Processes the call before this response is returned instead of the service's, as when a gateway loses the response. Ignored
    /// unless the fault is a response.
    ///
    /// ```
    /// use partner_sandbox::Fault;
    ///
    /// let empty = Fault::status(201).after_processing();
    /// let timed_out = Fault::status(504).after_processing();
    /// ```
    #[must_use]
    pub fn after_processing(mut self) -> Self {
        self.is_processed = true;
        self
    }

    /// Adds a response header. Invalid headers are ignored.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Kind::Respond { headers, .. }, Ok(name), Ok(value)) = (&mut self.kind, name.parse(), value.parse()) {
            headers.push((name, value));
        }
        self
    }

    /// Delays the fault. Default: no delay.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }
}
