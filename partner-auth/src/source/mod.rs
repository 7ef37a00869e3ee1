//! A token source: the cache and the token client of one application for one audience.

mod builder;

pub(crate) use builder::Application;
pub use builder::TokenSourceBuilder;

use crate::cache::{Cache, Issuer, RefreshPolicy};
use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Credential, Error, ErrorKind, Status, TokenProvider, env};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The audience of the Partner Center Ingestion API, without a trailing slash.
pub const PARTNER_CENTER: &str = "https://api.partner.microsoft.com";

/// A cached source of access tokens for one application and one audience. Clones share the cache.
///
/// * Concurrent callers share one token request and its error.
/// * A token is refreshed before it expires. Until it expires, it is returned without waiting, even if the refresh fails.
/// * A permanent error, such as a wrong secret, is cached for one minute or until the credential changes.
///
/// Constructors neither send requests nor spawn tasks. The first call that needs a token spawns the request on its Tokio
/// runtime. Without a runtime, a call that needs a token request returns an error of kind [`ErrorKind::Config`].
#[derive(Clone)]
pub struct TokenSource {
    cache: Cache,
    label: Arc<str>,
    /// `None` if another crate acquires the tokens.
    application: Option<Arc<Application>>,
}

impl TokenSource {
    /// Returns a builder for a token source. A string given as the credential is a client secret.
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
        credential: impl Into<Credential>,
    ) -> TokenSourceBuilder {
        TokenSourceBuilder::new(tenant.into(), client_id.into(), credential.into())
    }

    /// Creates a source for the Partner Center audience from environment variables. See
    /// [`builder_from_env`](Self::builder_from_env) for the variables.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if a variable is invalid or missing. The message names all missing
    /// variables.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder_from_env()?.build()
    }

    /// Returns a builder configured from the environment variables that the Azure SDKs read. An empty variable counts as unset.
    ///
    /// Required are `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and one credential. The first of these is used:
    ///
    /// 1. `AZURE_CLIENT_SECRET`
    /// 2. `AZURE_CLIENT_CERTIFICATE_PATH`: a PEM file with certificate and key
    /// 3. `AZURE_FEDERATED_TOKEN_FILE`, set by workload identity
    /// 4. in a GitHub Actions job with `id-token: write`: [`GitHubActions`](crate::GitHubActions)
    /// 5. in an Azure Pipelines task with a service connection: [`AzurePipelines`](crate::AzurePipelines)
    ///
    /// `AZURE_AUTHORITY_HOST` selects another Microsoft cloud. The credential is sent to this host, so any other host must be
    /// allowed with `PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1`. A host that is reached by plain HTTP, such as a sandbox in another
    /// container, must be named in `PARTNER_AUTH_ALLOW_PLAIN_HTTP`: `sandbox` for `http://sandbox:8080`.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if a variable is invalid or missing. The message names all missing
    /// variables.
    pub fn builder_from_env() -> Result<TokenSourceBuilder, Error> {
        let found = env::read(env::lookup)?;
        let builder = Self::builder(found.tenant, found.client_id, found.credential).authority(found.authority);
        Ok(builder.variables(found.variables))
    }

    pub(crate) fn new(
        label: String,
        issuer: Arc<dyn Issuer>,
        (clock, policy): (Clock, RefreshPolicy),
        application: Option<Arc<Application>>,
    ) -> Self {
        let label: Arc<str> = label.into();
        Self { cache: Cache::new(label.clone(), issuer, clock, policy), label, application }
    }

    /// Returns the value of the `Authorization` header with a valid token, marked as sensitive.
    ///
    /// # Errors
    ///
    /// Returns an error if no access token could be obtained.
    pub async fn header(&self) -> Result<HeaderValue, Error> {
        match self.cached_header() {
            Some(header) => Ok(header),
            None => self.cache.token().await.map(|token| token.header().clone()),
        }
    }

    /// Returns the value of the `Authorization` header from the cache, without waiting.
    ///
    /// `None` if there is no valid token, or if a refresh is due. Call [`header`](Self::header) then, which starts the refresh.
    #[inline]
    pub fn cached_header(&self) -> Option<HeaderValue> {
        self.cache.header()
    }

    /// Sets the `Authorization` header of a request.
    ///
    /// # Errors
    ///
    /// Returns an error if no access token could be obtained.
    pub async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), Error> {
        let header = self.header().await?;
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    /// Returns a token that is valid for at least `duration`, for long-running work. Requests a new token if the cached one
    /// expires earlier.
    ///
    /// # Errors
    ///
    /// Returns an error if no access token could be obtained, and one of kind [`ErrorKind::Config`] if the lifetime of a new
    /// token is shorter than `duration`.
    pub async fn token_valid_for(&self, duration: Duration) -> Result<AccessToken, Error> {
        self.cache.token_valid_for(duration).await
    }

    /// Creates a source for another audience. It shares the application, the credential and the HTTP client, but has its own
    /// cache.
    ///
    /// ```
    /// # let source = partner_auth::TokenSource::builder("a.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "s").build()?;
    /// let graph = source.for_audience("https://graph.microsoft.com")?;
    /// # Ok::<(), partner_auth::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the audience is invalid, or the source was created by `from_azure`.
    pub fn for_audience(&self, audience: impl Into<String>) -> Result<Self, Error> {
        let application = self.application.as_ref().ok_or_else(external_credential)?;
        Application::source(application, audience.into())
    }

    /// Replaces the credential of this source and of all sources created with [`for_audience`](Self::for_audience). Cached
    /// tokens are kept, cached errors are cleared.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the secret is empty, or the source was created by `from_azure`.
    pub fn set_credential(&self, credential: impl Into<Credential>) -> Result<(), Error> {
        let application = self.application.as_ref().ok_or_else(external_credential)?;
        let credential = credential.into();
        credential.check()?;
        application.credentials.replace(credential);
        self.cache.clear_error();
        Ok(())
    }

    /// Clears the cached error, so that the next call sends a request. Call this after fixing the cause, for example in the
    /// portal.
    pub fn clear_error(&self) {
        self.cache.clear_error();
    }

    /// Returns a snapshot of the state of the source.
    pub fn status(&self) -> Status {
        self.cache.status()
    }
}

fn external_credential() -> Error {
    let hint = "Configure the credential of the Azure SDK, or create the source with TokenSource::builder.";
    Error::new(ErrorKind::Config, "credential of this source is managed by the Azure SDK").with_hint(hint)
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
        f.debug_tuple("TokenSource").field(&self.label).finish()
    }
}
