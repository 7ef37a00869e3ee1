//! The next step for the errors that people meet most.

use super::{Error, ErrorKind};

pub(crate) fn hint(error: &Error) -> Option<String> {
    if let Some(hint) = error.auth_error().and_then(|auth| auth.hint()) {
        return Some(hint.to_owned());
    }
    let told = error.service_message().is_some() || error.service_code().is_some();
    let text = match (error.kind(), error.status()?.as_u16()) {
        (ErrorKind::Status, 401 | 404) if !told && error.body_excerpt().is_none() => {
            "An empty 401 or 404 comes from the gateway: associate the application in Partner Center (Account settings > User \
             management > Microsoft Entra applications), give it the Manager role, and check that the token is for \
             https://api.partner.microsoft.com."
        }
        (ErrorKind::Status, 403) => {
            "The application may not do this: it needs the Manager role, and the product must use modular publishing."
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
    Some(text.to_owned())
}
