//! The authority: the host, tenant and version of the token endpoint.

use crate::{Error, ErrorKind};
use reqwest::Url;
use std::str::FromStr;

/// The version of Entra ID's token endpoint. Both return a token for the same audience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oauth2/token`, with the audience in the `resource` parameter. The Partner Center documentation uses this one.
    #[default]
    V1,
    /// `/oauth2/v2.0/token`, with the audience in the scope `{audience}/.default`.
    V2,
}

/// The sign-in host that issues the tokens.
///
/// The credential is sent to this host. Parsing therefore accepts only the hosts of Microsoft's clouds. Use
/// [`custom`](Self::custom) for any other host.
///
/// ```
/// use partner_auth::Authority;
///
/// assert_eq!("login.microsoftonline.us".parse::<Authority>()?, Authority::us_government());
/// assert!("https://login.example.com".parse::<Authority>().is_err());
/// let proxy = Authority::custom("https://login.example.com")?;
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(Url);

/// The hosts of the clouds with their aliases
/// (learn.microsoft.com/entra/identity-platform/authentication-national-cloud, read in 2026).
const CLOUDS: [(&str, &[&str]); 3] = [
    (
        "https://login.microsoftonline.com",
        &["login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"],
    ),
    ("https://login.microsoftonline.us", &["login.microsoftonline.us"]),
    ("https://login.partner.microsoftonline.cn", &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"]),
];

impl Authority {
    /// Returns the authority of the public cloud, `login.microsoftonline.com`. Partner Center uses this one.
    pub fn public() -> Self {
        Self::cloud(0)
    }

    /// Returns the authority of the US government cloud, `login.microsoftonline.us`.
    pub fn us_government() -> Self {
        Self::cloud(1)
    }

    /// Returns the authority of the cloud in China, `login.partner.microsoftonline.cn`.
    pub fn china() -> Self {
        Self::cloud(2)
    }

    #[allow(clippy::expect_used, reason = "the table is constant, and a test parses every row")]
    fn cloud(index: usize) -> Self {
        Self(Url::parse(CLOUDS[index].0).expect("a constant URL"))
    }

    /// Creates an authority of any other host. The host receives the client's secret or assertion.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the scheme is not HTTPS, or the URL has parts other than scheme, host and
    /// port.
    pub fn custom(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        if url.scheme() != "https" {
            return Err(config("authority must use https, because it receives the client's secret"));
        }
        Ok(Self(url))
    }

    /// Creates an authority on this machine, for tests. HTTP is allowed.
    ///
    /// ```
    /// use partner_auth::Authority;
    ///
    /// assert!(Authority::loopback("http://127.0.0.1:8080").is_ok());
    /// assert!(Authority::loopback("http://192.168.0.7").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the host is neither `localhost` nor a loopback address (RFC 8252
    /// section 8.3).
    pub fn loopback(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        if !is_loopback(&url) {
            return Err(config("authority is not a loopback address"));
        }
        Ok(Self(url))
    }

    /// Creates an authority that is reached by plain HTTP, for tests: a sandbox in another container. The secret is sent in clear text,
    /// so use it only in a network that you trust. No proxy is used.
    ///
    /// ```
    /// use partner_auth::Authority;
    ///
    /// assert!(Authority::plain_http("http://sandbox:8080").is_ok());
    /// assert!(Authority::plain_http("http://login.microsoftonline.com").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the scheme is not HTTP, the URL has parts other than scheme, host and port, or
    /// the host is that of a Microsoft cloud.
    pub fn plain_http(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        let host = url.host_str().unwrap_or_default();
        if url.scheme() != "http" {
            return Err(config("authority does not use http"));
        }
        if CLOUDS.iter().any(|(_, aliases)| aliases.contains(&host)) {
            return Err(config("authority of a Microsoft cloud must use https"));
        }
        Ok(Self(url))
    }

    /// Creates the authority of a test server.
    #[cfg(any(test, feature = "testing"))]
    #[allow(clippy::expect_used, reason = "a socket address is a host and a port")]
    pub(crate) fn at(address: std::net::SocketAddr) -> Self {
        Self::loopback(&format!("http://{address}")).expect("a loopback address")
    }

    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Returns the URL of a tenant's token endpoint.
    pub(crate) fn token_url(&self, tenant: &str, endpoint: Endpoint) -> Result<Url, Error> {
        check_tenant(tenant)?;
        let mut url = self.0.clone();
        url.set_path(&match endpoint {
            Endpoint::V1 => format!("{tenant}/oauth2/token"),
            Endpoint::V2 => format!("{tenant}/oauth2/v2.0/token"),
        });
        Ok(url)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::public()
    }
}

impl FromStr for Authority {
    type Err = Error;

    /// Parses the host of one of Microsoft's clouds or an alias, with or without `https://` and a trailing slash.
    fn from_str(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        let host = url.host_str().unwrap_or_default();
        let known = CLOUDS.iter().any(|(_, aliases)| aliases.contains(&host)) && url.port().is_none();
        if known && url.scheme() == "https" {
            // An alias is kept, because some tenants use it as the issuer of their tokens.
            return Ok(CLOUDS
                .iter()
                .position(|(address, _)| *address == url.as_str().trim_end_matches('/'))
                .map_or(Self(url), Self::cloud));
        }
        Err(config("authority host is not one of Microsoft's clouds, such as https://login.microsoftonline.com").with_hint(
            "Set PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1 in addition to AZURE_AUTHORITY_HOST, or use Authority::custom, if the credential \
             may be sent to this host.",
        ))
    }
}

/// Returns true if the host is a loopback address (RFC 8252 section 8.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// Returns true if requests must not use a proxy, which could not reach this machine, or would see a secret in plain HTTP.
pub(crate) fn is_direct(url: &Url) -> bool {
    is_loopback(url) || url.scheme() == "http"
}

/// Parses a URL that has only scheme, host and port.
fn address_of(address: &str) -> Result<Url, Error> {
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("https://{address}"),
    };
    let url = Url::parse(&address).map_err(|_| config("authority host is not a valid URL"))?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_no_user = url.username().is_empty() && url.password().is_none();
    if !is_bare || !has_no_user || url.host_str().is_none() || !matches!(url.scheme(), "https" | "http") {
        return Err(config(
            "authority host must consist of only scheme and host, such as https://login.microsoftonline.com",
        ));
    }
    Ok(url)
}

/// Checks that the tenant is a GUID or a domain name, and not an alias for several tenants.
fn check_tenant(tenant: &str) -> Result<(), Error> {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if tenant.is_empty() || tenant.starts_with('.') || tenant.contains("..") || !tenant.chars().all(known) {
        return Err(config("tenant must be a GUID or a domain name, such as contoso.onmicrosoft.com"));
    }
    if ["common", "organizations", "consumers"].contains(&tenant.to_ascii_lowercase().as_str()) {
        return Err(config(
            "tenant must be a specific one: common, organizations and consumers have no app-only tokens",
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
    fn builds_the_urls_of_both_endpoints() {
        let table = [
            (Authority::public(), Endpoint::V1, "https://login.microsoftonline.com/contoso.com/oauth2/token"),
            (
                Authority::us_government(),
                Endpoint::V2,
                "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token",
            ),
            (Authority::china(), Endpoint::V1, "https://login.partner.microsoftonline.cn/contoso.com/oauth2/token"),
            (
                "login.chinacloudapi.cn/".parse().unwrap(),
                Endpoint::V1,
                "https://login.chinacloudapi.cn/contoso.com/oauth2/token",
            ),
            (Authority::custom("https://a:8443/").unwrap(), Endpoint::V1, "https://a:8443/contoso.com/oauth2/token"),
            (
                Authority::loopback("http://127.0.0.1:80").unwrap(),
                Endpoint::V1,
                "http://127.0.0.1/contoso.com/oauth2/token",
            ),
        ];
        for (authority, endpoint, expected) in table {
            assert_eq!(authority.token_url("contoso.com", endpoint).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn parses_every_cloud_and_alias_and_no_other_host() {
        for (address, aliases) in CLOUDS {
            for alias in aliases {
                for form in
                    [alias.to_string(), format!("https://{alias}"), format!("https://{alias}/"), alias.to_uppercase()]
                {
                    assert!(form.parse::<Authority>().is_ok(), "{form}");
                }
            }
            assert_eq!(address.parse::<Authority>().unwrap().0.as_str().trim_end_matches('/'), address);
        }
        for foreign in [
            "https://login.microsoftonline.com.evil.example",
            "https://login.microsoftonline.com:444",
            "http://login.microsoftonline.com",
            "login.microsoftonline.de",
            "http://127.0.0.1:1",
            "https://a@login.microsoftonline.com",
        ] {
            assert_eq!(foreign.parse::<Authority>().unwrap_err().kind(), ErrorKind::Config, "{foreign}");
        }
    }

    #[test]
    fn rejects_urls_and_tenants_that_could_leak_the_credential() {
        for address in
            ["https://sandbox", "sandbox", "http://sandbox/a", "http://login.microsoftonline.us", "http://a@b"]
        {
            assert_eq!(Authority::plain_http(address).unwrap_err().kind(), ErrorKind::Config, "{address}");
        }
        for address in
            ["http://a", "https://a@b", "https://a/b", "https://a?b", "ftp://a", "https://", "", "https://a#b"]
        {
            assert_eq!(Authority::custom(address).unwrap_err().kind(), ErrorKind::Config, "{address}");
        }
        for address in ["http://127.0.0.2", "http://localhost.evil.example", "http://example.com", "http://0.0.0.0"] {
            assert_eq!(Authority::loopback(address).unwrap_err().kind(), ErrorKind::Config, "{address}");
        }
        for tenant in
            ["", "a/b", "..", "a..b", "a?b", "common", "Organizations", "consumers", "a#b", "a@b", "a%2fb", "a b"]
        {
            let error = Authority::public().token_url(tenant, Endpoint::V1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{tenant}");
        }
    }
}
