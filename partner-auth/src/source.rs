//! A token source: the cache and the exchange for one application and one audience.

use crate::cache::Cache;
use crate::exchange::Exchange;
use crate::{AccessToken, BoxFuture, Endpoint, Error, ErrorKind, TokenProvider, authority, env};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The audience of the Partner Center Ingestion API. It has no slash at its end.
pub const PARTNER_CENTER: &str = "https://api.partner.microsoft.com";

/// Tokens of one application for one audience, cached. Clones share the cache.
///
/// Nothing is sent before the first token is asked for, and no task is started by a constructor.
#[derive(Clone)]
pub struct TokenSource {
    cache: Arc<Cache>,
    /// For `Debug` only.
    what: Arc<str>,
}

impl TokenSource {
    /// Starts the configuration of a source for an application with a client secret.
    ///
    /// ```
    /// use partner_auth::{Endpoint, TokenSource};
    ///
    /// let source = TokenSource::builder("contoso.onmicrosoft.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "the secret")
    ///     .endpoint(Endpoint::V2)
    ///     .build()?;
    /// # Ok::<(), partner_auth::Error>(())
    /// ```
    pub fn builder(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<String>,
    ) -> TokenSourceBuilder {
        TokenSourceBuilder {
            tenant: tenant.into(),
            client_id: client_id.into(),
            secret: Zeroizing::new(secret.into()),
            authority: authority::PUBLIC.to_owned(),
            audience: PARTNER_CENTER.to_owned(),
            endpoint: Endpoint::default(),
            http: None,
        }
    }

    /// A source for the Partner Center audience from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` and
    /// `AZURE_AUTHORITY_HOST` (optional).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is missing (the error names all of them) or malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder_from_env()?.build()
    }

    /// As [`from_env`](Self::from_env), for further configuration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is missing; the error names all of them.
    pub fn builder_from_env() -> Result<TokenSourceBuilder, Error> {
        let found = env::read(|name| std::env::var(name).ok())?;
        let builder = Self::builder(found.tenant, found.client_id, found.secret.as_str());
        Ok(match found.authority {
            Some(host) => builder.authority(host),
            None => builder,
        })
    }
}

impl TokenProvider for TokenSource {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(self.cache.token())
    }

    fn cached(&self) -> Option<AccessToken> {
        self.cache.cached()
    }

    fn invalidate(&self, rejected: &AccessToken) {
        self.cache.invalidate(rejected);
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenSource").field(&self.what).finish()
    }
}

type Shape = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Configures a [`TokenSource`].
#[must_use = "the source is made by `build`"]
pub struct TokenSourceBuilder {
    tenant: String,
    client_id: String,
    secret: Zeroizing<String>,
    authority: String,
    audience: String,
    endpoint: Endpoint,
    http: Option<Shape>,
}

impl TokenSourceBuilder {
    /// The sign-in host of a national cloud, such as `https://login.microsoftonline.us`. https only, loopback excepted.
    pub fn authority(mut self, host: impl Into<String>) -> Self {
        self.authority = host.into();
        self
    }

    /// The audience; [`PARTNER_CENTER`] if not set.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Which token endpoint to use; [`Endpoint::V1`] if not set.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Shapes the transport (proxies, roots, pools) before redirects are turned off and the timeouts are set.
    pub fn http(
        mut self,
        shape: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http = Some(Box::new(shape));
        self
    }

    /// Makes the source. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when tenant, authority or audience cannot be right, the client id or the secret is empty,
    /// or the transport cannot be made.
    pub fn build(self) -> Result<TokenSource, Error> {
        let config = |message: &str| Error::new(ErrorKind::Config, message);
        if self.client_id.trim().is_empty() {
            return Err(config("the client id is empty"));
        }
        if self.secret.is_empty() {
            return Err(config("the client secret is empty"));
        }
        if self.audience.is_empty()
            || self.audience.ends_with("/.default")
            || self.audience.contains(char::is_whitespace)
        {
            return Err(config(
                "the audience must be one address without /.default, such as https://api.partner.microsoft.com",
            ));
        }
        let url = authority::token_url(&self.authority, &self.tenant, self.endpoint)?;
        let what = format!(
            "client {} for {} at {}",
            self.client_id,
            self.audience,
            url.host_str().unwrap_or_default()
        );
        let builder = reqwest::Client::builder();
        let builder = match self.http {
            Some(shape) => shape(builder),
            None => builder,
        };
        let http = builder
            // A redirect would carry the secret elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15))
            .build()
            .map_err(|e| Error::other(ErrorKind::Config, "the transport cannot be made", e))?;
        let exchange = Exchange::new(http, url, self.client_id, &self.secret, self.audience, self.endpoint);
        Ok(TokenSource {
            cache: Arc::new(Cache::new(exchange)),
            what: what.into(),
        })
    }
}

impl fmt::Debug for TokenSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceBuilder")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("authority", &self.authority)
            .field("audience", &self.audience)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
