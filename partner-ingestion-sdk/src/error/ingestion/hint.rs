//! Hints that name workflows, operations and incidents of this API.

use crate::error::error::Error;
use crate::error::kind::ErrorKind;
use crate::model::ingestion::stage::Stage;
use crate::types::{CertificationReport, CertificationStatus};

/// Hints for error codes and incidents of the service.
pub(in crate::error) fn by_fact(error: &Error) -> Option<&'static str> {
    by_code(error).or_else(|| by_incident(error))
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

/// Hints for errors of workflows.
pub(in crate::error) fn of_workflow(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
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
        _ => return None,
    })
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

/// Hints for statuses whose meaning depends on the operation, or on who responds.
pub(in crate::error) fn by_operation(error: &Error, status: u16) -> Option<&'static str> {
    if error.is_gateway_rejection() {
        return Some(
            "An empty 401 or 404 comes from the gateway: associate the application in Partner Center (Account settings > User \
                management > Microsoft Entra applications), give it the Manager role, and check that the token is for \
                https://api.partner.microsoft.com.",
        );
    }
    let text = match (error.operation().unwrap_or_default(), status) {
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

/// Hints for statuses, where this API has more to say than others.
pub(in crate::error) fn of_status(status: u16) -> Option<&'static str> {
    Some(match status {
        401 => "Check the token's audience and tenant, and that the application is associated with the account.",
        403 => "Check that the application has the Manager role and that the product uses modular publishing.",
        404 => {
            "Check the ids: a product's id is its GUID, not the offer id. A new resource may take seconds to appear."
        }
        _ => return None,
    })
}
