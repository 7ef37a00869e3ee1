//! Validation of base URLs.

use crate::error::{Error, ErrorKind};
use reqwest::Url;

/// Parses a base URL: absolute, without credentials, query or fragment. A trailing slash is removed.
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
    url.scheme() == "https" || is_loopback(url)
}

/// Plain HTTP is only for the sandbox on this machine.
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validates_base_urls() {
        assert_eq!(base_url("https://a.example/v1/").unwrap().as_str(), "https://a.example/v1");
        assert!(base_url("http://127.0.0.1:8080/v1.0/ingestion").is_ok());
        for bad in ["a.example", "http://a.example", "https://u:p@a.example", "https://a.example?x", "ftp://a", ""] {
            let error = base_url(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }
}
