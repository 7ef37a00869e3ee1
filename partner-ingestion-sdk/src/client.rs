//! The client.

mod builder;

pub use builder::ClientBuilder;

#[cfg(feature = "auth")]
use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use crate::http::connection_gate::ConnectionGate;
use crate::http::observe::Hooks;
use crate::http::rate_limiter::RateLimiter;
use crate::http::retry::RetryPolicy;
#[cfg(feature = "auth")]
use crate::http::url::base_url;
use partner_auth::TokenProvider;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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
/// | handle errors | [Errors of calls](#errors-of-calls), [`Error`](crate::Error), [`retry_behavior`](crate::retry_behavior) |
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
/// Every `send` returns an [`Error`](crate::Error) if the request is invalid, no token can be obtained, the request fails, or the
/// response is not a success or cannot be decoded. [`Error::kind`](crate::Error::kind) tells these cases apart.
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) means that
/// nothing was sent, for example because a resource that was passed as an id has none.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// The state that all clones and calls of a client share.
pub(crate) struct Shared {
    /// Without a trailing slash, unless it has no path.
    pub(crate) base: Url,
    /// The host that may be reached by plain HTTP.
    pub(crate) plain_host: Option<String>,
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
    pub(crate) gate: ConnectionGate,
    pub(crate) hooks: Hooks,
}

/// # Building a client
///
/// `Client::from_env` configures a client from environment variables, [`ClientBuilder`] in code.
impl Client {
    /// Creates a client for the application in `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, with the first credential of
    /// [`TokenSource::builder_from_env`](partner_auth::TokenSource::builder_from_env): `AZURE_CLIENT_SECRET`, a certificate,
    /// a federated token, or the identity of a build system.
    ///
    /// `PARTNER_INGESTION_URL`, if set, replaces the public base URL, for example by that of the sandbox. `PARTNER_INGESTION_ALLOW_PLAIN_HTTP` names a
    /// host that may be reached by plain HTTP, see [`ClientBuilder::allow_plain_http`]. Sends no request.
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
        let plain_host = std::env::var("PARTNER_INGESTION_ALLOW_PLAIN_HTTP").ok().filter(|host| !host.is_empty());
        let builder = Self::builder().token_provider(tokens);
        let builder = plain_host.iter().fold(builder, |builder, host| builder.allow_plain_http(host));
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
                base_url(url, plain_host.as_deref()).map_err(|error| error.in_variable(URL))?;
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
        ClientBuilder::new()
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
