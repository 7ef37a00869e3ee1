//! Hints: the suggested next step for frequent errors.

use super::error::Error;
use super::ingestion::hint::{by_fact, by_operation, of_status, of_workflow};
use super::kind::ErrorKind;
use partner_auth::ConnectionFailure;

impl Error {
    /// Returns the suggested next step. Every kind of error has one.
    pub fn hint(&self) -> Option<&str> {
        if let Some(hint) = self.auth_error().and_then(|auth| auth.hint()) {
            return Some(hint);
        }
        let specific = self.0.hint.or_else(|| by_fact(self)).or_else(|| of_workflow(self));
        Some(specific.unwrap_or_else(|| by_kind(self)))
    }
}

fn by_kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "Correct the setting that the message names. Nothing was sent.",
        ErrorKind::InvalidArgument => "Correct the argument that the message names. Nothing was sent.",
        ErrorKind::Auth => "Check the token provider. Nothing was sent.",
        ErrorKind::Status => by_status(error),
        ErrorKind::Decode => {
            "Do not repeat a request that writes, because it succeeded. Read the response with Client::request as serde_json::Value, and \
             report operation and path to the maintainers of this crate."
        }
        ErrorKind::Io => {
            "Check that the file exists, that this user may read it, and that it does not change during the upload."
        }
        ErrorKind::Closure => {
            "Correct the cause, which is the source of this error, and try again. Nothing was written."
        }
        // Only workflows return these.
        ErrorKind::NothingToPublish
        | ErrorKind::Manifest
        | ErrorKind::SubmissionPending
        | ErrorKind::Failed
        | ErrorKind::NotFound
        | ErrorKind::IncompleteList
        | ErrorKind::Ambiguous => "Correct what the message names, and try again.",
        ErrorKind::CrossOrigin => "Use a link or path below the base URL of the client. Nothing was sent.",
        ErrorKind::PaginationLoop => "Try again later, or narrow the list with a filter.",
        ErrorKind::ResponseTooLarge => "Request less, or raise ClientBuilder::max_response_bytes.",
        ErrorKind::Connection | ErrorKind::Timeout if error.may_have_been_processed() => {
            "Read the resource before you repeat the request: the service may have processed it."
        }
        ErrorKind::Connection | ErrorKind::Timeout if error.0.connection.is_some() => {
            error.0.connection.map_or("Check the network.", ConnectionFailure::hint)
        }
        ErrorKind::Connection => "Check the network, the proxy and the base URL.",
        ErrorKind::Timeout => "Try again, or raise the timeout (`timeout`, `attempt_timeout`).",
    }
}

fn by_status(error: &Error) -> &'static str {
    let status = error.status().map_or(0, |status| status.as_u16());
    if let Some(hint) = by_operation(error, status) {
        return hint;
    }
    if error.body_excerpt().is_some_and(|body| body.starts_with('<')) {
        return "Check the proxy, then try again: the response is a web page from a proxy or gateway, not from the service.";
    }
    if let Some(hint) = of_status(status) {
        return hint;
    }
    match status {
        300..=399 => "Check the base URL and the proxy: the service does not redirect, and redirects are not followed.",
        401 => "Check the token's audience and tenant.",
        403 => "Check the roles of the application.",
        404 => "Check the ids. A new resource may take seconds to appear.",
        405 => "Check the method and the path of the request: this path does not support the method.",
        408 if error.may_have_been_processed() => {
            "Read the resource before you repeat the request: the service may have processed part of it."
        }
        409 | 412 if error.may_conflict_with_own_retry() => {
            "Read the resource again: an earlier attempt of this PUT may have succeeded without a response."
        }
        409 | 412 => {
            "Read the resource again and repeat the change: it was changed meanwhile, or its state does not allow this."
        }
        413 => "Send a smaller request: the body is larger than the service accepts.",
        429 if error.retry_after().is_some_and(|delay| !delay.is_zero()) => {
            "Wait for the time in the message (Error::retry_after), and send fewer requests at a time \
             (ClientBuilder::max_concurrent_requests)."
        }
        429 => "Wait a minute, and send fewer requests at a time (ClientBuilder::max_concurrent_requests).",
        500.. if error.may_have_been_processed() => {
            "Read the resource before you repeat the request: the service may have processed it. If the error persists, send the \
             request id to support."
        }
        408 | 500.. => "Try again later. If the error persists, send the request id to support.",
        _ => {
            "Compare the request with the response of a GET of the same resource. If they match, send the request id to support."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    #[test]
    fn every_kind_and_status_has_a_hint_of_one_line() {
        use ErrorKind::*;
        let kinds = [
            Config,
            InvalidArgument,
            Auth,
            CrossOrigin,
            Connection,
            Timeout,
            Status,
            ResponseTooLarge,
            Decode,
            PaginationLoop,
            NotFound,
            Ambiguous,
            IncompleteList,
            SubmissionPending,
            Failed,
            Io,
            Manifest,
            NothingToPublish,
            Closure,
        ];
        let of_kinds = kinds.map(|kind| Error::new(kind, "x"));
        let of_statuses = (300..600).flat_map(|status| {
            let status = StatusCode::from_u16(status).unwrap();
            ["", "upload", "create_product", "delete_product"].map(|operation| {
                let error = Error::from_response(status, None, b"\"x\"", true);
                if operation.is_empty() { error } else { error.with_operation(operation) }
            })
        });
        for error in of_kinds.into_iter().chain(of_statuses) {
            let hint = error.hint().unwrap();
            assert!(hint.len() > 10 && hint.ends_with('.') && !hint.contains('\n'), "{error}: {hint}");
            assert_eq!(format!("{error:?}"), format!("{error}\n{hint}"));
        }
    }

    #[test]
    fn messages_with_line_breaks_are_one_line() {
        let error = Error::new(ErrorKind::Io, "a\nb\r\n\tc cannot be read");
        assert_eq!(error.to_string(), "a b c cannot be read");
    }
}
