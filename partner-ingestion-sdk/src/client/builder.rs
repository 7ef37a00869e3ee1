//! The construction of a client.

use super::{Client, Shared};
use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use crate::generated::table::SERVER;
use crate::http::connection_gate::ConnectionGate;
use crate::http::observe::{Event, Hooks, OutgoingRequest};
use crate::http::rate_limiter::{RateLimitStore, RateLimiter};
use crate::http::retry::RetryPolicy;
use crate::http::url::{base_url, is_direct};
use partner_auth::TokenProvider;
use reqwest::Url;
use std::fmt;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The time after which an unused connection is closed. Front ends close it later, at the earliest after a minute. A request that
/// crosses with the closing would be lost, and a POST could not be sent again.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The interval of TCP keep-alive probes, and of HTTP/2 pings while requests wait for a response. Firewalls forget connections
/// that are silent for minutes.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// The time after which an HTTP/2 connection without a response to a ping is closed.
#[cfg(feature = "http2")]
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// The user agent, after the application id.
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

type ConfigureHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Configures a [`Client`].
#[must_use = "call `build` to create the client"]
pub struct ClientBuilder {
    base: String,
    plain_host: Option<String>,
    tokens: Option<Arc<dyn TokenProvider>>,
    configure_http: Option<ConfigureHttp>,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    timeout: Option<Duration>,
    max_concurrent_requests: usize,
    max_body: usize,
    refresh_token_on_forbidden: bool,
    application_id: Option<String>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    root_certificates: Vec<PathBuf>,
    hooks: Hooks,
    rate_limit_store: Option<Arc<dyn RateLimitStore>>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            base: SERVER.to_owned(),
            plain_host: None,
            tokens: None,
            configure_http: None,
            retry: RetryPolicy::default(),
            attempt_timeout: Duration::from_secs(60),
            timeout: None,
            max_concurrent_requests: 100,
            max_body: 64 << 20,
            refresh_token_on_forbidden: false,
            application_id: None,
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            root_certificates: Vec::new(),
            hooks: Hooks::default(),
            rate_limit_store: None,
        }
    }

    /// Sets the base URL, for example to that of the sandbox. Must use https, except for loopback addresses and
    /// [`allow_plain_http`](Self::allow_plain_http).
    ///
    /// Default: the public address of the service, [`SERVER`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// Allows plain HTTP to one host, for calls and uploads: a sandbox in another container. Tokens are sent in clear text, so use it
    /// only in a network that you trust. No proxy is used for a base URL with plain HTTP. Default: only loopback addresses.
    ///
    /// `Authority::plain_http` is the same for the sign-in.
    ///
    /// ```
    /// use partner_ingestion_sdk::Client;
    /// use partner_ingestion_sdk::partner_auth::StaticToken;
    ///
    /// let builder = || -> Result<_, Box<dyn std::error::Error>> {
    ///     Ok(Client::builder().token_provider(StaticToken::new("a token")?).base_url("http://sandbox:8080/v1.0/ingestion"))
    /// };
    /// assert!(builder()?.build().is_err());
    /// let client = builder()?.allow_plain_http("sandbox").build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_plain_http(mut self, host: impl Into<String>) -> Self {
        self.plain_host = Some(host.into());
        self
    }

    /// Sets the provider of access tokens. Required.
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.tokens = Some(Arc::new(provider));
        self
    }

    /// Customizes the underlying [`reqwest::ClientBuilder`](reqwest::ClientBuilder): proxies, root certificates, connection pool.
    ///
    /// The builder has these settings, which the closure can change:
    ///
    /// * Connections that were not used for 30 seconds are closed (`pool_idle_timeout`). Keep this below the time after which
    ///   the server or proxy closes them: a POST that crosses with the closing fails, because it may have been processed.
    /// * TCP keep-alive probes every 20 seconds (`tcp_keepalive`). HTTP/2 pings every 20 seconds while a request waits for its
    ///   response; without an answer within 10 seconds, the connection is closed (`http2_keep_alive_interval`,
    ///   `http2_keep_alive_timeout`).
    /// * HTTP/2, if the server offers it over TLS (feature `http2`; off: `http1_only`), and compressed responses (feature
    ///   `gzip`; off: `no_gzip`).
    /// * No retries within reqwest (`retry`): [`RetryPolicy`] decides about all of them.
    /// * A user agent (`user_agent`), see [`application_id`](Self::application_id).
    ///
    /// Redirect, HTTPS and connect-timeout settings are applied afterwards. If the base URL is a loopback address or has plain HTTP,
    /// no proxy is used. The guide [`networks`](crate::networks) has examples.
    pub fn configure_http(
        mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.configure_http = Some(Box::new(configure));
        self
    }

    /// Trusts the root certificates of a PEM file, in addition to those of the system: for a proxy that inspects TLS, or a
    /// private certificate authority. Can be called several times. The file is read when the client is built.
    ///
    /// It applies to the calls and uploads of this client. Set it for the token source, too
    /// (`TokenSourceBuilder::root_certificates`).
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificates(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.root_certificates.push(pem_file.into());
        self
    }

    /// Sets the name of the application, which is put in front of the client's own user agent: `contoso-ci/1.2
    /// partner-ingestion-sdk/0.1.0`. At most 100 characters: letters, digits, and the signs `-._/+` and space.
    ///
    /// Default: none. A `user_agent` that [`configure_http`](Self::configure_http) sets replaces both.
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// Adds a hook that runs before each attempt is sent and can change its headers, for example to add an id for tracing.
    /// `Authorization` is neither visible nor changeable. Hooks run in the order in which they were added, on the task of the
    /// call: they must not block. Uploads to and downloads from the blob store have no hooks.
    ///
    /// ```
    /// use partner_ingestion_sdk::Client;
    /// use partner_ingestion_sdk::partner_auth::StaticToken;
    /// use partner_ingestion_sdk::reqwest::header::HeaderValue;
    ///
    /// let client = Client::builder()
    ///     .token_provider(StaticToken::new("a token")?)
    ///     .before_send(|request| {
    ///         let attempt = HeaderValue::from(request.attempt());
    ///         request.headers_mut().insert("x-attempt", attempt);
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn before_send(mut self, hook: impl Fn(&mut OutgoingRequest<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.before_send.push(Arc::new(hook));
        self
    }

    /// Adds an observer, which receives an [`Event`] after each attempt and after each call, for example to record metrics.
    /// Observers run on the task of the call: they must not block. A call with invalid arguments, and an attempt that the total
    /// timeout of its call ends, have no event.
    ///
    /// ```
    /// use partner_ingestion_sdk::partner_auth::StaticToken;
    /// use partner_ingestion_sdk::{Client, Event};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static FAILED: AtomicUsize = AtomicUsize::new(0);
    /// let client = Client::builder()
    ///     .token_provider(StaticToken::new("a token")?)
    ///     .observe(|event| {
    ///         if let Event::Call(call) = event {
    ///             FAILED.fetch_add(usize::from(call.error_kind().is_some()), Ordering::Relaxed);
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.observers.push(Arc::new(observer));
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

    /// Shares the rate limit with the clients of other processes that use the same store. Default: each client has its own limit.
    ///
    /// The example `shared_rate` has a store in a file.
    pub fn rate_limit_store(mut self, store: impl RateLimitStore + 'static) -> Self {
        self.rate_limit_store = Some(Arc::new(store));
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
    /// Returns [`ErrorKind::Config`] if the token provider is missing, the base URL or the application id is invalid, a
    /// certificate cannot be read, or the HTTP client cannot be created.
    pub fn build(self) -> Result<Client, Error> {
        let Some(tokens) = self.tokens else {
            let hint = "Set one with ClientBuilder::token_provider, or create the client with Client::from_env.";
            return Err(Error::new(ErrorKind::Config, "token provider is missing").with_hint(hint));
        };
        let base = base_url(&self.base, self.plain_host.as_deref())?;
        let mut builder = default_http().user_agent(user_agent(self.application_id.as_deref())?);
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        for file in &self.root_certificates {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
        if let Some(configure) = self.configure_http {
            builder = configure(builder);
        }
        let builder = builder
            // A duplicate package is a 301 response, and a redirect could send the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(base.scheme() == "https")
            .connect_timeout(Duration::from_secs(10));
        let builder = if is_direct(&base) { builder.no_proxy() } else { builder };
        let http = builder
            .build()
            .map_err(|e| Error::new(ErrorKind::Config, "HTTP client cannot be created").with_source(e))?;
        let Self {
            plain_host,
            retry,
            attempt_timeout,
            timeout,
            max_concurrent_requests,
            max_body,
            refresh_token_on_forbidden,
            hooks,
            rate_limit_store,
            ..
        } = self;
        Ok(Client {
            shared: Arc::new(Shared {
                gate: ConnectionGate::new(base.scheme() == "https", POOL_IDLE_TIMEOUT),
                hooks,
                requests: Requests::new_with_client(base.as_str().trim_end_matches('/'), http.clone()),
                base,
                plain_host,
                http,
                tokens,
                retry,
                attempt_timeout,
                timeout,
                max_body,
                refresh_token_on_forbidden,
                limiter: RateLimiter::new(max_concurrent_requests, rate_limit_store),
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An invalid base URL may contain a password.
        let base = base_url(&self.base, self.plain_host.as_deref()).map_or_else(|_| "invalid".to_owned(), Url::into);
        f.debug_struct("ClientBuilder").field("base", &base).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// The settings that `configure_http` can change.
fn default_http() -> reqwest::ClientBuilder {
    let never = reqwest::retry::never().max_retries_per_request(0);
    let builder = reqwest::Client::builder().retry(never).pool_idle_timeout(POOL_IDLE_TIMEOUT);
    let builder = builder.tcp_keepalive(KEEP_ALIVE).tcp_keepalive_interval(KEEP_ALIVE);
    #[cfg(feature = "http2")]
    let builder = builder.http2_keep_alive_interval(KEEP_ALIVE).http2_keep_alive_timeout(PING_TIMEOUT);
    builder
}

fn user_agent(application_id: Option<&str>) -> Result<String, Error> {
    let Some(id) = application_id else { return Ok(USER_AGENT.to_owned()) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._/+ ".contains(c);
    if id.trim() != id || id.is_empty() || id.len() > 100 || !id.chars().all(allowed) {
        let hint =
            "Use a name and a version such as contoso-ci/1.2: at most 100 letters, digits, spaces and signs of -._/+";
        return Err(Error::new(ErrorKind::Config, format!("application id {id:?} is invalid")).with_hint(hint));
    }
    Ok(format!("{id} {USER_AGENT}"))
}

/// Reads the certificates of a PEM file.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn certificates(file: &std::path::Path) -> Result<Vec<reqwest::Certificate>, Error> {
    let invalid = |reason: &str| {
        let hint = "Use a file in PEM format, with one block BEGIN CERTIFICATE for each certificate.";
        let message = format!("root certificates of {} cannot be read: {reason}", file.display());
        Error::new(ErrorKind::Config, message).with_hint(hint)
    };
    let pem = std::fs::read(file).map_err(|error| invalid(&error.to_string()).with_source(error))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem);
    let certificates = certificates.map_err(|error| invalid("invalid certificate").with_source(error))?;
    if certificates.is_empty() { Err(invalid("no certificate found")) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_fails_without_a_token_provider() {
        assert!(Client::builder().build().unwrap_err().to_string().contains("token provider"));
    }
}
