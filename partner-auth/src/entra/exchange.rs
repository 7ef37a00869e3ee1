//! The token request: the client-credentials flow (RFC 6749 section 4.4) by the `oauth2` crate over our `reqwest`.

use super::answer;
use super::authority::Endpoint;
use super::bridge::{self, Bridge};
use super::wire::{AnyRefusal, EntraToken};
use crate::cache::{Grant, Issuer};
use crate::clock::Clock;
use crate::credential::{AssertionRequest, Keyring, Proof};
use crate::{BoxFuture, Error, ErrorKind};
use backon::{BackoffBuilder, ExponentialBuilder};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{AuthType, ClientId, EndpointNotSet, EndpointSet, HttpRequest, Scope};
use oauth2::{StandardRevocableToken, TokenUrl};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

type Client = oauth2::Client<
    AnyRefusal,
    EntraToken,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The bounds of one acquisition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) attempts: usize,
    pub(crate) attempt: Duration,
    pub(crate) deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempts: 3, attempt: Duration::from_secs(15), deadline: Duration::from_secs(30) }
    }
}

/// Everything that one audience's token request needs.
pub(crate) struct Exchange {
    client: Client,
    http: reqwest::Client,
    url: reqwest::Url,
    audience: String,
    endpoint: Endpoint,
    keyring: Arc<Keyring>,
    limits: Limits,
    clock: Clock,
    skew: Skew,
}

impl Exchange {
    pub(crate) fn new(
        (http, url): (reqwest::Client, reqwest::Url),
        client_id: String,
        (audience, endpoint): (String, Endpoint),
        keyring: Arc<Keyring>,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        let client = oauth2::Client::new(ClientId::new(client_id))
            .set_token_uri(TokenUrl::from_url(url.clone()))
            // The default would put a secret into a Basic header, which Entra ID does not read.
            .set_auth_type(AuthType::RequestBody);
        Self { client, http, url, audience, endpoint, keyring, limits, clock, skew: Skew::default() }
    }

    /// Asks for a token; transient failures are tried again while the deadline allows.
    async fn acquire(&self) -> Result<Grant, Error> {
        let start = self.clock.now();
        let left = || self.limits.deadline.saturating_sub(self.clock.now().saturating_duration_since(start));
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(self.limits.attempts.saturating_sub(1))
            .build();
        let mut signed_again = false;
        loop {
            let error = match self.attempt(left().min(self.limits.attempt)).await {
                Ok(grant) => return Ok(grant),
                Err(error) => error,
            };
            // The refusal told Entra ID's time; an assertion that is made by it is in time.
            if error.kind() == ErrorKind::ClockSkew && self.keyring.signs() && !signed_again {
                signed_again = true;
                continue;
            }
            let Some(pause) = pauses.next().filter(|_| error.is_retryable()) else {
                return Err(error);
            };
            // Full jitter, so that processes which failed together do not come back together.
            let pause = pause.mul_f64(fastrand::f64()).max(error.retry_after().unwrap_or_default());
            // A caller is waiting: it is better served by the error than by a wait beyond the deadline.
            if pause >= left() {
                return Err(error);
            }
            tracing::debug!(target: "partner_auth", pause_ms = pause.as_millis() as u64, "the token request is tried again: {error}");
            self.clock.pause(pause).await;
        }
    }

    async fn attempt(&self, limit: Duration) -> Result<Grant, Error> {
        let attempt = async {
            let request = AssertionRequest::new(
                self.client.client_id().as_str(),
                &self.url,
                self.skew.correct(self.clock.wall()),
                &self.http,
            );
            let proof = self.keyring.prove(&request).await?;
            self.ask(&proof).await
        };
        let outcome = self.clock.within(limit, attempt).await;
        outcome.unwrap_or_else(|| {
            let message = format!("Entra ID did not answer within {:.1} s", limit.as_secs_f64());
            Err(Error::new(ErrorKind::Network, message))
        })
    }

    async fn ask(&self, proof: &Proof) -> Result<Grant, Error> {
        let request = self.client.exchange_client_credentials();
        let request = match self.endpoint {
            Endpoint::V1 => request.add_extra_param("resource", self.audience.as_str()),
            Endpoint::V2 => request.add_scope(Scope::new(format!("{}/.default", self.audience))),
        };
        // As extra parameters they are borrowed, and nothing of them stays in the `oauth2` crate.
        let request = match proof {
            Proof::Secret(secret) => request.add_extra_param("client_secret", secret.as_str()),
            Proof::Assertion(assertion) => request
                .add_extra_param("client_assertion_type", JWT_BEARER)
                .add_extra_param("client_assertion", assertion.as_str()),
        };
        let http = self.http.clone();
        let bridge = Bridge::new(move |request: HttpRequest| bridge::send(http.clone(), request));
        let issued = self.clock.now();
        let answer = request.request_async(&bridge).await;
        let seen = bridge.into_seen();
        if let Some(date) = seen.date {
            self.skew.measure(date, self.clock.wall());
        }
        answer::read(answer, seen, issued)
    }
}

/// Reads an answer without a network, through the same parsers.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn parse(status: u16, body: Vec<u8>) -> Result<Grant, Error> {
    parse_with(status, http::HeaderMap::new(), body)
}

#[cfg(any(test, feature = "testing"))]
pub(crate) fn parse_with(status: u16, headers: http::HeaderMap, body: Vec<u8>) -> Result<Grant, Error> {
    use futures_util::FutureExt;
    let status = http::StatusCode::from_u16(status)
        .map_err(|error| Error::other(ErrorKind::Protocol, "no HTTP status", error))?;
    let answer = std::sync::Mutex::new(Some(bridge::Raw { status, headers, body }));
    let bridge = Bridge::new(|_: HttpRequest| {
        let answer = answer.lock().ok().and_then(|mut answer| answer.take());
        std::future::ready(answer.ok_or(bridge::BridgeError::TooLarge))
    });
    let url = TokenUrl::new("https://login.microsoftonline.com/a/oauth2/token".to_owned())
        .map_err(|error| Error::other(ErrorKind::Protocol, "no address", error))?;
    let client: Client = oauth2::Client::new(ClientId::new("a".to_owned())).set_token_uri(url);
    let issued = std::time::Instant::now();
    let answered = client.exchange_client_credentials().request_async(&bridge).now_or_never();
    let answered = answered.ok_or_else(|| Error::new(ErrorKind::Protocol, "the answer is not there"))?;
    answer::read(answered, bridge.into_seen(), issued)
}

impl Issuer for Exchange {
    fn grant(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(self.acquire())
    }

    fn version(&self) -> u64 {
        self.keyring.version()
    }

    fn patience(&self) -> Duration {
        self.limits.deadline + self.limits.attempt
    }

    fn clock_skew(&self) -> Option<f64> {
        self.skew.seconds()
    }
}

/// How much Entra ID's clock is ahead, in milliseconds; from the `Date` of its last answer.
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

    /// The machine's time by Entra ID's clock.
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
