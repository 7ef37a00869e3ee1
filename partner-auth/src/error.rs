//! The one error of this crate: what happened, what Entra ID said, what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why no token is to be had.
///
/// Cheap to clone: every caller that waited for the same exchange gets the same error. `Display` is one or two lines and
/// ends with the next step; it holds no secret, no token and no body.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is incomplete or malformed; nothing was sent.
    Config,
    /// The secret, certificate or assertion is not accepted.
    Credential,
    /// The tenant or the application in it was not found.
    Tenant,
    /// The audience is unknown in the tenant.
    Resource,
    /// An administrator has to consent.
    Consent,
    /// Blocked by a policy of the tenant.
    Blocked,
    /// The clocks of this machine and of Entra ID differ too much.
    ClockSkew,
    /// Too many token requests.
    Throttled,
    /// Entra ID is in trouble; the same request may succeed later.
    Transient,
    /// Entra ID could not be reached.
    Network,
    /// The answer is not what the protocol demands.
    Protocol,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    details: Details,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What is known of the answer. All of it may be quoted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) status: Option<u16>,
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

    /// An error of a provider that is not of this crate.
    ///
    /// ```
    /// use partner_auth::{Error, ErrorKind};
    ///
    /// let error = Error::other(ErrorKind::Network, "the vault does not answer", std::io::Error::other("timeout"));
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

    /// Whether both are the one error of the same exchange, told to several callers.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may succeed later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Network)
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.details.status
    }

    /// The member `error` of the answer (RFC 6749 section 5.2).
    pub fn oauth_error(&self) -> Option<&str> {
        self.0.details.oauth_error.as_deref()
    }

    /// The AADSTS codes of the answer, the most telling one first.
    pub fn aadsts_codes(&self) -> &[u32] {
        &self.0.details.codes
    }

    /// The trace id of the answer: Microsoft's support asks for it.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.details.trace_id.as_deref()
    }

    /// The correlation id of the answer.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.details.correlation_id.as_deref()
    }

    /// When the error occurred, by Entra ID's clock and in its words.
    pub fn timestamp(&self) -> Option<&str> {
        self.0.details.timestamp.as_deref()
    }

    /// The header `x-ms-request-id` of the answer, which is there when the body says nothing.
    pub fn request_id(&self) -> Option<&str> {
        self.0.details.request_id.as_deref()
    }

    /// How long Entra ID asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.details.retry_after
    }

    /// The next step, where one is known.
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
            write!(f, " (status {status}")?;
            if let Some(id) = &details.request_id {
                write!(f, ", request id {id}")?;
            }
            f.write_str(")")?;
        }
        if let Some(wish) = details.retry_after {
            write!(f, "; to be tried again after {} s", wish.as_secs())?;
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
