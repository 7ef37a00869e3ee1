//! Hints: the suggested next step for frequent errors.

use super::error::Error;
use super::kind::ErrorKind;

impl Error {
    /// Returns the suggested next step, or `None` if there is no suggestion.
    pub fn hint(&self) -> Option<&str> {
        if let Some(hint) = self.auth_error().and_then(|auth| auth.hint()) {
            return Some(hint);
        }
        let special = by_code(self).or_else(|| by_incident(self));
        special.or_else(|| by_kind(self)).or_else(|| by_status(self))
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

fn by_kind(error: &Error) -> Option<&'static str> {
    let text = match error.kind() {
        ErrorKind::SubmissionPending => {
            "Wait for the pending submission, adopt it (IfPending::Adopt) or cancel it (IfPending::Cancel)."
        }
        ErrorKind::Failed => {
            "Correct what the validations and reports list, and publish again; a failed submission does not block the next one."
        }
        ErrorKind::NotFound => {
            "Compare the name with the portal. Since April 2026 lists may omit migrated products; their GUIDs still work in every \
             call. The branches of a new resource appear after a few seconds."
        }
        ErrorKind::Ambiguous => "Address the resource by its GUID.",
        ErrorKind::CrossOrigin => "Use a link or path below the base URL of the client; nothing was sent.",
        ErrorKind::PaginationLoop => "Try again later, or narrow the list with a filter.",
        ErrorKind::ResponseTooLarge => "Request less, or raise ClientBuilder::max_response_bytes.",
        ErrorKind::Connection | ErrorKind::Timeout if error.may_have_been_processed() => {
            "Read the resource before you repeat the request: the service may have processed it."
        }
        ErrorKind::Connection => "Check the network, the proxy and the base URL.",
        ErrorKind::Timeout => "Try again, or raise the timeout.",
        _ => return None,
    };
    Some(text)
}

fn by_status(error: &Error) -> Option<&'static str> {
    if error.is_gateway_rejection() {
        return Some(
            "An empty 401 or 404 comes from the gateway: associate the application in Partner Center (Account settings > User \
             management > Microsoft Entra applications), give it the Manager role, and check that the token is for \
             https://api.partner.microsoft.com.",
        );
    }
    if error.operation() == Some("upload") && error.status().is_some_and(|status| status.as_u16() == 403) {
        return Some("Read the resource again, or create a new one: the upload address has expired or is read-only.");
    }
    let html = error.body_excerpt().is_some_and(|body| body.starts_with('<'));
    let text = match (error.kind(), error.status()?.as_u16()) {
        (ErrorKind::Status, _) if html => {
            "Check the proxy, then try again: the response is a web page from a proxy or gateway, not from the service."
        }
        (ErrorKind::Status, 401) => {
            "Check the token's audience and tenant, and that the application is associated with the account."
        }
        (ErrorKind::Status, 403) => {
            "Check that the application has the Manager role and that the product uses modular publishing."
        }
        (ErrorKind::Status, 404) => {
            "Check the ids: a product's id is its GUID, not the offer id. A new resource may take seconds to appear."
        }
        (ErrorKind::Status, 409 | 412) if error.may_conflict_with_own_retry() => {
            "Read the resource again: an earlier attempt of this PUT may have succeeded without a response."
        }
        (ErrorKind::Status, 409 | 412) => {
            "Read the resource again and repeat the change: it was changed meanwhile, or its state does not allow this."
        }
        (ErrorKind::Status, 429) => "Wait, and send fewer requests at a time.",
        (ErrorKind::Status, 500..) => "Try again later. If the error persists, send the request id to support.",
        _ => return None,
    };
    Some(text)
}
