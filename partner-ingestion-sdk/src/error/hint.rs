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
            "The offer has a reseller configuration, which has to be submitted with it: add the draft of the module \
             ResellerConfiguration to the submission's resources, or use Client::publish, which does.",
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
            "A fault of the service, as in June 2026: sending the header x-ms-publisherId did not help then. Wait, and give the \
             request id to support.",
        );
    }
    if error.is_while_paging() && error.is_not_found() {
        return Some(
            "The service gave a link to the next page and does not know it any more, as in August 2023: what came so far is not \
             the whole list. List again, or narrow it with a filter.",
        );
    }
    if error.duplicate_of().is_some() {
        return Some(
            "The same file was sent before under the same name: use the package that duplicate_of() names, or another file name.",
        );
    }
    match error.service_code() {
        Some("ICH50400") if listing => Some(
            "Since April 2026 the list of products may be refused without a filter: filter by type \
             (Filter::resource_type), or address a product by its GUID, which needs no list.",
        ),
        Some("ICH50400") if error.field_errors().is_empty() => Some(
            "The request is not valid, and the service does not say where: compare it with what a GET of the same resource \
             answers, above all resourceType, and give the request id to support.",
        ),
        Some("ICH50400") => Some("The request is not valid: the fields are named with it."),
        _ => None,
    }
}

fn by_kind(error: &Error) -> Option<&'static str> {
    let text = match error.kind() {
        ErrorKind::SubmissionPending => {
            "One submission at a time: wait for it, adopt it (IfPending::Adopt) or cancel it (IfPending::Cancel)."
        }
        ErrorKind::Failed => {
            "Correct what the validations and reports name, and publish again; a failed submission does not stand in the way."
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
    if error.is_gateway_refusal() {
        return Some(
            "An empty 401 or 404 comes from the gateway: associate the application in Partner Center (Account settings > User \
             management > Microsoft Entra applications), give it the Manager role, and check that the token is for \
             https://api.partner.microsoft.com.",
        );
    }
    if error.operation() == Some("upload") && error.status().is_some_and(|status| status.as_u16() == 403) {
        return Some(
            "The upload address has expired, or is one to read from: read the resource again, or create a new one.",
        );
    }
    let html = error.body_excerpt().is_some_and(|body| body.starts_with('<'));
    let text = match (error.kind(), error.status()?.as_u16()) {
        (ErrorKind::Status, _) if html => {
            "The answer is a page, not the service's: a proxy or gateway on the way made it. Check the proxy, then try again."
        }
        (ErrorKind::Status, 401) => {
            "The token is not accepted: check its audience and tenant, and that the application is associated with the account."
        }
        (ErrorKind::Status, 403) => {
            "The application may not do this: it needs the Manager role, and the product must use modular publishing."
        }
        (ErrorKind::Status, 404) => {
            "Check the ids: a product's is its GUID, not the offer id. What was just created may take seconds to appear."
        }
        (ErrorKind::Status, 409 | 412) if error.may_conflict_with_own_retry() => {
            "An earlier attempt of this PUT may have succeeded and its answer was lost: read it again, the change may be there."
        }
        (ErrorKind::Status, 409 | 412) => {
            "The resource was changed meanwhile, or is not in a state that allows this: read it again and repeat the change."
        }
        (ErrorKind::Status, 429) => "Too many requests: wait, and make fewer at a time.",
        (ErrorKind::Status, 500..) => {
            "The service is in trouble: try again later; if it lasts, give the request id to support."
        }
        _ => return None,
    };
    Some(text)
}
