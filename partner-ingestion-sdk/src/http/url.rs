//! Validation of base URLs.

use crate::error::{Error, ErrorKind};
use reqwest::Url;

/// Parses a base URL: absolute, without credentials, query or fragment. Trailing slashes are removed, except that of the root.
pub(crate) fn base_url(text: &str) -> Result<Url, Error> {
    let config = |message: &str| {
        let hint = "Use an address such as https://api.partner.microsoft.com/v1.0/ingestion, or http://127.0.0.1:8080/v1.0/ingestion \
                    for a sandbox on this machine.";
        Error::new(ErrorKind::Config, format!("base URL {message}")).with_hint(hint)
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| config("must be absolute"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(config("must consist of scheme, host and path"));
    }
    if !is_https_or_loopback(&url) {
        return Err(config("must use https: the token would be sent in clear text"));
    }
    Ok(url)
}

/// Returns true if a request to this URL is encrypted or stays on this machine.
pub(crate) fn is_https_or_loopback(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Returns true if the host is this machine (RFC 8252 section 8.3). Requests to it use plain HTTP, and no proxy.
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
        assert_eq!(base_url("https://a.example/v1/").unwrap().as_str(), "https://a.example/v1");
        for local in ["http://127.0.0.1:8080/v1.0/ingestion", "http://localhost", "http://[::1]:1", "http://127.1"] {
            assert!(is_loopback(&base_url(local).unwrap()), "{local}");
        }
        for (base, joined) in
            [("https://a.example", "https://a.example/b"), ("https://a.example/v1/", "https://a.example/v1/b")]
        {
            assert_eq!(join(&base_url(base).unwrap(), "/b"), joined);
        }
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
            let error = base_url(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }
}
