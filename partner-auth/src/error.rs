//! The error type of this crate: the cause, the details of Entra ID's response and a hint.

use http::StatusCode;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The error returned when no access token could be obtained.
///
/// Cheap to clone: all callers that wait for the same token request get the same error. `Display` prints one line;
/// [`hint`](Self::hint) returns the suggested next step. `{:?}` prints both, for programs that return the error from `main`, and
/// `{:#?}` every field. None of them prints a secret, a token or a response body.
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
    /// True if the connection failed and a repetition would fail in the same way.
    pub(crate) permanent: bool,
}

/// Messages contain paths and texts of other crates, which may contain line breaks.
fn one_line(message: String) -> String {
    match message.contains(char::is_control) {
        true => message.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        false => message,
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::with(kind, message, Details::default())
    }

    pub(crate) fn with(kind: ErrorKind, message: impl Into<String>, details: Details) -> Self {
        Self(Arc::new(Inner { kind, message: one_line(message.into()), details, source: None }))
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
            message: one_line(message.into()),
            details: Details::default(),
            source: Some(source.into()),
        }))
    }

    /// Creates the error of a connection to a service. The URL may contain a secret in its query, so that only host and port are
    /// named.
    #[cfg(feature = "entra")]
    pub(crate) fn network(service: &str, error: reqwest::Error) -> Self {
        // The messages of later failures are about other things than the certificate or the host name.
        let failure = match error.is_connect() {
            true => crate::ConnectionFailure::of(&error),
            false => crate::ConnectionFailure::Other,
        };
        let mut message = format!("{service} is unreachable");
        if let Some(url) = error.url() {
            message += &format!(" at {}", address(url));
        }
        if let Some(cause) = failure.description() {
            message += &format!(": {cause}");
        } else if error.is_timeout() {
            message += ": the connection timed out";
        }
        let details = Details { hint: Some(failure.hint()), permanent: failure.is_permanent(), ..Details::default() };
        let source = Some(error.without_url().into());
        Self(Arc::new(Inner { kind: ErrorKind::Network, message: one_line(message), details, source }))
    }

    /// Adds a hint to an error that was just created.
    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.details.hint = Some(hint);
        }
        self
    }

    /// Names the environment variable with the invalid value in an error that was just created.
    #[cfg(feature = "entra")]
    pub(crate) fn in_variable(mut self, name: &str) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0).filter(|inner| !inner.message.contains(name)) {
            inner.message = format!("{name}: {}", inner.message);
        }
        self
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
        let transient = matches!(self.0.kind, ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Network);
        transient && !self.0.details.permanent
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

    /// Returns a hint on how to resolve the error. Every kind of error has one.
    pub fn hint(&self) -> Option<&str> {
        Some(self.0.details.hint.unwrap_or_else(|| self.0.kind.hint(self.0.details.status.is_some())))
    }
}

impl ErrorKind {
    /// Returns the hint for an error without a more specific one.
    fn hint(self, responded: bool) -> &'static str {
        match self {
            Self::Config if responded => "Check the tenant id, the client id, the credential and the audience.",
            Self::Config => "Correct the setting that the message names. No token was requested.",
            Self::Credential => "Check that the credential is current and belongs to the client id.",
            Self::Tenant => "Check the tenant id and the client id: the application must exist in the tenant.",
            Self::Resource => {
                "Check the audience, which is https://api.partner.microsoft.com without a trailing slash for Partner Center."
            }
            Self::Consent => "Ask an administrator of the tenant to grant consent to the application.",
            Self::Blocked => "Ask an administrator of the tenant which policy blocks the application.",
            Self::ClockSkew => "Set the clock of this machine.",
            Self::Throttled => {
                "Wait at least a minute before the next request, and share one TokenSource between all tasks."
            }
            Self::Transient => {
                "Try again later. If the error persists, send the ids in the message to Microsoft support."
            }
            Self::Network => "Check the network, the proxy and the sign-in host.",
            Self::Protocol => {
                "Check the proxy and the sign-in host: the response is not one of Entra ID's token endpoint."
            }
        }
    }
}

/// Returns host and port of a URL.
#[cfg(feature = "entra")]
pub(crate) fn address(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
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
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            write!(f, "{self}\n{}", self.hint().unwrap_or_default())?;
            let mut cause = self.source();
            while let Some(inner) = cause.and_then(|cause| cause.source()) {
                cause = Some(inner);
            }
            return match cause.map(|cause| one_line(cause.to_string())) {
                Some(cause) if !self.0.message.contains(&cause) => write!(f, "\ncaused by: {cause}"),
                _ => Ok(()),
            };
        }
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
