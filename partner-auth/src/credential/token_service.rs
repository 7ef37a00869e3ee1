//! What the assertion services of build systems have in common: an address, a bearer of their own, JSON with one token.

use super::Assertion;
use crate::entra::authority::is_loopback;
use crate::entra::bridge;
use crate::token::header_of;
use crate::{Error, ErrorKind};
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use zeroize::Zeroizing;

/// The address of a service; https, or this machine.
pub(super) fn address(name: &str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|_| Error::new(ErrorKind::Config, format!("{name} is no URL")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(Error::new(ErrorKind::Config, format!("{name} is not https"))),
    }
}

/// Sends the request and reads one member of the answer.
pub(super) async fn ask(
    service: &str,
    http: &reqwest::Client,
    request: reqwest::RequestBuilder,
    bearer: &Zeroizing<String>,
    member: &str,
) -> Result<Assertion, Error> {
    let header = header_of(bearer)
        .map_err(|_| Error::new(ErrorKind::Config, format!("the request token of {service} cannot be sent")))?;
    let unreachable = |error: reqwest::Error| {
        Error::other(ErrorKind::Network, format!("{service} cannot be reached"), error.without_url())
    };
    let request = request.header(AUTHORIZATION, header).build().map_err(unreachable)?;
    let answer = bridge::read(http.execute(request).await.map_err(unreachable)?).await;
    let answer = answer.map_err(|error| match error {
        bridge::BridgeError::Http(error) => unreachable(error),
        bridge::BridgeError::TooLarge => {
            Error::new(ErrorKind::Protocol, format!("the answer of {service} is too large"))
        }
    })?;
    let body = Zeroizing::new(answer.body);
    let status = answer.status.as_u16();
    let kind = match status {
        200..=299 => ErrorKind::Protocol,
        408 | 429 | 500..=599 => ErrorKind::Transient,
        _ => ErrorKind::Credential,
    };
    let token = answer.status.is_success().then(|| serde_json::from_slice::<serde_json::Value>(&body).ok()).flatten();
    let token = token.and_then(|mut answer| match answer[member].take() {
        serde_json::Value::String(token) if !token.is_empty() => Some(Assertion::new(token)),
        _ => None,
    });
    token.ok_or_else(|| {
        let details = crate::error::Details { status: Some(status), ..Default::default() };
        Error::with(kind, format!("{service} gave no token"), details)
    })
}
