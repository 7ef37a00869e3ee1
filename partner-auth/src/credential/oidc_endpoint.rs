//! The request to the OIDC token endpoint of a CI system, which returns JSON with one token.

use super::Assertion;
use crate::entra::authority::is_loopback;
use crate::entra::body::members;
use crate::entra::transport;
use crate::token::header_of;
use crate::{Error, ErrorKind};
use reqwest::StatusCode;
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
    let builder = reqwest::Client::builder().no_proxy().redirect(redirect);
    // Reading the certificates of the system takes time, and plain HTTP needs none.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.tls_certs_only([]);
    builder.build().map(Some)
}

/// Sends the request and reads one field of the JSON response.
pub(super) async fn request(
    service: &str,
    http: &reqwest::Client,
    request: reqwest::RequestBuilder,
    bearer: &Zeroizing<String>,
    field: &'static str,
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
    read(service, response.status, &response.body, field)
}

/// Reads one field of a response.
pub(crate) fn read(service: &str, status: StatusCode, body: &[u8], field: &'static str) -> Result<Assertion, Error> {
    let kind = match status.as_u16() {
        200..=299 => ErrorKind::Protocol,
        408 | 429 | 500..=599 => ErrorKind::Transient,
        _ => ErrorKind::Credential,
    };
    let found = if status.is_success() { members(body, &[field]) } else { None };
    let token = found.and_then(|mut found| match found.remove(field)? {
        serde_json::Value::String(token) if !token.is_empty() => Some(Assertion::new(token)),
        _ => None,
    });
    token.ok_or_else(|| {
        let details = crate::error::Details { status: Some(status), ..Default::default() };
        Error::with(kind, format!("{service} returned no token"), details)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeEntra, ManualClock, Reply};
    use crate::{AzurePipelines, Credential, GitHubActions, TokenProvider, TokenSource};

    /// Success responses of a CI system without an assertion, in every form of JSON.
    const NO_ASSERTION: [&str; 19] = [
        "[]",
        r#""canary""#,
        "7",
        "-1.5e300",
        "true",
        "null",
        "{}",
        "",
        r#"["value","canary"]"#,
        r#"[{"value":"canary","oidcToken":"canary"}]"#,
        r#"{"value":null,"oidcToken":null}"#,
        r#"{"value":7,"oidcToken":7}"#,
        r#"{"value":true,"oidcToken":false}"#,
        r#"{"value":["canary"],"oidcToken":["canary"]}"#,
        r#"{"value":{"value":"canary"},"oidcToken":{"oidcToken":"canary"}}"#,
        r#"{"Value":"canary","oidctoken":"canary"}"#,
        r#"{"value":"canary","oidcToken":"canary""#,
        r#"{"value":"canary","oidcToken":"canary"}}"#,
        "\u{feff}",
    ];

    #[tokio::test]
    async fn success_responses_without_an_assertion_are_errors_and_do_not_panic() {
        let (entra, service) = (FakeEntra::start().unwrap(), FakeEntra::start().unwrap());
        let source = |credential: Credential| {
            let builder =
                TokenSource::builder("contoso.com", entra.client_id(), credential).authority(entra.authority());
            builder.clock(&ManualClock::new()).build().unwrap()
        };
        let lookup =
            |name: &str| Some(Zeroizing::new(if name.contains("UR") { service.url() } else { "x".to_owned() }));
        for body in NO_ASSERTION {
            service.default_reply(Reply::body(200, body));
            let github: Credential = GitHubActions::read(lookup).unwrap().into();
            let pipelines: Credential = AzurePipelines::read(lookup).unwrap().into();
            for (credential, name) in [(github, "GitHub"), (pipelines, "Azure Pipelines")] {
                let error = source(credential).token().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
                assert_eq!(error.to_string(), format!("{name} token service returned no token (status 200)"), "{body}");
                assert!(!format!("{error:?}{error:#?}").contains("canary"), "{error:?}");
            }
        }
        assert!(entra.requests().is_empty(), "nothing is sent to Entra ID");
    }

    #[test]
    fn random_responses_of_ci_systems_do_not_panic() {
        let mut rng = fastrand::Rng::with_seed(15);
        let parts = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"value\"",
            "\"oidcToken\"",
            "\"x\"",
            "7",
            "true",
            "null",
            "\\",
            "\"",
            "\u{1f600}",
        ];
        let mut found = 0;
        for _ in 0..20_000 {
            let text: String = (0..rng.usize(0..12)).map(|_| *rng.choice(&parts).unwrap()).collect();
            let open = if rng.bool() { format!("{{\"value\":\"a\"{text}}}") } else { text };
            let read = read("service", reqwest::StatusCode::OK, open.as_bytes(), "value");
            found += usize::from(read.is_ok_and(|assertion| !assertion.as_str().is_empty()));
        }
        assert!(found > 50, "{found} with an assertion");
    }
}
