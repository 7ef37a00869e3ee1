//! The client and its construction.

use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use crate::generated::table::SERVER;
use crate::http::rate_limiter::RateLimiter;
use crate::http::retry::RetryPolicy;
use crate::http::url::{base_url, is_loopback};
use partner_auth::TokenProvider;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The time after which an unused connection is closed. Front ends close it later, at the earliest after a minute. A request that
/// crosses with the closing would be lost, and a POST could not be sent again.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of the Partner Center Ingestion API. Clones share connections, tokens and the rate limiter.
///
/// | to | use |
/// | --- | --- |
/// | see how a frequent task is done | [`recipes`](crate::recipes) |
/// | configure a client | [Building a client](#building-a-client), [`ClientBuilder`] |
/// | find or create an offer or a plan | [Lookups](#lookups) |
/// | read or change the draft of a module | [Drafts](#drafts) |
/// | change a resource whose id you have | [Changes](#changes) |
/// | upload packages, images and other files | [Uploads](#uploads) |
/// | keep offers as files | [Offers as files](#offers-as-files), and the guide [`offers_as_files`](crate::offers_as_files) |
/// | cancel a submission | [`cancel_submission`](Client::cancel_submission), [`recipes`](crate::recipes#cancel-a-submission) |
/// | submit an offer, and wait until it is live | [Publishing](#publishing), and the guide [`publishing`](crate::publishing) |
/// | call one operation of the API | the method with its name; [`operations`](crate::operations) has their builders, [`OPERATIONS`](crate::OPERATIONS) their paths |
/// | call a route that the API document does not have | [Requests of your own](#requests-of-your-own) |
/// | handle errors | [Errors of calls](#errors-of-calls), [`Error`], [`retry_behavior`](crate::retry_behavior) |
/// | translate from another tool or from the portal | [`migrating`](crate::migrating), [`glossary`](crate::glossary) |
///
/// Every operation is a method that returns a builder; `send` sends the request. The rate limiter bounds the number of
/// concurrent requests, and after a 429 response it slows down all calls of the client and its clones, in the order of their
/// arrival. Each call waits only as long as its own limits allow ([`RetryPolicy`], [`ClientBuilder::attempt_timeout`]).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
/// # struct Client;
/// # static SANDBOX: std::sync::OnceLock<partner_sandbox::Sandbox> = std::sync::OnceLock::new();
/// # impl Client {
/// #     fn from_env() -> Result<partner_ingestion_sdk::Client, Box<dyn std::error::Error>> {
/// #         client_of(SANDBOX.get().ok_or("no sandbox")?)
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _ = SANDBOX.set(partner_sandbox::Sandbox::start().await?);
/// use partner_ingestion_sdk::Page;
/// use partner_ingestion_sdk::types::AzureProduct;
///
/// let client = Client::from_env()?;
/// let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
/// client.listing_draft(&offer).modify(|listing| listing.set_summary("Now faster")).await?;
///
/// // The same draft, read with an operation.
/// let instance = client.listing_draft(&offer).instance_id().await?;
/// let listings = client.find_listings(&offer, instance).send().await?.into_inner().into_items();
/// assert_eq!(listings[0].summary.as_deref(), Some("Now faster"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors of calls
///
/// Every `send` returns an [`Error`] if the request is invalid, no token can be obtained, the request fails, or the response
/// is not a success or cannot be decoded. [`Error::kind`] tells these cases apart. [`ErrorKind::InvalidArgument`] means that
/// nothing was sent, for example because a resource that was passed as an id has none.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// The state that all clones and calls of a client share.
pub(crate) struct Shared {
    /// Without a trailing slash, unless it has no path.
    pub(crate) base: Url,
    pub(crate) http: reqwest::Client,
    /// Builds the requests of the operations.
    pub(crate) requests: Requests,
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) retry: RetryPolicy,
    pub(crate) attempt_timeout: Duration,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body: usize,
    pub(crate) refresh_token_on_forbidden: bool,
    pub(crate) limiter: RateLimiter,
}

/// # Building a client
///
/// `Client::from_env` configures a client from environment variables, [`ClientBuilder`] in code.
impl Client {
    /// Creates a client for the application in `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, with the first credential of
    /// [`TokenSource::builder_from_env`](partner_auth::TokenSource::builder_from_env): `AZURE_CLIENT_SECRET`, a certificate,
    /// a federated token, or the identity of a build system.
    ///
    /// `PARTNER_INGESTION_URL`, if set, replaces the public base URL, for example by that of the sandbox. Sends no request.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Config`] if a variable is missing or malformed. The message names all missing variables, or the one with
    /// the invalid value.
    #[cfg(feature = "auth")]
    pub fn from_env() -> Result<Self, Error> {
        use std::env::VarError;
        const URL: &str = "PARTNER_INGESTION_URL";
        let tokens = partner_auth::TokenSource::from_env().map_err(Error::auth_config)?;
        let builder = Self::builder().token_provider(tokens);
        let url = match std::env::var(URL) {
            Ok(url) => url,
            Err(VarError::NotPresent) => String::new(),
            // The client must not fall back to the public base URL.
            Err(VarError::NotUnicode(_)) => {
                return Err(Error::new(ErrorKind::Config, "base URL must be valid Unicode").in_variable(URL));
            }
        };
        match url.trim() {
            "" => builder.build(),
            url => {
                base_url(url).map_err(|error| error.in_variable(URL))?;
                builder.base_url(url).build()
            }
        }
    }

    /// Returns a builder for a client.
    ///
    /// ```
    /// use partner_ingestion_sdk::Client;
    /// use partner_ingestion_sdk::partner_auth::StaticToken;
    ///
    /// let client = Client::builder()
    ///     .token_provider(StaticToken::new("a token")?)
    ///     .configure_http(|http| http.pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A client of a sandbox signs in at the sandbox's authority:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use partner_ingestion_sdk::Client;
    /// use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
    /// use partner_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::start().await?;
    /// let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret())
    ///     .authority(Authority::loopback(&sandbox.authority())?)
    ///     .build()?;
    /// let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    /// client.list_products().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            base: SERVER.to_owned(),
            tokens: None,
            configure_http: None,
            retry: RetryPolicy::default(),
            attempt_timeout: Duration::from_secs(60),
            timeout: None,
            max_concurrent_requests: 100,
            max_body: 64 << 20,
            refresh_token_on_forbidden: false,
        }
    }

    /// Returns the URL that paths are appended to.
    pub fn base_url(&self) -> &Url {
        &self.shared.base
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.shared.base.as_str())
            .field("tokens", &self.shared.tokens)
            .finish_non_exhaustive()
    }
}

type ConfigureHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Configures a [`Client`].
#[must_use = "call `build` to create the client"]
pub struct ClientBuilder {
    base: String,
    tokens: Option<Arc<dyn TokenProvider>>,
    configure_http: Option<ConfigureHttp>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    timeout: Option<Duration>,
    max_concurrent_requests: usize,
    max_body: usize,
    refresh_token_on_forbidden: bool,
}

impl ClientBuilder {
    /// Sets the base URL, for example to that of the sandbox. Must use https, except for loopback addresses.
    ///
    /// Default: the public address of the service, [`SERVER`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// Sets the provider of access tokens. Required.
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.tokens = Some(Arc::new(provider));
        self
    }

    /// Customizes the underlying [`reqwest::ClientBuilder`](reqwest::ClientBuilder): proxies, root certificates, connection pool.
    ///
    /// Connections that were not used for 30 seconds are closed (`pool_idle_timeout`). Keep this below the time after which the
    /// server or proxy closes them: a POST that crosses with the closing fails, because it may have been processed.
    ///
    /// Redirect, HTTPS, user-agent and connect-timeout settings are applied afterwards. If the base URL is a loopback address, no
    /// proxy is used.
    pub fn configure_http(
        mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.configure_http = Some(Box::new(configure));
        self
    }

    /// Sets the retry policy. Calls can override it. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the timeout of each attempt, including reading the body. Calls can override it. Default: 60 seconds.
    pub fn attempt_timeout(mut self, attempt_timeout: Duration) -> Self {
        self.attempt_timeout = attempt_timeout;
        self
    }

    /// Sets the total timeout of a call, including the token, waiting and all attempts. Calls can override it. Default: no
    /// limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the maximum number of concurrent requests, at least 1. Default: 100.
    ///
    /// The first attempt of a further call waits until a request ends, at most for the total [`timeout`](Self::timeout).
    pub fn max_concurrent_requests(mut self, requests: usize) -> Self {
        self.max_concurrent_requests = requests;
        self
    }

    /// Treats a 403 response like a 401 response: discards the token and retries once with a new one. Useful for a few minutes
    /// after a role assignment, while cached tokens do not contain the role. Default: false.
    pub fn refresh_token_on_forbidden(mut self, refresh: bool) -> Self {
        self.refresh_token_on_forbidden = refresh;
        self
    }

    /// Sets the maximum size of a response body in bytes. Default: 64 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Creates the client. Sends no request.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Config`] if the token provider is missing, the base URL is invalid, or the HTTP client cannot be
    /// created.
    pub fn build(self) -> Result<Client, Error> {
        let Some(tokens) = self.tokens else {
            let hint = "Set one with ClientBuilder::token_provider, or create the client with Client::from_env.";
            return Err(Error::new(ErrorKind::Config, "token provider is missing").with_hint(hint));
        };
        let base = base_url(&self.base)?;
        let builder = reqwest::Client::builder().pool_idle_timeout(POOL_IDLE_TIMEOUT);
        let builder = match self.configure_http {
            Some(configure) => configure(builder),
            None => builder,
        };
        let builder = builder
            // A duplicate package is a 301 response, and a redirect could send the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(base.scheme() == "https")
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("partner-ingestion-sdk/", env!("CARGO_PKG_VERSION")));
        // A proxy would see the token, and could not reach this machine.
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        let http = builder
            .build()
            .map_err(|e| Error::new(ErrorKind::Config, "HTTP client cannot be created").with_source(e))?;
        let Self {
            retry, attempt_timeout, timeout, max_concurrent_requests, max_body, refresh_token_on_forbidden, ..
        } = self;
        Ok(Client {
            shared: Arc::new(Shared {
                requests: Requests::new_with_client(base.as_str().trim_end_matches('/'), http.clone()),
                base,
                http,
                tokens,
                retry,
                attempt_timeout,
                timeout,
                max_body,
                refresh_token_on_forbidden,
                limiter: RateLimiter::new(max_concurrent_requests),
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An invalid base URL may contain a password.
        let base = base_url(&self.base).map_or_else(|_| "invalid".to_owned(), Url::into);
        f.debug_struct("ClientBuilder").field("base", &base).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_fails_without_a_token_provider() {
        assert!(Client::builder().build().unwrap_err().to_string().contains("token provider"));
    }
}
