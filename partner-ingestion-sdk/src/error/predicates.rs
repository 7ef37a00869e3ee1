//! Predicates of errors.

use super::error::Error;
use super::kind::ErrorKind;
use partner_auth::ConnectionFailure;
use reqwest::StatusCode;

impl Error {
    /// Returns true if the resource does not exist: the response status is 404, or a lookup by name found nothing.
    ///
    /// A lookup that finds several resources has the kind [`ErrorKind::Ambiguous`] and is not "not found".
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound || self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Returns true if the resource was changed concurrently, or its state does not allow the request (409 and 412).
    pub fn is_conflict(&self) -> bool {
        matches!(self.status(), Some(StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED))
    }

    /// Returns true if the service rejected the request because of its rate limit (429).
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns true if no token could be obtained, or the service rejected it (401 and 403).
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
            || matches!(self.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
    }

    /// Returns true if the same request may succeed later without a change, and repeating it is safe.
    ///
    /// False if the server's certificate is not accepted. False for a POST, and for a PUT without If-Match, that
    /// [may have been processed](Self::may_have_been_processed): read the resource first, because a repetition could be
    /// processed twice.
    pub fn is_retryable(&self) -> bool {
        if self.0.maybe_processed && !self.0.idempotent {
            return false;
        }
        match self.kind() {
            ErrorKind::Connection | ErrorKind::Timeout => {
                !self.0.connection.is_some_and(ConnectionFailure::is_permanent)
            }
            ErrorKind::Auth => self.auth_error().is_some_and(partner_auth::Error::is_retryable),
            ErrorKind::Status => self.status().is_some_and(|s| matches!(s.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)),
            // The body of a read ended early. Other bodies would be the same again.
            ErrorKind::Decode => self.0.idempotent,
            _ => false,
        }
    }

    /// Returns true if the service says that a module or part does not apply to the type of the product. The texts differ.
    pub(crate) fn is_not_applicable(&self) -> bool {
        let is_rejected = self.status().is_some_and(|status| matches!(status.as_u16(), 400 | 403));
        let details = self.field_errors().values().flatten().map(String::as_str);
        let mut texts = self.service_message().into_iter().chain(details);
        is_rejected && texts.any(|text| text.to_ascii_lowercase().contains("not applicable"))
    }

    /// Returns true if another submission of the product is in progress.
    pub fn is_submission_pending(&self) -> bool {
        self.kind() == ErrorKind::SubmissionPending
    }

    /// Returns true if the gateway rejected the caller: an empty 401 or 404 response.
    pub fn is_gateway_rejection(&self) -> bool {
        let explained = self.service_message().is_some() || self.service_code().is_some();
        let is_rejected = matches!(self.status(), Some(StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND));
        self.kind() == ErrorKind::Status && is_rejected && !explained && self.body_excerpt().is_none()
    }
}
