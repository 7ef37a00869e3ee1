//! What an answer of the token endpoint means: a token, or one error that says what to do next.

use super::bridge::{BridgeError, Seen};
use super::hints;
use super::wire::{AnyRefusal, EntraToken};
use crate::cache::Grant;
use crate::error::Details;
use crate::{AccessToken, Error, ErrorKind};
use oauth2::{RequestTokenError, TokenResponse};
use std::time::{Duration, Instant};

/// What MSAL assumes when the answer names no lifetime.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

pub(super) type Answered = Result<EntraToken, RequestTokenError<BridgeError, AnyRefusal>>;

/// Reads an answer to a request that was sent after `issued`.
pub(super) fn read(answer: Answered, seen: Seen, issued: Instant) -> Result<Grant, Error> {
    match answer {
        Ok(token) => grant(token, &seen, issued),
        Err(error) => Err(refused(error, seen)),
    }
}

fn grant(token: EntraToken, seen: &Seen, issued: Instant) -> Result<Grant, Error> {
    let unusable = |message: &str| {
        let details = Details { status: seen.status, request_id: seen.request_id.clone(), ..Details::default() };
        Error::with(ErrorKind::Protocol, message, details)
    };
    if !token.is_bearer() {
        return Err(unusable("Entra ID gave a token that is not a bearer token"));
    }
    let lifetime = token.expires_in().unwrap_or(DEFAULT_LIFETIME);
    if lifetime.is_zero() {
        return Err(unusable("Entra ID gave a token that has expired already"));
    }
    let refresh_in = token.refresh_in();
    let token =
        AccessToken::issued(token.into_secret(), issued, lifetime).map_err(|error| unusable(error.message()))?;
    Ok(Grant { token, issued, lifetime, refresh_in })
}

/// The `Debug` of `RequestTokenError` prints the body, and a body may hold a token: it is taken apart at once.
fn refused(error: RequestTokenError<BridgeError, AnyRefusal>, seen: Seen) -> Error {
    match error {
        RequestTokenError::Request(BridgeError::Http(error)) => {
            return Error::other(ErrorKind::Network, "Entra ID cannot be reached", error.without_url());
        }
        RequestTokenError::Request(BridgeError::TooLarge) => {
            return Error::new(ErrorKind::Protocol, "the answer of Entra ID is too large");
        }
        RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {}
    }
    let status = seen.status.unwrap_or_default();
    let mut details = Details {
        status: seen.status,
        retry_after: seen.retry_after,
        request_id: seen.request_id,
        ..Details::default()
    };
    let Some(refusal) = seen.refusal else {
        let kind = hints::classify(status, None);
        let what = match status {
            200..=299 => "Entra ID gave an answer without a token that can be read",
            300..=399 => {
                "the token endpoint redirects elsewhere, and no secret is sent there; check the authority host"
            }
            _ => "Entra ID gave no token",
        };
        return Error::with(kind, what, details);
    };
    let mut kind = hints::classify(status, Some(&refusal.error));
    // A gateway may echo an OAuth error in a 5xx; the status then says more than the code.
    let known = refusal.codes.iter().find_map(|code| hints::lookup(*code).map(|hint| (*code, hint)));
    if let Some((code, (refined, hint))) = known {
        if status < 500 && status != 429 {
            kind = refined;
        }
        details.hint = Some(hint);
        details.codes.push(code);
    }
    details.codes.extend(refusal.codes.iter().filter(|code| known.is_none_or(|(first, _)| first != **code)));
    details.oauth_error = refusal.word().map(str::to_owned);
    details.trace_id = refusal.trace_id;
    details.correlation_id = refusal.correlation_id;
    details.timestamp = refusal.timestamp;
    let word = details.oauth_error.as_deref().unwrap_or("unreadable error");
    let message = format!("Entra ID refuses to give a token: {word}");
    Error::with(kind, message, details)
}
