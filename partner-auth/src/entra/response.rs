//! Turns a response of the token endpoint into a token or an error.

use super::body::{EntraToken, ErrorBody};
use super::hints;
use super::transport::{RawResponse, TransportError};
use crate::cache::IssuedToken;
use crate::error::Details;
use crate::{AccessToken, Error, ErrorKind};
use std::time::{Duration, Instant};

/// The lifetime that MSAL assumes if the response has none.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// Reads the response to a request that was sent after `requested_at`.
pub(super) fn read(response: &RawResponse, requested_at: Instant) -> Result<IssuedToken, Error> {
    let token = response.status.is_success().then(|| EntraToken::read(response.json())).flatten();
    match token {
        Some(token) => issued_token(token, response, requested_at),
        None => Err(rejection(response)),
    }
}

fn issued_token(token: EntraToken, response: &RawResponse, requested_at: Instant) -> Result<IssuedToken, Error> {
    let invalid = |message: &str| {
        let (status, request_id) = (Some(response.status), response.request_id());
        let details = Details { status, request_id, ..Details::default() };
        Error::with(ErrorKind::Protocol, message, details)
    };
    if !token.is_bearer() {
        return Err(invalid("Entra ID returned a token that is not a bearer token"));
    }
    let lifetime = token.expires_in().unwrap_or(DEFAULT_LIFETIME);
    if lifetime.is_zero() {
        return Err(invalid("Entra ID returned a token that has already expired"));
    }
    let refresh_in = token.refresh_in();
    let token = AccessToken::with_secret(token.access_token, requested_at, lifetime)
        .map_err(|error| invalid(error.message()))?;
    Ok(IssuedToken { token, requested_at, lifetime, refresh_in })
}

/// Returns the error of a request without a response.
pub(super) fn unreachable(error: TransportError) -> Error {
    match error {
        TransportError::Http(error) => Error::network("Entra ID", error),
        TransportError::TooLarge => Error::new(ErrorKind::Protocol, "response of Entra ID is too large"),
    }
}

/// Returns the error of a response without a token.
fn rejection(response: &RawResponse) -> Error {
    let status = response.status.as_u16();
    let mut details = Details {
        status: Some(response.status),
        retry_after: response.retry_after(),
        request_id: response.request_id(),
        ..Details::default()
    };
    let Some(body) = ErrorBody::read(response.json()) else {
        let kind = hints::classify(status, None);
        let message = match status {
            200..=299 => "Entra ID returned a success response without a valid token",
            300..=399 => "token endpoint returned a redirect, which is not followed; check the authority host",
            _ => "Entra ID returned no token",
        };
        return Error::with(kind, message, details);
    };
    let mut kind = hints::classify(status, Some(&body.error));
    // A gateway may repeat an OAuth error in a 5xx response. The status is then more reliable than the code.
    let known = body.codes.iter().find_map(|code| hints::lookup(*code).map(|hint| (*code, hint)));
    if let Some((code, (refined, hint))) = known {
        if status < 500 && status != 429 {
            kind = refined;
        }
        details.hint = Some(hint);
        details.codes.push(code);
    }
    details.codes.extend(body.codes.iter().filter(|code| known.is_none_or(|(first, _)| first != **code)));
    details.oauth_error = body.error_code().map(str::to_owned);
    details.trace_id = body.trace_id;
    details.correlation_id = body.correlation_id;
    details.timestamp = body.timestamp;
    let code = details.oauth_error.as_deref().unwrap_or("unknown error");
    let message = format!("Entra ID rejected the token request: {code}");
    Error::with(kind, message, details)
}
