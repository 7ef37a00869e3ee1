//! Validation of base URLs.

use crate::error::{Error, ErrorKind};
use reqwest::Url;

/// Parses a base URL: absolute, without credentials, query or fragment. Trailing slashes are removed, except that of the root.
/// `plain_host` is a host that may be reached by plain HTTP.
pub(crate) fn base_url(text: &str, plain_host: Option<&str>) -> Result<Url, Error> {
    let config = |message: &str| {
        let hint = "Use an address such as https://api.partner.microsoft.com/v1.0/ingestion, or http://127.0.0.1:8080/v1.0/ingestion \
                    for a sandbox on this machine.";
        Error::new(ErrorKind::Config, format!("base URL {message}")).with_hint(hint)
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| config("must be absolute"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(config("must consist of scheme, host and path"));
    }
    if !is_allowed(&url, plain_host) {
        return Err(config("must use https: the token would be sent in clear text"));
    }
    Ok(url)
}

/// Returns true if a request to this URL is encrypted, stays on this machine, or has the host that may be reached by plain HTTP.
pub(crate) fn is_allowed(url: &Url, plain_host: Option<&str>) -> bool {
    let is_plain_host =
        || plain_host.is_some_and(|host| url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host)));
    url.scheme() == "https" || (url.scheme() == "http" && (is_loopback(url) || is_plain_host()))
}

/// Returns true if requests must not use a proxy, which could not reach this machine, or would see a token in plain HTTP.
pub(crate) fn is_direct(url: &Url) -> bool {
    is_loopback(url) || url.scheme() == "http"
}

/// Returns true if the host is this machine (RFC 8252 section 8.3). Requests to it may use plain HTTP.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// Appends a path to a base URL.
pub(crate) fn join(base: &Url, path: &str) -> String {
    format!("{}/{}", base.as_str().trim_end_matches('/'), path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validates_base_urls() {
        assert_eq!(base_url("https://a.example/v1/", None).unwrap().as_str(), "https://a.example/v1");
        for local in ["http://127.0.0.1:8080/v1.0/ingestion", "http://localhost", "http://[::1]:1", "http://127.1"] {
            assert!(is_loopback(&base_url(local, None).unwrap()), "{local}");
        }
        for (base, joined) in
            [("https://a.example", "https://a.example/b"), ("https://a.example/v1/", "https://a.example/v1/b")]
        {
            assert_eq!(join(&base_url(base, None).unwrap(), "/b"), joined);
        }
        assert!(base_url("http://Sandbox:8080/v1.0/ingestion", Some("sandbox")).is_ok());
        for bad in [
            "a.example",
            "http://a.example",
            "http://127.0.0.1.a.example",
            "ftp://127.0.0.1",
            "https://u:p@a.example",
            "https://a.example?x",
            "ftp://a",
            "",
        ] {
            let error = base_url(bad, Some("b.example")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }
}
