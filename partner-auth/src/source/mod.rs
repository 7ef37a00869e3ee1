//! A token source: the cache and the exchange for one application and one audience.

mod builder;

pub(crate) use builder::Application;
pub use builder::TokenSourceBuilder;

use crate::cache::{Cache, Issuer, RenewalPolicy};
use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Credential, Error, ErrorKind, Status, TokenProvider, env};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The audience of the Partner Center Ingestion API. It has no slash at its end.
pub const PARTNER_CENTER: &str = "https://api.partner.microsoft.com";

/// Tokens of one application for one audience, cached. Clones share the cache.
///
/// * Any number of tasks that need a token at the same time cost one request, and share its error.
/// * A valid token is never waited for: it is renewed ahead of its expiry, and served while that happens or fails.
/// * A refusal that only a person can change is remembered for a minute, until the credential changes.
///
/// Nothing is sent before the first token is asked for, and no task is started by a constructor. A request runs as a task
/// of the runtime that asked first; without a runtime the caller drives it.
#[derive(Clone)]
pub struct TokenSource {
    cache: Cache,
    label: Arc<str>,
    /// None for tokens that another crate gets.
    application: Option<Arc<Application>>,
}

impl TokenSource {
    /// Starts the configuration of a source for an application. A text as the credential is a client secret.
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

    /// A source for the Partner Center audience from the environment; see [`builder_from_env`](Self::builder_from_env).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is missing (the error names all of them) or malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder_from_env()?.build()
    }

    /// From the variables that the Azure SDKs read, for further configuration. An empty variable counts as unset.
    ///
    /// `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, with the first of:
    ///
    /// 1. `AZURE_CLIENT_SECRET`
    /// 2. `AZURE_CLIENT_CERTIFICATE_PATH`: certificate and key as PEM
    /// 3. `AZURE_FEDERATED_TOKEN_FILE`: workload identity
    /// 4. in a GitHub Actions job with `id-token: write`: [`GitHubActions`](crate::GitHubActions)
    /// 5. in an Azure Pipelines task with a service connection: [`AzurePipelines`](crate::AzurePipelines)
    ///
    /// `AZURE_AUTHORITY_HOST` names another cloud; another host than Microsoft's has to be allowed by
    /// `PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1`, because the credential goes there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is missing (the error names all of them) or malformed.
    pub fn builder_from_env() -> Result<TokenSourceBuilder, Error> {
        let found = env::read(|name| std::env::var(name).ok())?;
        Ok(Self::builder(found.tenant, found.client_id, found.credential).authority(found.authority))
    }

    pub(crate) fn new(
        label: String,
        issuer: Arc<dyn Issuer>,
        (clock, policy): (Clock, RenewalPolicy),
        application: Option<Arc<Application>>,
    ) -> Self {
        let label: Arc<str> = label.into();
        Self { cache: Cache::new(label.clone(), issuer, clock, policy), label, application }
    }

    /// The header `Authorization` with a token that is valid now; marked as sensitive.
    ///
    /// # Errors
    ///
    /// When there is no valid token and none is to be had.
    pub async fn header(&self) -> Result<HeaderValue, Error> {
        match self.try_header() {
            Some(header) => Ok(header),
            None => self.cache.token().await.map(|token| token.header().clone()),
        }
    }

    /// The header, if it is there without waiting. None also when its renewal is due, which [`header`](Self::header)
    /// starts.
    #[inline]
    pub fn try_header(&self) -> Option<HeaderValue> {
        self.cache.header()
    }

    /// Puts the header into a request.
    ///
    /// # Errors
    ///
    /// As [`header`](Self::header).
    pub async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), Error> {
        let header = self.header().await?;
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    /// A token with at least so much life left, for work that takes long. Waits for a new one when the current has less.
    ///
    /// # Errors
    ///
    /// Also [`ErrorKind::Config`] when tokens do not live that long.
    pub async fn token_valid_for(&self, least: Duration) -> Result<AccessToken, Error> {
        self.cache.token_valid_for(least).await
    }

    /// A source for another audience: the same application and transport, a cache of its own.
    ///
    /// ```
    /// # let source = partner_auth::TokenSource::builder("a.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "s").build()?;
    /// let graph = source.for_audience("https://graph.microsoft.com")?;
    /// # Ok::<(), partner_auth::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the audience cannot be right, or the tokens are another crate's.
    pub fn for_audience(&self, audience: impl Into<String>) -> Result<Self, Error> {
        let application = self.application.as_ref().ok_or_else(not_ours)?;
        Application::source(application, audience.into())
    }

    /// Replaces the credential, for this source and all that came from it by [`for_audience`](Self::for_audience). Tokens
    /// stay; remembered refusals are forgotten.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the secret is empty, or the tokens are another crate's.
    pub fn set_credential(&self, credential: impl Into<Credential>) -> Result<(), Error> {
        let application = self.application.as_ref().ok_or_else(not_ours)?;
        let credential = credential.into();
        credential.check()?;
        application.keyring.replace(credential);
        self.cache.forget_error();
        Ok(())
    }

    /// Forgets a remembered refusal, so that the next call asks again: the cause was removed elsewhere.
    pub fn invalidate_error(&self) {
        self.cache.forget_error();
    }

    /// What the source is doing.
    pub fn status(&self) -> Status {
        self.cache.status()
    }
}

fn not_ours() -> Error {
    Error::new(ErrorKind::Config, "the tokens of this source come from another crate's credential")
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
