//! One token request: the client-credentials flow (RFC 6749 section 4.4) by the `oauth2` crate over our `reqwest`.

use crate::error::Details;
use crate::hints;
use crate::wire::{EntraError, EntraToken};
use crate::{AccessToken, Endpoint, Error, ErrorKind};
use backon::{BackoffBuilder, ExponentialBuilder};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

type Client = oauth2::Client<
    EntraError,
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

/// A whole acquisition, retries included, ends within this time.
const DEADLINE: Duration = Duration::from_secs(30);
const ATTEMPTS: usize = 3;
/// A token response is a few kilobytes.
const MAX_BODY: usize = 1 << 20;
/// What MSAL assumes when the answer names no lifetime.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// Everything that one audience's token request needs.
pub(crate) struct Exchange {
    client: Client,
    http: reqwest::Client,
    audience: String,
    endpoint: Endpoint,
}

/// A fresh token and when Entra ID wants it renewed.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) token: AccessToken,
    pub(crate) issued: Instant,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_in: Option<Duration>,
}

impl Exchange {
    pub(crate) fn new(
        http: reqwest::Client,
        url: reqwest::Url,
        client_id: String,
        secret: &Zeroizing<String>,
        audience: String,
        endpoint: Endpoint,
    ) -> Self {
        let client = oauth2::Client::new(ClientId::new(client_id))
            .set_client_secret(ClientSecret::new(secret.as_str().to_owned()))
            .set_token_uri(TokenUrl::from_url(url))
            // The default would put the secret into a Basic header, which Entra ID does not read.
            .set_auth_type(AuthType::RequestBody);
        Self {
            client,
            http,
            audience,
            endpoint,
        }
    }

    /// Asks for a token; transient failures are tried again while the deadline allows.
    pub(crate) async fn grant(&self) -> Result<Grant, Error> {
        let start = Instant::now();
        let pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(ATTEMPTS - 1)
            .with_jitter();
        for pause in pauses.build() {
            let error = match self.attempt(DEADLINE.saturating_sub(start.elapsed())).await {
                Ok(grant) => return Ok(grant),
                Err(error) => error,
            };
            let pause = error.retry_after().map_or(pause, |asked| asked.max(pause));
            // A caller is waiting: it is better served by the error than by a wait beyond the deadline.
            if !error.is_retryable() || start.elapsed() + pause >= DEADLINE {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
        self.attempt(DEADLINE.saturating_sub(start.elapsed())).await
    }

    async fn attempt(&self, limit: Duration) -> Result<Grant, Error> {
        let bridge = Bridge {
            http: &self.http,
            seen: Mutex::default(),
        };
        let request = self.client.exchange_client_credentials();
        let request = match self.endpoint {
            Endpoint::V1 => request.add_extra_param("resource", self.audience.as_str()),
            Endpoint::V2 => request.add_scope(Scope::new(format!("{}/.default", self.audience))),
        };
        let issued = Instant::now();
        let outcome = tokio::time::timeout(limit, request.request_async(&bridge)).await;
        let seen = std::mem::take(&mut *bridge.seen.lock().unwrap_or_else(PoisonError::into_inner));
        match outcome {
            Ok(Ok(token)) => read(&token, issued),
            Ok(Err(error)) => Err(explain(error, seen)),
            Err(_) => Err(Error::new(ErrorKind::Network, "Entra ID did not answer in time")),
        }
    }
}

fn read(token: &EntraToken, issued: Instant) -> Result<Grant, Error> {
    if !token.is_bearer() {
        return Err(Error::new(
            ErrorKind::Protocol,
            "Entra ID gave a token that is not a bearer token",
        ));
    }
    let lifetime = token.expires_in().unwrap_or(DEFAULT_LIFETIME);
    if lifetime.is_zero() {
        return Err(Error::new(
            ErrorKind::Protocol,
            "Entra ID gave a token that has expired already",
        ));
    }
    let secret = token.access_token().secret().as_str();
    let access = AccessToken::with_lifetime(secret, issued, lifetime)?;
    Ok(Grant {
        token: access,
        issued,
        lifetime,
        refresh_in: token.refresh_in(),
    })
}

/// What the bridge saw of an answer; `oauth2` keeps none of it.
#[derive(Default)]
struct Seen {
    status: Option<u16>,
    retry_after: Option<Duration>,
    refusal: Option<EntraError>,
}

/// The `Debug` of `RequestTokenError` prints the body, and a body may hold a token: it is taken apart at once.
fn explain(error: RequestTokenError<BridgeError, EntraError>, seen: Seen) -> Error {
    let refusal = match error {
        RequestTokenError::ServerResponse(refusal) => Some(refusal),
        RequestTokenError::Request(BridgeError::Http(error)) => {
            return Error::other(ErrorKind::Network, "Entra ID cannot be reached", error.without_url());
        }
        RequestTokenError::Request(BridgeError::TooLarge) => {
            return Error::new(ErrorKind::Protocol, "the answer of Entra ID is too large");
        }
        RequestTokenError::Request(BridgeError::Malformed(error)) => {
            return Error::other(ErrorKind::Protocol, "the token request cannot be sent", error);
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => seen.refusal,
    };
    let status = seen.status.unwrap_or_default();
    let mut details = Details {
        status: seen.status,
        retry_after: seen.retry_after,
        ..Details::default()
    };
    let Some(refusal) = refusal else {
        let kind = hints::classify(status, None);
        let what = if status == 200 {
            "Entra ID gave an answer without a token"
        } else {
            "Entra ID gave no token"
        };
        return Error::with(kind, what, details);
    };
    let mut kind = hints::classify(status, Some(&refusal.error));
    details.codes = refusal.codes();
    // A gateway may echo an OAuth error in a 5xx; the status then says more than the code.
    if let Some((refined, hint)) = details.codes.iter().find_map(|code| hints::lookup(*code)) {
        if status < 500 && status != 429 {
            kind = refined;
        }
        details.hint = Some(hint);
    }
    details.trace_id = refusal.trace_id.filter(|id| is_word(id));
    details.correlation_id = refusal.correlation_id.filter(|id| is_word(id));
    details.oauth_error = Some(refusal.error).filter(|error| is_word(error));
    let word = details.oauth_error.as_deref().unwrap_or("unreadable error");
    let message = format!("Entra ID refuses to give a token: {word}");
    Error::with(kind, message, details)
}

/// An `error` is a short ASCII word (RFC 6749 section 5.2), an id a GUID; anything else is not repeated.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// `oauth2` speaks `http`, we send with `reqwest`. One per attempt: it remembers what the answer looked like.
struct Bridge<'a> {
    http: &'a reqwest::Client,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
enum BridgeError {
    Http(reqwest::Error),
    Malformed(http::Error),
    TooLarge,
}

impl std::fmt::Display for BridgeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the token request failed")
    }
}

impl std::error::Error for BridgeError {}

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = BridgeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BridgeError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Bridge<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, BridgeError> {
        let request = reqwest::Request::try_from(request).map_err(BridgeError::Http)?;
        let mut response = self.http.execute(request).await.map_err(BridgeError::Http)?;
        let status = response.status();
        let content_type = response.headers().get(http::header::CONTENT_TYPE).cloned();
        let retry_after = response.headers().get(http::header::RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|v| v.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(BridgeError::Http)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(BridgeError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let body = body.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(body);
        let refusal = serde_json::from_slice(&body).ok();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen {
            status: Some(status.as_u16()),
            retry_after,
            refusal,
        };
        let mut answer = http::Response::builder().status(status);
        if let Some(value) = content_type {
            answer = answer.header(http::header::CONTENT_TYPE, value);
        }
        answer.body(body).map_err(BridgeError::Malformed)
    }
}
