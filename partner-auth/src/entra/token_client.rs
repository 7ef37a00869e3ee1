//! The token request: the client-credentials flow (RFC 6749 section 4.4) with the `oauth2` crate over `reqwest`.

use super::authority::Endpoint;
use super::response;
use super::transport;
use crate::cache::{IssuedToken, Issuer};
use crate::clock::Clock;
use crate::credential::{AssertionRequest, ClientAuth, CredentialStore};
use crate::error::address;
use crate::{BoxFuture, Error, ErrorKind};
use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{AuthType, ClientId, EndpointNotSet, EndpointSet, HttpRequest, RequestTokenError, Scope, TokenUrl};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// The bounds of the delay before the second attempt, and of every delay.
const MIN_BACKOFF: Duration = Duration::from_millis(250);
const MAX_BACKOFF: Duration = Duration::from_secs(4);

type Client = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Takes the request out of the `oauth2` crate, which would leave the token of the response in memory that is not zeroed.
struct Composed(Box<HttpRequest>);

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Composed(redacted)")
    }
}

impl fmt::Display for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("composed")
    }
}

impl std::error::Error for Composed {}

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The limits of one acquisition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_attempts: usize,
    pub(crate) attempt_timeout: Duration,
    pub(crate) timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_attempts: 3, attempt_timeout: Duration::from_secs(15), timeout: Duration::from_secs(30) }
    }
}

/// Requests tokens for one audience.
pub(crate) struct TokenClient {
    client: Client,
    http: reqwest::Client,
    url: reqwest::Url,
    audience: String,
    endpoint: Endpoint,
    credentials: Arc<CredentialStore>,
    limits: Limits,
    clock: Clock,
    skew: Skew,
}

impl TokenClient {
    pub(crate) fn new(
        (http, url): (reqwest::Client, reqwest::Url),
        client_id: String,
        (audience, endpoint): (String, Endpoint),
        credentials: Arc<CredentialStore>,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        let client = BasicClient::new(ClientId::new(client_id))
            .set_token_uri(TokenUrl::from_url(url.clone()))
            // The default sends the secret in a Basic header, which Entra ID ignores.
            .set_auth_type(AuthType::RequestBody);
        Self { client, http, url, audience, endpoint, credentials, limits, clock, skew: Skew::default() }
    }

    /// Requests a token. Transient failures are retried within the total timeout.
    async fn acquire(&self) -> Result<IssuedToken, Error> {
        // `reqwest` would panic.
        if tokio::runtime::Handle::try_current().is_err() {
            let hint =
                "Request the token on a Tokio runtime, for example within `#[tokio::main]` or `Runtime::block_on`.";
            return Err(Error::new(ErrorKind::Config, "token request needs a Tokio runtime").with_hint(hint));
        }
        let start = self.clock.now();
        let left = || self.limits.timeout.saturating_sub(self.clock.now().saturating_duration_since(start));
        let bounds = std::iter::successors(Some(MIN_BACKOFF), |bound| Some((*bound * 2).min(MAX_BACKOFF)));
        let mut bounds = bounds.take(self.limits.max_attempts.saturating_sub(1));
        let mut signed_again = false;
        loop {
            let error = match self.attempt(left().min(self.limits.attempt_timeout)).await {
                Ok(issued) => return Ok(issued),
                Err(error) => error,
            };
            // The response contained Entra ID's time. A new assertion uses it.
            if error.kind() == ErrorKind::ClockSkew && self.credentials.uses_assertions() && !signed_again {
                signed_again = true;
                continue;
            }
            let Some(bound) = bounds.next().filter(|_| error.is_retryable()) else {
                return Err(error);
            };
            // Full jitter, so that processes that failed together do not retry together.
            let delay = bound.mul_f64(fastrand::f64()).max(error.retry_after().unwrap_or_default());
            // Return the error now rather than wait beyond the timeout.
            if delay >= left() {
                return Err(error);
            }
            tracing::debug!(target: "partner_auth", delay_ms = delay.as_millis() as u64, "retrying the token request: {error}");
            self.clock.delay(delay).await;
        }
    }

    async fn attempt(&self, limit: Duration) -> Result<IssuedToken, Error> {
        let attempt = async {
            let request = AssertionRequest::new(
                self.client.client_id().as_str(),
                &self.url,
                self.skew.correct(self.clock.wall()),
                &self.http,
            );
            let auth = self.credentials.client_auth(&request).await?;
            self.send(&auth).await
        };
        let outcome = self.clock.within(limit, attempt).await;
        outcome.unwrap_or_else(|| {
            let (address, limit) = (address(&self.url), limit.as_secs_f64());
            let message = format!("Entra ID did not respond at {address} within {limit:.1} s");
            Err(Error::new(ErrorKind::Network, message))
        })
    }

    async fn send(&self, auth: &ClientAuth) -> Result<IssuedToken, Error> {
        let request = self.compose(auth)?;
        let requested_at = self.clock.now();
        let response = transport::send(&self.http, request).await.map_err(response::unreachable)?;
        if let Some(date) = response.date() {
            self.skew.measure(date, self.clock.wall());
        }
        response::read(&response, requested_at)
    }

    fn compose(&self, auth: &ClientAuth) -> Result<HttpRequest, Error> {
        let request = self.client.exchange_client_credentials();
        let request = match self.endpoint {
            Endpoint::V1 => request.add_extra_param("resource", self.audience.as_str()),
            Endpoint::V2 => request.add_scope(Scope::new(format!("{}/.default", self.audience))),
        };
        // Extra parameters are borrowed, so the `oauth2` crate keeps no copy of the secret.
        let request = match auth {
            ClientAuth::Secret(secret) => request.add_extra_param("client_secret", secret.as_str()),
            ClientAuth::Assertion(assertion) => request
                .add_extra_param("client_assertion_type", JWT_BEARER)
                .add_extra_param("client_assertion", assertion.as_str()),
        };
        match request.request(&|request| Err(Composed(Box::new(request)))) {
            Err(RequestTokenError::<_, BasicErrorResponse>::Request(Composed(request))) => Ok(*request),
            _ => Err(Error::new(ErrorKind::Config, "token request cannot be created")),
        }
    }
}

/// Parses a response without a network, through the same code.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn parse(status: u16, body: Vec<u8>) -> Result<IssuedToken, Error> {
    parse_with(status, http::HeaderMap::new(), body)
}

#[cfg(any(test, feature = "testing"))]
pub(crate) fn parse_with(status: u16, headers: http::HeaderMap, body: Vec<u8>) -> Result<IssuedToken, Error> {
    let status = http::StatusCode::from_u16(status)
        .map_err(|error| Error::other(ErrorKind::Protocol, "invalid HTTP status", error))?;
    let response = transport::RawResponse { status, headers, body: zeroize::Zeroizing::new(body) };
    response::read(&response, std::time::Instant::now())
}

impl Issuer for TokenClient {
    fn issue(&self) -> BoxFuture<'_, Result<IssuedToken, Error>> {
        Box::pin(self.acquire())
    }

    fn version(&self) -> u64 {
        self.credentials.version()
    }

    fn time_limit(&self) -> Duration {
        self.limits.timeout.saturating_add(self.limits.attempt_timeout)
    }

    fn clock_skew(&self) -> Option<f64> {
        self.skew.seconds()
    }
}

/// The milliseconds by which Entra ID's clock is ahead, from the `Date` of its last response.
struct Skew(AtomicI64);

const UNKNOWN: i64 = i64::MIN;

impl Default for Skew {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl Skew {
    fn measure(&self, theirs: SystemTime, ours: SystemTime) {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let ahead = match theirs.duration_since(ours) {
            Ok(ahead) => millis(ahead),
            Err(behind) => -millis(behind.duration()),
        };
        self.0.store(ahead, Ordering::Relaxed);
    }

    fn seconds(&self) -> Option<f64> {
        let millis = self.0.load(Ordering::Relaxed);
        (millis != UNKNOWN).then_some(millis as f64 / 1000.0)
    }

    /// Converts this machine's time to Entra ID's clock.
    fn correct(&self, ours: SystemTime) -> SystemTime {
        let millis = self.0.load(Ordering::Relaxed);
        let by = Duration::from_millis(millis.unsigned_abs());
        let theirs = match millis {
            UNKNOWN => Some(ours),
            0.. => ours.checked_add(by),
            _ => ours.checked_sub(by),
        };
        theirs.unwrap_or(ours)
    }
}
