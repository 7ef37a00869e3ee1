//! The error of the client. It keeps the status, the request id, Retry-After and the error code of the service.

use super::body::{self, FieldErrors, ServiceError, one_line};
use super::ingestion::details::Details;
use super::kind::ErrorKind;
use partner_auth::ConnectionFailure;
use reqwest::StatusCode;
use std::error::Error as StdError;
use std::time::Duration;

/// The error of all calls.
///
/// `Display` prints one line without the source; [`hint`](Error::hint) returns the suggested next step. `{:?}` prints both and
/// the cause, for programs that return the error from `main`, and `{:#?}` every field. None of them contains a token, a secret or
/// the query of a URL. [`errors`](crate::errors) lists the errors that users meet, as they are printed.
pub struct Error(pub(super) Box<Inner>);

#[derive(Default)]
pub(super) struct Inner {
    pub(super) kind: Option<ErrorKind>,
    pub(super) message: String,
    pub(super) operation: Option<&'static str>,
    pub(super) status: Option<StatusCode>,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) attempts: u32,
    pub(super) maybe_processed: bool,
    /// True if repeating the request has the effect of sending it once.
    pub(super) idempotent: bool,
    pub(super) own_retry_conflict: bool,
    pub(super) while_paging: bool,
    pub(super) note: Option<String>,
    pub(super) unfinished_upload: Option<String>,
    pub(super) details: Details,
    pub(super) service: ServiceError,
    pub(super) auth: Option<partner_auth::Error>,
    pub(super) challenge: Option<partner_auth::Challenge>,
    pub(super) hint: Option<&'static str>,
    pub(super) connection: Option<ConnectionFailure>,
    pub(super) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        // A name or a text of the service may contain line breaks.
        Self(Box::new(Inner { kind: Some(kind), message: one_line(&message.into()), ..Inner::default() }))
    }

    /// Creates the error of a token provider that cannot be configured.
    #[cfg(feature = "auth")]
    pub(crate) fn auth_config(error: partner_auth::Error) -> Self {
        let mut new = Self::new(ErrorKind::Config, error.to_string());
        new.0.auth = Some(error);
        new
    }

    pub(crate) fn auth(error: partner_auth::Error) -> Self {
        let mut new = Self::new(ErrorKind::Auth, format!("no access token could be obtained: {error}"));
        new.0.retry_after = error.retry_after();
        new.0.auth = Some(error);
        new
    }

    /// Creates the error for a response whose status is not a success. `quote` is false if the body may contain a secret.
    pub(crate) fn from_response(status: StatusCode, request_id: Option<String>, body: &[u8], quote: bool) -> Self {
        let mut error = Self::new(ErrorKind::Status, "").with_response(status, request_id);
        error.0.service = body::read(body, quote);
        if error.is_throttled() {
            // The gateway names the delay only in its message.
            error.0.retry_after = error.service_message().and_then(body::seconds);
        }
        error
    }

    /// Replaces the delay if the response has a Retry-After header.
    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after.or(self.0.retry_after);
        self
    }

    pub(crate) fn with_challenge(mut self, challenge: Option<partner_auth::Challenge>) -> Self {
        self.0.challenge = challenge;
        self
    }

    pub(crate) fn with_operation(mut self, name: &'static str) -> Self {
        self.0.operation = Some(name);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_response(mut self, status: StatusCode, request_id: Option<String>) -> Self {
        self.0.status = Some(status);
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn with_maybe_processed(mut self, maybe: bool) -> Self {
        self.0.maybe_processed = maybe;
        self
    }

    pub(crate) fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.0.idempotent = idempotent;
        self
    }

    pub(crate) fn with_own_retry_conflict(mut self, perhaps: bool) -> Self {
        self.0.own_retry_conflict = perhaps;
        self
    }

    /// Marks the error of a page that was reached by a `nextLink`.
    pub(crate) fn while_paging(mut self) -> Self {
        self.0.while_paging = true;
        self
    }

    pub(crate) fn is_while_paging(&self) -> bool {
        self.0.while_paging
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    /// Adds a fact that the message does not have, such as how often a workflow tried.
    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.0.note = Some(one_line(&note.into()));
        self
    }

    /// Sets the id of the record that a failed upload leaves behind.
    pub(crate) fn with_unfinished_upload(mut self, id: &str) -> Self {
        self.0.unfinished_upload = Some(id.to_owned());
        self
    }

    /// Sets the suggested next step, where it does not follow from kind, operation and status.
    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    /// Names the environment variable with the invalid value.
    #[cfg(feature = "auth")]
    pub(crate) fn in_variable(mut self, name: &str) -> Self {
        self.0.message = format!("{name}: {}", self.0.message);
        self
    }

    pub(crate) fn with_connection_failure(mut self, failure: ConnectionFailure) -> Self {
        self.0.connection = Some(failure);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Keeps the start of a body that cannot be decoded.
    pub(crate) fn with_excerpt(mut self, body: &[u8]) -> Self {
        self.0.service.excerpt = Some(body::clean(&String::from_utf8_lossy(body)));
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Decode)
    }

    /// Returns the method name of the operation.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// Returns the status of the response, if one was received.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Returns the id that the service gave the request. Microsoft support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the error code of the service, such as `ICH50400`.
    pub fn service_code(&self) -> Option<&str> {
        self.0.service.code.as_deref()
    }

    /// Returns the error message of the service.
    pub fn service_message(&self) -> Option<&str> {
        self.0.service.message.as_deref()
    }

    /// Returns the error messages of the service by field.
    pub fn field_errors(&self) -> &FieldErrors {
        &self.0.service.fields
    }

    /// Returns the correlation id in the response body.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.service.correlation_id.as_deref()
    }

    /// Returns the operation id in the response body.
    pub fn operation_id(&self) -> Option<&str> {
        self.0.service.operation_id.as_deref()
    }

    /// Returns the start of a response body that has no known form or cannot be decoded, without control characters. At most
    /// 300 characters. `None` if the body may contain a secret.
    pub fn body_excerpt(&self) -> Option<&str> {
        self.0.service.excerpt.as_deref()
    }

    /// Returns the delay that the service, or Entra ID, asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the number of times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the error of the token provider, if no token could be obtained or `Client::from_env` failed.
    pub fn auth_error(&self) -> Option<&partner_auth::Error> {
        self.0.auth.as_ref()
    }

    /// Returns the authentication challenge of a 401 or 403 response: the reason, and the `claims` to request.
    pub fn challenge(&self) -> Option<&partner_auth::Challenge> {
        self.0.challenge.as_ref()
    }

    /// Returns true if the service may have processed the request although it failed: the connection was lost after the
    /// request was sent, a timeout elapsed, the service or a proxy failed, or the response is a success that cannot be decoded.
    /// Read the resource before you repeat the request. Always false for reads.
    pub fn may_have_been_processed(&self) -> bool {
        self.0.maybe_processed
    }

    /// Returns true if a conflict may be caused by an earlier attempt of the same PUT whose response was lost. Read the
    /// resource: it may already have the change.
    pub fn may_conflict_with_own_retry(&self) -> bool {
        self.0.own_retry_conflict
    }

    /// Returns the id of the record that a failed upload leaves behind. [`FileUpload::resume`](crate::FileUpload::resume) continues the
    /// upload.
    pub fn unfinished_upload(&self) -> Option<&str> {
        self.0.unfinished_upload.as_deref()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let inner = &*self.0;
        match (&inner.auth, &inner.source) {
            // The message is that of the source, so that printing both would repeat it.
            (Some(auth), _) if self.kind() == ErrorKind::Config => auth.source(),
            (Some(auth), _) => Some(auth),
            (None, Some(source)) => Some(&**source),
            (None, None) => None,
        }
    }
}
