//! How an error is printed: one line, a few lines for people, or every field.

use super::body::one_line;
use super::error::Error;
use super::kind::ErrorKind;
use std::error::Error as StdError;
use std::fmt;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        match (inner.kind, inner.status) {
            (Some(ErrorKind::Status), Some(status)) => write!(f, "service returned {status}")?,
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
        // The message of an error of the token provider has its own delay.
        if let Some(delay) = inner.retry_after.filter(|delay| !delay.is_zero() && inner.auth.is_none()) {
            write!(f, "; retry after {} s", delay.as_secs_f64().ceil())?;
        }
        if inner.maybe_processed {
            f.write_str("; the request may have been processed")?;
        }
        if let Some(note) = &inner.note {
            write!(f, "; {note}")?;
        }
        Ok(())
    }
}

impl Error {
    /// Returns the text of the innermost source, unless the message contains it already.
    fn root_cause(&self) -> Option<String> {
        let mut cause = self.source()?;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let cause = one_line(&cause.to_string());
        (!cause.is_empty() && !self.to_string().contains(&cause)).then_some(cause)
    }
}

/// `{:?}` is what `fn main() -> Result<(), Error>` prints, so it is for people: the line of `Display`, which has the status and the
/// request id, the hint and the cause. `{:#?}` prints every field.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            write!(f, "{self}")?;
            if let Some(hint) = self.hint() {
                write!(f, "\n{hint}")?;
            }
            if let Some(cause) = self.root_cause() {
                write!(f, "\ncaused by: {cause}")?;
            }
            return Ok(());
        }
        let inner = &*self.0;
        // The other parameters of a challenge are texts of any length, which may repeat the rejected token.
        let challenge =
            inner.challenge.as_ref().and_then(|challenge| challenge.error()).filter(|code| code.len() <= 40);
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &inner.message)
            .field("hint", &self.hint())
            .field("operation", &inner.operation)
            .field("status", &inner.status)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("may_have_been_processed", &inner.maybe_processed)
            .field("may_conflict_with_own_retry", &inner.own_retry_conflict)
            .field("while_paging", &inner.while_paging)
            .field("note", &inner.note)
            .field("unfinished_upload", &inner.unfinished_upload)
            .field("service", &inner.service)
            .field("submission", &inner.details)
            .field("auth", &inner.auth)
            .field("challenge", &challenge)
            .field("source", &inner.source)
            .finish()
    }
}
