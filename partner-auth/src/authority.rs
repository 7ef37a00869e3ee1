//! Where tokens are asked for: authority host, tenant and version of the endpoint.

use crate::{Error, ErrorKind};
use reqwest::Url;

/// The two token endpoints of Entra ID. Both give a token for the same audience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oauth2/token`, which takes the audience as `resource`. The Partner Center documentation uses it.
    #[default]
    V1,
    /// `/oauth2/v2.0/token`, which takes the audience as the scope `{audience}/.default`.
    V2,
}

pub(crate) const PUBLIC: &str = "https://login.microsoftonline.com";

/// The address of the token endpoint.
pub(crate) fn token_url(host: &str, tenant: &str, endpoint: Endpoint) -> Result<Url, Error> {
    check_tenant(tenant)?;
    let host = if host.contains("://") {
        host.to_owned()
    } else {
        format!("https://{host}")
    };
    let mut url = Url::parse(&host).map_err(|_| config("the authority host is no URL"))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !plain || !url.username().is_empty() || url.password().is_some() || url.host_str().is_none() {
        return Err(config(
            "the authority host must be scheme and host alone, such as https://login.microsoftonline.com",
        ));
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err(config(
            "the authority host must be https; the client secret would travel in the open",
        ));
    }
    url.set_path(&match endpoint {
        Endpoint::V1 => format!("{tenant}/oauth2/token"),
        Endpoint::V2 => format!("{tenant}/oauth2/v2.0/token"),
    });
    Ok(url)
}

/// Plain http is for tests on this machine; RFC 8252 section 8.3 names these addresses.
fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// A GUID or a domain name, and one that has applications.
fn check_tenant(tenant: &str) -> Result<(), Error> {
    if tenant.is_empty()
        || tenant.starts_with('.')
        || !tenant
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    {
        return Err(config("the tenant must be a GUID or a domain name"));
    }
    if ["common", "organizations", "consumers"].contains(&tenant.to_ascii_lowercase().as_str()) {
        return Err(config(
            "the tenant must be a certain one: an application has no token in common, organizations or consumers",
        ));
    }
    Ok(())
}

fn config(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_endpoints() {
        let table = [
            (
                PUBLIC,
                Endpoint::V1,
                "https://login.microsoftonline.com/contoso.com/oauth2/token",
            ),
            (
                "https://login.microsoftonline.us/",
                Endpoint::V2,
                "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token",
            ),
            (
                "login.partner.microsoftonline.cn",
                Endpoint::V1,
                "https://login.partner.microsoftonline.cn/contoso.com/oauth2/token",
            ),
            (
                "http://127.0.0.1:8080",
                Endpoint::V1,
                "http://127.0.0.1:8080/contoso.com/oauth2/token",
            ),
        ];
        for (host, endpoint, expected) in table {
            assert_eq!(token_url(host, "contoso.com", endpoint).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn refuses_what_would_leak_or_go_astray() {
        for host in [
            "http://login.microsoftonline.com",
            "https://a@b",
            "https://a/b",
            "https://a?b",
            "ftp://a",
            "https://",
        ] {
            assert_eq!(
                token_url(host, "contoso.com", Endpoint::V1).unwrap_err().kind(),
                ErrorKind::Config,
                "{host}"
            );
        }
        for tenant in ["", "a/b", "..", "a?b", "common", "Organizations", "a#b", "a@b"] {
            assert_eq!(
                token_url(PUBLIC, tenant, Endpoint::V1).unwrap_err().kind(),
                ErrorKind::Config,
                "{tenant}"
            );
        }
    }
}
