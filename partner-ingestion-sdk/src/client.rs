//! The client and its construction.

use crate::generated::requests::Requests;
use crate::pace::Pace;
use crate::{Error, ErrorKind, Retry, SERVER};
use partner_auth::TokenProvider;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A client of the Partner Center Ingestion API. Clones share connections and tokens.
///
/// Every operation is a method that returns a builder; `send` sends it. All calls of a client and its clones pass one gate: a
/// limited number is under way at a time, and when the service says that it is too fast (429), all of them slow down.
///
/// ```no_run
/// # async fn example() -> Result<(), partner_ingestion_sdk::Error> {
/// use partner_ingestion_sdk::Client;
///
/// let client = Client::from_env()?;
/// let listing = client.get_listing("a product id", "a listing id").send().await?;
/// let changed = listing.into_inner().set_summary("Now faster");
/// client.replace_listing("a product id", "a listing id", changed).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones and calls of a client share.
pub(crate) struct Shared {
    /// Without a slash at the end.
    pub(crate) base: Url,
    pub(crate) http: reqwest::Client,
    /// Makes the requests of the operations.
    pub(crate) requests: Requests,
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) retry: Retry,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) max_body: usize,
    pub(crate) renew_on_forbidden: bool,
    pub(crate) pace: Pace,
}

impl Client {
    /// A client for the application in `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, with the first credential of
    /// [`TokenSource::builder_from_env`](partner_auth::TokenSource::builder_from_env): `AZURE_CLIENT_SECRET`, a certificate,
    /// a federated token, or the identity of a build system.
    ///
    /// `PARTNER_INGESTION_URL`, if set, takes the place of the public address: so a program is pointed at the sandbox.
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is missing (the error names all of them) or malformed.
    #[cfg(feature = "auth")]
    pub fn from_env() -> Result<Self, Error> {
        let tokens = partner_auth::TokenSource::from_env().map_err(Error::auth)?;
        let builder = Self::builder().token_provider(tokens);
        match std::env::var("PARTNER_INGESTION_URL").ok().filter(|url| !url.trim().is_empty()) {
            Some(url) => builder.base_url(url.trim()).build(),
            None => builder.build(),
        }
    }

    /// Starts the configuration of a client.
    ///
    /// ```
    /// use partner_ingestion_sdk::Client;
    /// use partner_ingestion_sdk::partner_auth::StaticToken;
    ///
    /// let client = Client::builder()
    ///     .token_provider(StaticToken::new("a token")?)
    ///     .http(|http| http.pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            base: SERVER.to_owned(),
            tokens: None,
            http: None,
            retry: Retry::default(),
            timeout: Duration::from_secs(60),
            deadline: None,
            concurrency: 100,
            max_body: 64 << 20,
            renew_on_forbidden: false,
        }
    }

    /// The address that paths are appended to.
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

type Shape = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Configures a [`Client`].
#[must_use = "the client is made by `build`"]
pub struct ClientBuilder {
    base: String,
    tokens: Option<Arc<dyn TokenProvider>>,
    http: Option<Shape>,
    retry: Retry,
    timeout: Duration,
    deadline: Option<Duration>,
    concurrency: usize,
    max_body: usize,
    renew_on_forbidden: bool,
}

impl ClientBuilder {
    /// Another address of the service, such as the sandbox's. https only, loopback excepted.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// Where tokens come from. Required.
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.tokens = Some(Arc::new(provider));
        self
    }

    /// Shapes the transport (proxies, roots, pools) before redirects are turned off, https is enforced and the
    /// connect timeout is set.
    pub fn http(
        mut self,
        shape: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http = Some(Box::new(shape));
        self
    }

    /// When requests are sent again; a call can override it.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How long one attempt may take, its answer included; one minute if not set. A call can override it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a call may take in all, with its token, its waiting and all its attempts; without a limit if not set. A call
    /// can override it.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How many requests are under way at a time, at most; 100 if not set. The others wait for their turn.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Treats 403 as 401: the token is dropped and the request sent once more with a new one. For the minutes after the
    /// application was given a role, while old tokens do not have it yet. Off if not set.
    pub fn renew_on_forbidden(mut self, renew: bool) -> Self {
        self.renew_on_forbidden = renew;
        self
    }

    /// How large an answer may be in bytes; 64 MiB if not set.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is no token provider, the address is unusable or the transport cannot be made.
    pub fn build(self) -> Result<Client, Error> {
        let Some(tokens) = self.tokens else {
            return Err(Error::new(ErrorKind::Config, "no token provider: set one, or use Client::from_env"));
        };
        let base = base_url(&self.base)?;
        let builder = reqwest::Client::builder();
        let builder = match self.http {
            Some(shape) => shape(builder),
            None => builder,
        };
        let http = builder
            // The service answers 301 for a duplicate package, and a redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(base.scheme() == "https")
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("partner-ingestion-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| Error::new(ErrorKind::Config, "the transport cannot be made").with_source(e))?;
        let Self { retry, timeout, deadline, concurrency, max_body, renew_on_forbidden, .. } = self;
        Ok(Client {
            shared: Arc::new(Shared {
                requests: Requests::new_with_client(base.as_str(), http.clone()),
                base,
                http,
                tokens,
                retry,
                timeout,
                deadline,
                max_body,
                renew_on_forbidden,
                pace: Pace::new(concurrency),
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("base", &self.base).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// An absolute address without credentials, query or fragment, and without a slash at its end.
fn base_url(text: &str) -> Result<Url, Error> {
    let config = |message: &str| Error::new(ErrorKind::Config, format!("the base URL {message}"));
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| config("is no absolute URL"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(config("must be scheme, host and path alone"));
    }
    if url.scheme() != "https" && !is_loopback(&url) {
        return Err(config("must be https; the token would travel in the open"));
    }
    Ok(url)
}

/// Plain http is for the sandbox on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        assert_eq!(base_url("https://a.example/v1/").unwrap().as_str(), "https://a.example/v1");
        assert!(base_url("http://127.0.0.1:8080/v1.0/ingestion").is_ok());
        for bad in ["a.example", "http://a.example", "https://u:p@a.example", "https://a.example?x", "ftp://a", ""] {
            let error = base_url(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }

    #[test]
    fn a_client_needs_tokens() {
        assert!(Client::builder().build().unwrap_err().to_string().contains("token provider"));
    }
}
