//! Hints: the suggested next step for frequent errors.

use super::error::Error;
use super::kind::ErrorKind;
use crate::model::stage::Stage;
use crate::types::{CertificationReport, CertificationStatus};
use partner_auth::ConnectionFailure;

impl Error {
    /// Returns the suggested next step. Every kind of error has one.
    pub fn hint(&self) -> Option<&str> {
        if let Some(hint) = self.auth_error().and_then(|auth| auth.hint()) {
            return Some(hint);
        }
        let specific = self.0.hint.or_else(|| by_code(self)).or_else(|| by_incident(self));
        Some(specific.unwrap_or_else(|| by_kind(self)))
    }
}

/// Hints for error codes of the service.
fn by_code(error: &Error) -> Option<&'static str> {
    let codes = error.validations().iter().filter_map(|item| item.error_code.as_deref());
    let mut codes = codes.chain(error.service_code());
    codes.find_map(|code| match code {
        "Resell-20007" => Some(
            "Submit the reseller configuration too: add the draft of the module ResellerConfiguration to the submission's \
             resources, or use Client::publish, which includes it.",
        ),
        _ => None,
    })
}

/// Hints for incidents of the service that users reported.
fn by_incident(error: &Error) -> Option<&'static str> {
    let listing = error.operation() == Some("list_products");
    let publisher = error.field_errors().keys().any(|field| field.eq_ignore_ascii_case("x-ms-publisherId"))
        || error.service_message().is_some_and(|message| message.contains("x-ms-publisherId"));
    if publisher {
        return Some(
            "Try again later, and send the request id to support: this is a fault of the service, seen in June 2026. Sending the \
             header x-ms-publisherId did not help.",
        );
    }
    if error.is_while_paging() && error.is_not_found() {
        return Some(
            "List again, or narrow the list with a filter: the link to the next page has expired, so the items so far are not the \
             whole list.",
        );
    }
    if error.duplicate_of().is_some() {
        return Some(
            "Use the package that duplicate_of() returns, or another file name: this file was uploaded before with the same name.",
        );
    }
    match error.service_code() {
        Some("ICH50400") if listing => Some(
            "List with a filter by type (Filter::resource_type), or use the product's GUID, which needs no list: since April 2026 \
             the unfiltered list may fail.",
        ),
        Some("ICH50400") if error.field_errors().is_empty() => Some(
            "Compare the request, resourceType first, with the response of a GET of the same resource: the service does not name \
             the invalid field. Send the request id to support if they match.",
        ),
        Some("ICH50400") => Some("Correct the fields that field_errors() lists."),
        _ => None,
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
        ErrorKind::NothingToPublish => "Change a draft first, or publish without `only_if_changed`.",
        ErrorKind::Manifest => "Correct the place that the message names. Nothing was sent.",
        ErrorKind::SubmissionPending => {
            "Wait for the pending submission, adopt it (IfPending::Adopt) or cancel it (IfPending::Cancel)."
        }
        ErrorKind::Failed => failed(error),
        ErrorKind::NotFound => {
            "Compare the name with the portal. Since April 2026 lists may omit migrated products; their GUIDs still work in every \
             call."
        }
        ErrorKind::IncompleteList => {
            "Pass the GUID of the offer, which the portal shows in its address, to the calls. If the portal does not have the offer, create \
             it with Client::create_product."
        }
        ErrorKind::Ambiguous => "Address the resource by its GUID.",
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

/// Refers only to details that the error has.
fn failed(error: &Error) -> &'static str {
    let Some(failed) = error.submission() else { return "Correct what the message names, and try again." };
    // A submission that fails while going live has passed certification.
    let passed = |report: &CertificationReport| {
        matches!(report.status, Some(CertificationStatus::Passed | CertificationStatus::PassedWithNotes))
    };
    let has_details = failed.failed_step().is_some() || failed.reason.as_deref().is_some_and(|text| !text.is_empty());
    match (&failed.id, failed.validations.is_empty(), failed.reports.iter().all(passed)) {
        (None, false, _) => {
            "Correct the package as the message says and upload it again. The refused package can be deleted."
        }
        (None, true, _) => {
            "Check that the archive is complete and has the files that its package type requires, and upload it again. The service \
             named no reason."
        }
        _ if failed.stage == Some(Stage::Cancelled) => "Publish again, unless the submission was cancelled on purpose.",
        (Some(_), false, _) => {
            "Correct what the message lists (Error::validations has all of it) and publish again; a failed submission does not block \
             the next one."
        }
        (Some(_), true, false) => {
            "Read the certification report in Partner Center, correct the offer and publish again; a failed submission does not block \
             the next one."
        }
        _ if !failed.unread.is_empty() => {
            "Read the details with Client::list_submission_validations and Client::list_submission_reports, correct the offer and \
             publish again; a failed submission does not block the next one."
        }
        (Some(_), true, true) if has_details => {
            "Open the offer in Partner Center: the service gave no details beyond this message. Correct it and publish again; a failed \
             submission does not block the next one."
        }
        (Some(_), true, true) => {
            "Open the offer in Partner Center, because the service gave no details here. Correct it and publish again; a failed \
             submission does not block the next one."
        }
    }
}

fn by_status(error: &Error) -> &'static str {
    if error.is_gateway_rejection() {
        return "An empty 401 or 404 comes from the gateway: associate the application in Partner Center (Account settings > User \
                management > Microsoft Entra applications), give it the Manager role, and check that the token is for \
                https://api.partner.microsoft.com.";
    }
    let status = error.status().map_or(0, |status| status.as_u16());
    if let Some(hint) = by_operation(error.operation().unwrap_or_default(), status) {
        return hint;
    }
    if error.body_excerpt().is_some_and(|body| body.starts_with('<')) {
        return "Check the proxy, then try again: the response is a web page from a proxy or gateway, not from the service.";
    }
    match status {
        300..=399 => "Check the base URL and the proxy: the service does not redirect, and redirects are not followed.",
        401 => "Check the token's audience and tenant, and that the application is associated with the account.",
        403 => "Check that the application has the Manager role and that the product uses modular publishing.",
        404 => {
            "Check the ids: a product's id is its GUID, not the offer id. A new resource may take seconds to appear."
        }
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

/// Hints for statuses whose meaning depends on the operation.
fn by_operation(operation: &str, status: u16) -> Option<&'static str> {
    let text = match (operation, status) {
        ("upload", 403) => {
            "Read the resource again, or create a new one: the upload address has expired or is read-only."
        }
        ("upload", 400..=499) if !matches!(status, 408 | 429) => {
            "Create the resource again and upload to its new address: the store rejected this one."
        }
        ("create_product", 409) => {
            "Use the existing offer (Client::ensure_product returns it), or choose another offer id."
        }
        ("create_variant", 409) => {
            "Use the existing plan (Client::ensure_variant returns it), or choose another plan id."
        }
        ("create_submission", 409) => {
            "Wait for the submission in progress or cancel it (Client::pending_submission returns it); Client::publish does both with \
             if_pending."
        }
        ("promote_submission", 409) => {
            "Wait until the submission is in preview and promote it then; Client::resume with to_live does both."
        }
        ("cancel_submission", 409) => "Wait until the submission is live: one that is going live cannot be cancelled.",
        (operation, 409) if operation.starts_with("create_") => {
            "Use the existing resource, or choose another name: a resource with this name exists, or the state of the offer does not \
             allow a new one."
        }
        (operation, 409 | 412) if operation.starts_with("delete_") => {
            "Read the resource again before you delete it: it was changed meanwhile, or its state does not allow a deletion."
        }
        _ => return None,
    };
    Some(text)
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
