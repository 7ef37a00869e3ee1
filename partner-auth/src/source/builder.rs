//! The builder of a token source.

use super::{PARTNER_CENTER, TokenSource};
use crate::cache::RefreshPolicy;
use crate::clock::Clock;
use crate::credential::CredentialStore;
use crate::entra::authority::is_direct;
use crate::entra::token_client::{Limits, TokenClient};
use crate::{Authority, Credential, Endpoint, Error, ErrorKind};
use reqwest::Url;
use std::fmt;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

type ConfigureHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// A builder for a [`TokenSource`].
#[must_use = "call `build` to create the source"]
pub struct TokenSourceBuilder {
    tenant: String,
    client_id: String,
    allow_any_client_id: bool,
    credential: Credential,
    authority: Authority,
    audience: String,
    endpoint: Endpoint,
    limits: Limits,
    policy: RefreshPolicy,
    clock: Clock,
    configure_http: Option<ConfigureHttp>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    root_certificates: Vec<PathBuf>,
    /// The variables that hold the tenant and the client id.
    variables: Option<[&'static str; 2]>,
}

/// The configuration that all sources of one application share.
pub(crate) struct Application {
    pub(super) credentials: Arc<CredentialStore>,
    client_id: String,
    url: Url,
    endpoint: Endpoint,
    http: reqwest::Client,
    limits: Limits,
    policy: RefreshPolicy,
    clock: Clock,
}

impl TokenSourceBuilder {
    pub(super) fn new(tenant: String, client_id: String, credential: Credential) -> Self {
        Self {
            tenant,
            client_id,
            allow_any_client_id: false,
            credential,
            authority: Authority::public(),
            audience: PARTNER_CENTER.to_owned(),
            endpoint: Endpoint::default(),
            limits: Limits::default(),
            policy: RefreshPolicy::default(),
            clock: Clock::default(),
            configure_http: None,
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            root_certificates: Vec::new(),
            variables: None,
        }
    }

    /// Names the variables with the tenant and the client id, for errors.
    pub(crate) fn variables(mut self, names: [&'static str; 2]) -> Self {
        self.variables = Some(names);
        self
    }

    /// Sets the authority, which is the sign-in host of the tenant's cloud. Default: [`Authority::public`].
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = authority;
        self
    }

    /// Sets the audience: the API that accepts the tokens. Default: [`PARTNER_CENTER`].
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sets the version of the token endpoint. Default: [`Endpoint::V1`].
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Allows client ids that are not GUIDs. Client ids in Entra ID always are; those of other servers may not be.
    pub fn allow_any_client_id(mut self) -> Self {
        self.allow_any_client_id = true;
        self
    }

    /// Sets when tokens are refreshed. Default: [`RefreshPolicy::default`].
    pub fn refresh_policy(mut self, policy: RefreshPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the maximum number of attempts of one token acquisition. Default: 3; minimum: 1.
    ///
    /// Only transient failures are retried: connection errors, timeouts, the statuses 408, 429 and 5xx, and OAuth errors such as
    /// `temporarily_unavailable`. If Entra ID rejects the time of an assertion, the assertion is signed again once.
    pub fn max_attempts(mut self, max_attempts: usize) -> Self {
        self.limits.max_attempts = max_attempts.max(1);
        self
    }

    /// Sets the timeout of each attempt, including reading the body. Default: 15 seconds.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.limits.attempt_timeout = limit;
        self
    }

    /// Sets the total timeout of one token acquisition: all attempts and the delays between them. Default: 30 seconds.
    ///
    /// If a `Retry-After` exceeds the remaining time, the acquisition fails immediately, and [`Error::retry_after`] returns the
    /// time to wait.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = limit;
        self
    }

    /// Customizes the underlying `reqwest::ClientBuilder`, for example its proxies or root certificates.
    ///
    /// Two settings are applied afterwards: redirects are disabled, and the connect timeout is 5 seconds. If the authority is a
    /// loopback address or uses plain HTTP, no proxy is used.
    pub fn configure_http(
        mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.configure_http = Some(Box::new(configure));
        self
    }

    /// Trusts the root certificates of a PEM file, in addition to those of the system: for a proxy that inspects TLS. Can be
    /// called several times. The file is read when the source is built.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificates(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.root_certificates.push(pem_file.into());
        self
    }

    /// Sets the clock, for tests. Default: the system clock.
    #[cfg(any(test, feature = "testing"))]
    pub fn clock(mut self, clock: &crate::testing::ManualClock) -> Self {
        self.clock = Clock::Manual(clock.clone());
        self
    }

    /// Creates the token source. No request is sent.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the tenant, the client id or the audience is invalid, the secret is
    /// empty, a root certificate cannot be read, or the HTTP client cannot be created.
    pub fn build(self) -> Result<TokenSource, Error> {
        self.credential.check()?;
        let named = |error: Error, index: usize| match self.variables {
            Some(names) => error.in_variable(names[index]),
            None => error,
        };
        check_client_id(&self.client_id, self.allow_any_client_id).map_err(|error| named(error, 1))?;
        let url = self.authority.token_url(&self.tenant, self.endpoint).map_err(|error| named(error, 0))?;
        // A decompressor would keep copies of the token that are not zeroed.
        let mut builder = reqwest::Client::builder().no_gzip();
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        for file in &self.root_certificates {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
        if let Some(configure) = self.configure_http {
            builder = configure(builder);
        }
        let builder = builder
            // A redirect would send the secret to another host.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5));
        let builder = if is_direct(&url) { builder.no_proxy() } else { builder };
        let http =
            builder.build().map_err(|error| Error::other(ErrorKind::Config, "HTTP client cannot be created", error))?;
        let application = Application {
            credentials: Arc::new(CredentialStore::new(self.credential)),
            client_id: self.client_id,
            url,
            endpoint: self.endpoint,
            http,
            limits: self.limits,
            policy: self.policy,
            clock: self.clock,
        };
        Application::source(&Arc::new(application), self.audience)
    }
}

impl Application {
    pub(super) fn source(this: &Arc<Self>, audience: String) -> Result<TokenSource, Error> {
        if audience.is_empty() || audience.ends_with("/.default") || audience.contains(char::is_whitespace) {
            return Err(config(
                "audience must be a single URI without /.default, such as https://api.partner.microsoft.com",
            ));
        }
        let host = this.url.host_str().unwrap_or_default();
        let label = format!("client {} for {audience} at {host}", this.client_id);
        let client = TokenClient::new(
            (this.http.clone(), this.url.clone()),
            this.client_id.clone(),
            (audience, this.endpoint),
            this.credentials.clone(),
            this.limits,
            this.clock.clone(),
        );
        let timing = (this.clock.clone(), this.policy.clone());
        Ok(TokenSource::new(label, Arc::new(client), timing, Some(this.clone())))
    }
}

/// Reads the certificates of a PEM file.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn certificates(file: &std::path::Path) -> Result<Vec<reqwest::Certificate>, Error> {
    const HINT: &str = "Use a file in PEM format, with one block BEGIN CERTIFICATE for each certificate.";
    let message = format!("root certificates of {} cannot be read", file.display());
    let pem = std::fs::read(file).map_err(|error| Error::other(ErrorKind::Config, message.clone(), error))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if certificates.is_empty() => {
            Err(config(&format!("{message}: no certificate found")).with_hint(HINT))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(Error::other(ErrorKind::Config, message, error).with_hint(HINT)),
    }
}

fn check_client_id(id: &str, any: bool) -> Result<(), Error> {
    match id.trim() {
        "" => Err(config("client id is empty")),
        trimmed if trimmed != id => Err(config("client id has leading or trailing spaces")),
        _ if any || uuid::Uuid::parse_str(id).is_ok() => Ok(()),
        _ => Err(config("client id must be a GUID").with_hint(
            "Use the Application (client) ID of the app registration, not its name; call allow_any_client_id for a server with other ids.",
        )),
    }
}

fn config(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Debug for TokenSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceBuilder")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("credential", &self.credential)
            .field("authority", &self.authority.host())
            .field("audience", &self.audience)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeEntra, Reply};
    use crate::{GitHubActions, TokenProvider};

    /// A proxy that does not exist: requests that use it fail.
    fn with_proxy(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let proxy = reqwest::Proxy::all("http://127.0.0.1:1").unwrap();
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let http = http.tls_certs_only([]);
        http.proxy(proxy)
    }

    #[tokio::test]
    async fn loopback_addresses_use_no_proxy() {
        let (entra, service) = (FakeEntra::start().unwrap(), FakeEntra::start().unwrap());
        let source = |credential: Credential, authority| {
            let builder = TokenSource::builder("contoso.com", entra.client_id(), credential).authority(authority);
            builder.configure_http(with_proxy).max_attempts(1).build().unwrap()
        };
        source("secret".into(), entra.authority()).token().await.unwrap();
        // The token service of a build system on this machine, with an authority elsewhere.
        service.default_reply(Reply::body(200, r#"{"value": "assertion"}"#));
        let lookup = |name: &str| {
            Some(zeroize::Zeroizing::new(if name.contains("URL") { service.url() } else { "x".to_owned() }))
        };
        let github = GitHubActions::read(lookup).unwrap();
        let elsewhere = Authority::custom("https://login.invalid").unwrap();
        let error = source(github.into(), elsewhere).token().await.unwrap_err();
        assert_eq!((error.kind(), service.requests().len()), (ErrorKind::Network, 1), "{error}");
    }
}
