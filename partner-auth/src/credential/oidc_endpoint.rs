//! The request to the OIDC token endpoint of a CI system, which returns JSON with one token.

use super::Assertion;
use crate::entra::authority::is_loopback;
use crate::entra::transport;
use crate::token::header_of;
use crate::{Error, ErrorKind};
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use zeroize::Zeroizing;

/// Parses the URL of an endpoint, which must use HTTPS or be a loopback address.
pub(super) fn parse_url(name: &str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|_| Error::new(ErrorKind::Config, format!("{name} is not a valid URL")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(Error::new(ErrorKind::Config, format!("{name} does not use https"))),
    }
}

/// Returns a client without proxy for an endpoint of this machine. Plain HTTP needs none of the settings of the source's client, which
/// may have a proxy.
fn direct(url: &Url) -> reqwest::Result<Option<reqwest::Client>> {
    if url.scheme() != "http" {
        return Ok(None);
    }
    let redirect = reqwest::redirect::Policy::none();
    reqwest::Client::builder().no_proxy().redirect(redirect).tls_certs_only([]).build().map(Some)
}

/// Sends the request and reads one field of the JSON response.
pub(super) async fn request(
    service: &str,
    http: &reqwest::Client,
    request: reqwest::RequestBuilder,
    bearer: &Zeroizing<String>,
    field: &str,
) -> Result<Assertion, Error> {
    let header = header_of(bearer)
        .map_err(|_| Error::new(ErrorKind::Config, format!("request token of {service} is not valid in a header")))?;
    let unreachable = |error: reqwest::Error| Error::network(service, error);
    let request = request.header(AUTHORIZATION, header).build().map_err(unreachable)?;
    let direct = direct(request.url()).map_err(unreachable)?;
    let http = direct.as_ref().unwrap_or(http);
    let response = transport::read(http.execute(request).await.map_err(unreachable)?).await;
    let response = response.map_err(|error| match error {
        transport::TransportError::Http(error) => unreachable(error),
        transport::TransportError::TooLarge => {
            Error::new(ErrorKind::Protocol, format!("response of {service} is too large"))
        }
    })?;
    let body = Zeroizing::new(response.body);
    let status = response.status;
    let kind = match status.as_u16() {
        200..=299 => ErrorKind::Protocol,
        408 | 429 | 500..=599 => ErrorKind::Transient,
        _ => ErrorKind::Credential,
    };
    let token = response.status.is_success().then(|| serde_json::from_slice::<serde_json::Value>(&body).ok()).flatten();
    let token = token.and_then(|mut json| match json[field].take() {
        serde_json::Value::String(token) if !token.is_empty() => Some(Assertion::new(token)),
        _ => None,
    });
    token.ok_or_else(|| {
        let details = crate::error::Details { status: Some(status), ..Default::default() };
        Error::with(kind, format!("{service} returned no token"), details)
    })
}
