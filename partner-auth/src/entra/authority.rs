//! Where tokens are asked for: authority host, tenant and version of the endpoint.

use crate::{Error, ErrorKind};
use reqwest::Url;
use std::str::FromStr;

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

/// A host that signs applications in. The client's secret goes there, so it is one of Microsoft's clouds unless the caller
/// says otherwise.
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

/// The hosts of the clouds, each with its aliases
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
    /// The public cloud, `login.microsoftonline.com`. Partner Center lives there.
    pub fn public() -> Self {
        Self::cloud(0)
    }

    /// The cloud of the US government, `login.microsoftonline.us`.
    pub fn us_government() -> Self {
        Self::cloud(1)
    }

    /// The cloud in China, `login.partner.microsoftonline.cn`.
    pub fn china() -> Self {
        Self::cloud(2)
    }

    #[allow(clippy::expect_used, reason = "the table is constant, and a test parses all of it")]
    fn cloud(index: usize) -> Self {
        Self(Url::parse(CLOUDS[index].0).expect("a constant address"))
    }

    /// Any other host, by https. It receives the client's secret or assertion.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the address is more than scheme, host and port, or not https.
    pub fn custom(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        if url.scheme() != "https" {
            return Err(config("the authority must be https: the client's secret would travel in the open"));
        }
        Ok(Self(url))
    }

    /// A server on this machine, for tests; http is allowed.
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
    /// [`ErrorKind::Config`] when the host is neither `localhost` nor a loopback address (RFC 8252 section 8.3).
    pub fn loopback(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        if !is_loopback(&url) {
            return Err(config("the authority is not on this machine"));
        }
        Ok(Self(url))
    }

    /// A server of a test.
    #[cfg(any(test, feature = "testing"))]
    #[allow(clippy::expect_used, reason = "a socket's address is a host and a port")]
    pub(crate) fn at(address: std::net::SocketAddr) -> Self {
        Self::loopback(&format!("http://{address}")).expect("an address on this machine")
    }

    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address of a tenant's token endpoint.
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

    /// One of Microsoft's clouds by its host or an alias, with or without `https://` and a slash at the end.
    fn from_str(address: &str) -> Result<Self, Error> {
        let url = address_of(address)?;
        let host = url.host_str().unwrap_or_default();
        let known = CLOUDS.iter().any(|(_, aliases)| aliases.contains(&host)) && url.port().is_none();
        if known && url.scheme() == "https" {
            // An alias stays what it is: tokens of some tenants name it as their issuer.
            return Ok(CLOUDS
                .iter()
                .position(|(address, _)| *address == url.as_str().trim_end_matches('/'))
                .map_or(Self(url), Self::cloud));
        }
        Err(config(
            "the authority host is none of Microsoft's clouds, such as https://login.microsoftonline.com; another one has to \
             be allowed: Authority::custom, or PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1 beside AZURE_AUTHORITY_HOST",
        ))
    }
}

/// Whether an address is of this machine (RFC 8252 section 8.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// Scheme, host and port, and nothing else.
fn address_of(address: &str) -> Result<Url, Error> {
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("https://{address}"),
    };
    let url = Url::parse(&address).map_err(|_| config("the authority host is no URL"))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let open = url.username().is_empty() && url.password().is_none();
    if !plain || !open || url.host_str().is_none() || !matches!(url.scheme(), "https" | "http") {
        return Err(config(
            "the authority host must be scheme and host alone, such as https://login.microsoftonline.com",
        ));
    }
    Ok(url)
}

/// A GUID or a domain name, and one that has applications.
fn check_tenant(tenant: &str) -> Result<(), Error> {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if tenant.is_empty() || tenant.starts_with('.') || tenant.contains("..") || !tenant.chars().all(known) {
        return Err(config("the tenant must be a GUID or a domain name, such as contoso.onmicrosoft.com"));
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
    fn every_cloud_and_alias_is_known() {
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
    fn refuses_what_would_leak_or_go_astray() {
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
