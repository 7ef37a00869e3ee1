//! The one error of the client. It never loses the status, the request id, Retry-After or the service's own code.

mod body;
mod decode;
mod hint;

pub use body::FieldErrors;
pub(crate) use decode::decode_error;

use crate::Operation;
use crate::publish::FailedSubmission;
use crate::retry::retry_after;
use crate::transport::{Answer, request_id};
use crate::types::{PackageId, ValidationItem};
use body::Service;
use reqwest::StatusCode;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a call failed.
///
/// `Display` is one line without the source; [`hint`](Error::hint) is the next step. Neither holds a token, a secret or the
/// query of an address.
pub struct Error(Box<Inner>);

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration of the client is incomplete or wrong; nothing was sent.
    Config,
    /// An argument cannot be sent; nothing was sent.
    Argument,
    /// No token is to be had; [`Error::auth_error`] says why. Nothing was sent.
    Auth,
    /// The address is not of the service; nothing was sent, and no token went there.
    ForeignOrigin,
    /// The service cannot be reached, or the connection broke.
    Connection,
    /// The time limit ran out.
    Timeout,
    /// The service answered with a status that is no success.
    Status,
    /// The answer is larger than the client accepts.
    TooLarge,
    /// The answer is a success that cannot be decoded.
    Decode,
    /// A list leads to a page that it led to before.
    RepeatedLink,
    /// What was looked for by the name that people know is not there, or there is more than one of it.
    Lookup,
    /// A submission of the product is under way already.
    Pending,
    /// The service carried the request out, and what it was asked to make failed: a submission or a package.
    Failed,
    /// A file cannot be read.
    File,
}

#[derive(Default)]
struct Inner {
    kind: Option<ErrorKind>,
    message: String,
    operation: Option<&'static str>,
    status: Option<StatusCode>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    maybe_processed: bool,
    perhaps_own_write: bool,
    on_the_way: bool,
    submission: Option<FailedSubmission>,
    service: Service,
    auth: Option<partner_auth::Error>,
    challenge: Option<partner_auth::Challenge>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind: Some(kind), message: message.into(), ..Inner::default() }))
    }

    pub(crate) fn auth(error: partner_auth::Error) -> Self {
        let mut new = Self::new(ErrorKind::Auth, format!("no token: {error}"));
        new.0.retry_after = error.retry_after();
        new.0.auth = Some(error);
        new
    }

    pub(crate) fn of(mut self, operation: &'static Operation) -> Self {
        self.0.operation = Some(operation.name);
        self
    }

    pub(crate) fn tried(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn answered(mut self, status: StatusCode, request_id: Option<String>) -> Self {
        self.0.status = Some(status);
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn maybe_processed(mut self, maybe: bool) -> Self {
        self.0.maybe_processed = maybe;
        self
    }

    pub(crate) fn perhaps_own_write(mut self, perhaps: bool) -> Self {
        self.0.perhaps_own_write = perhaps;
        self
    }

    /// Of a page that another page led to.
    pub(crate) fn on_the_way(mut self) -> Self {
        self.0.on_the_way = true;
        self
    }

    pub(crate) fn is_on_the_way(&self) -> bool {
        self.0.on_the_way
    }

    /// Of the request that brought the news.
    pub(crate) fn identified(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn about(mut self, submission: FailedSubmission) -> Self {
        self.0.submission = Some(submission);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Keeps the start of a body that could not be decoded.
    pub(crate) fn quoting(mut self, body: &[u8]) -> Self {
        self.0.service.excerpt = Some(body::clean(&String::from_utf8_lossy(body)));
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Decode)
    }

    /// The operation, by the name of its method.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The service's id of the request: Microsoft's support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The service's own code, such as `ICH50400`.
    pub fn service_code(&self) -> Option<&str> {
        self.0.service.code.as_deref()
    }

    /// The service's own words.
    pub fn service_message(&self) -> Option<&str> {
        self.0.service.message.as_deref()
    }

    /// What the service says of single fields.
    pub fn field_errors(&self) -> &FieldErrors {
        &self.0.service.fields
    }

    /// The correlation id in the body of the answer.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.service.correlation_id.as_deref()
    }

    /// The operation id in the body of the answer.
    pub fn operation_id(&self) -> Option<&str> {
        self.0.service.operation_id.as_deref()
    }

    /// The start of a body that is not in one of the service's forms or could not be decoded, without control characters.
    /// None where the body may hold a secret.
    pub fn body_excerpt(&self) -> Option<&str> {
        self.0.service.excerpt.as_deref()
    }

    /// How long the service, or Entra ID, asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Why there is no token.
    pub fn auth_error(&self) -> Option<&partner_auth::Error> {
        self.0.auth.as_ref()
    }

    /// What the service wants of a token, when it answered 401 or 403 and said so: the reason, and `claims` to ask for.
    pub fn challenge(&self) -> Option<&partner_auth::Challenge> {
        self.0.challenge.as_ref()
    }

    /// Whether what was asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        self.0.status == Some(StatusCode::NOT_FOUND)
    }

    /// Whether somebody else changed the resource, or it is not in a state that allows this (409 and 412).
    pub fn is_conflict(&self) -> bool {
        matches!(self.0.status, Some(StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED))
    }

    /// Whether there were too many requests.
    pub fn is_throttled(&self) -> bool {
        self.0.status == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether the token is missing or not accepted.
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
            || matches!(self.0.status, Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
    }

    /// Whether the same request may succeed later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Connection | ErrorKind::Timeout => true,
            ErrorKind::Auth => self.0.auth.as_ref().is_some_and(partner_auth::Error::is_retryable),
            ErrorKind::Status => self.0.status.is_some_and(|s| matches!(s.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)),
            _ => false,
        }
    }

    /// Whether the service may have carried the request out although it failed: the connection broke after it was sent, time
    /// ran out, or the service or a proxy failed on the way. Look before the request is sent again. Never true of reading.
    pub fn may_have_been_processed(&self) -> bool {
        self.0.maybe_processed
    }

    /// Whether a conflict may be with an earlier attempt of the same PUT, whose answer was lost: read the resource, the change
    /// may be there.
    pub fn is_perhaps_own_write(&self) -> bool {
        self.0.perhaps_own_write
    }

    /// Whether a submission that is under way stands in the way of this one.
    pub fn is_submission_pending(&self) -> bool {
        self.kind() == ErrorKind::Pending
    }

    /// Whether the account, or the service for this account, does not accept the caller: an empty 401 or 404 from the gateway.
    pub fn is_gateway_refusal(&self) -> bool {
        let told = self.service_message().is_some() || self.service_code().is_some();
        let refused = matches!(self.0.status, Some(StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND));
        self.kind() == ErrorKind::Status && refused && !told && self.body_excerpt().is_none()
    }

    /// The package that the same file was sent as before: the service answers 301 for the duplicate.
    pub fn duplicate_of(&self) -> Option<PackageId> {
        let moved = self.0.status == Some(StatusCode::MOVED_PERMANENTLY);
        let to = self.0.service.to_id.as_deref().filter(|_| moved)?;
        Some(PackageId::from(to))
    }

    /// What the service found wrong with a submission or a package; empty for other errors.
    pub fn validations(&self) -> &[ValidationItem] {
        self.0.submission.as_ref().map_or(&[], |failed| &failed.validations)
    }

    /// The submission that failed or stands in the way, with its reports and workflow details.
    pub fn submission(&self) -> Option<&FailedSubmission> {
        self.0.submission.as_ref()
    }

    /// The next step, where one is known; else an empty text.
    pub fn hint(&self) -> &str {
        hint::hint(self)
    }
}

/// The error for an answer that is no success.
pub(crate) fn service_error(operation: &'static Operation, answer: &Answer) -> Error {
    let mut error = Error::new(ErrorKind::Status, "").answered(answer.status, request_id(&answer.headers));
    error.0.service = body::read(&answer.body, !operation.secret);
    error.0.retry_after = retry_after(&answer.headers).or_else(|| {
        // The gateway says it in words alone.
        let throttled = answer.status == StatusCode::TOO_MANY_REQUESTS;
        error.service_message().filter(|_| throttled).and_then(body::seconds)
    });
    error.0.challenge = partner_auth::Challenge::from_headers(&answer.headers);
    error.of(operation)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        match (inner.kind, inner.status) {
            (Some(ErrorKind::Status), Some(status)) => write!(f, "the service answered {status}")?,
            (_, Some(status)) => write!(f, "{} (status {})", inner.message, status.as_u16())?,
            (_, None) => f.write_str(&inner.message)?,
        }
        let service = &inner.service;
        match (&service.code, &service.message) {
            (Some(code), Some(message)) => write!(f, ": {code}: {message}")?,
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}")?,
            (None, None) => {}
        }
        for (field, messages) in service.fields.iter() {
            write!(f, "; {field}: {}", messages.join(", "))?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, " (request id {id})")?;
        }
        if inner.attempts > 1 {
            write!(f, " after {} attempts", inner.attempts)?;
        }
        if inner.maybe_processed {
            f.write_str("; it may have been carried out")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &inner.message)
            .field("operation", &inner.operation)
            .field("status", &inner.status)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("may_have_been_processed", &inner.maybe_processed)
            .field("service", &inner.service)
            .field("auth", &inner.auth)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let inner = &*self.0;
        match (&inner.auth, &inner.source) {
            (Some(auth), _) => Some(auth),
            (None, Some(source)) => Some(&**source),
            (None, None) => None,
        }
    }
}
