//! The error type of this crate: the cause, the details of Entra ID's response and a hint.

use http::StatusCode;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The error returned when no access token could be obtained.
///
/// Cheap to clone: all callers that wait for the same token request get the same error. `Display` prints the message and, on a
/// second line, the [hint](Self::hint) if there is one. Neither `Display` nor `Debug` prints a secret, a token or a response
/// body.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is missing or invalid.
    Config,
    /// The secret, certificate or assertion was rejected.
    Credential,
    /// The tenant, or the application in it, was not found.
    Tenant,
    /// The audience is unknown in the tenant.
    Resource,
    /// The consent of an administrator is missing.
    Consent,
    /// A policy of the tenant blocks the application.
    Blocked,
    /// The clock of this machine differs too much from Entra ID's.
    ClockSkew,
    /// There were too many token requests.
    Throttled,
    /// Entra ID is temporarily unavailable. A retry may succeed.
    Transient,
    /// The connection failed, or the request timed out.
    Network,
    /// The response is invalid.
    Protocol,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    details: Details,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Details of the response. All of them are safe to print.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) status: Option<StatusCode>,
    pub(crate) oauth_error: Option<String>,
    pub(crate) codes: Vec<u32>,
    pub(crate) trace_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) hint: Option<&'static str>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::with(kind, message, Details::default())
    }

    pub(crate) fn with(kind: ErrorKind, message: impl Into<String>, details: Details) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), details, source: None }))
    }

    /// Creates an error for a custom [`TokenProvider`](crate::TokenProvider) or assertion source.
    ///
    /// ```
    /// use partner_auth::{Error, ErrorKind};
    ///
    /// let error = Error::other(ErrorKind::Network, "vault did not respond", std::io::Error::other("timeout"));
    /// assert!(error.is_retryable());
    /// ```
    pub fn other(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            details: Details::default(),
            source: Some(source.into()),
        }))
    }

    #[cfg(feature = "entra")]
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns true if both errors are clones of the same error, that is, of the same token request.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns true if a retry of the same request may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Network)
    }

    /// Returns the HTTP status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.details.status
    }

    /// Returns the `error` field of the response (RFC 6749 section 5.2), such as `invalid_client`.
    pub fn oauth_error(&self) -> Option<&str> {
        self.0.details.oauth_error.as_deref()
    }

    /// Returns the AADSTS codes of the response, the most specific one first.
    pub fn aadsts_codes(&self) -> &[u32] {
        &self.0.details.codes
    }

    /// Returns the trace id of the response, which Microsoft support asks for.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.details.trace_id.as_deref()
    }

    /// Returns the correlation id of the response.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.details.correlation_id.as_deref()
    }

    /// Returns the time of the error as Entra ID reported it.
    pub fn timestamp(&self) -> Option<&str> {
        self.0.details.timestamp.as_deref()
    }

    /// Returns the `x-ms-request-id` header of the response. It is set even if the body is empty.
    pub fn request_id(&self) -> Option<&str> {
        self.0.details.request_id.as_deref()
    }

    /// Returns the time to wait before a retry, from the `Retry-After` header.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.details.retry_after
    }

    /// Returns a hint on how to resolve the error, if there is one.
    pub fn hint(&self) -> Option<&str> {
        self.0.details.hint
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.0.details;
        f.write_str(&self.0.message)?;
        if let Some(code) = details.codes.first() {
            write!(f, " (AADSTS{code}")?;
            if let Some(trace) = &details.trace_id {
                write!(f, ", trace id {trace}")?;
            }
            f.write_str(")")?;
        } else if let Some(status) = details.status {
            write!(f, " (status {}", status.as_u16())?;
            if let Some(id) = &details.request_id {
                write!(f, ", request id {id}")?;
            }
            f.write_str(")")?;
        }
        if let Some(delay) = details.retry_after {
            write!(f, "; retry after {} s", delay.as_secs())?;
        }
        if let Some(hint) = details.hint {
            write!(f, "\n{hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
