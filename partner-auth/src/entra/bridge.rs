//! `oauth2` speaks `http`, we send with `reqwest`; and what `oauth2` drops of an answer is kept here.

use super::wire::Refusal;
use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// A token response is a few kilobytes.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// An answer as it came.
pub(crate) struct Raw {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What was seen of an answer; `oauth2` keeps none of it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<Duration>,
    pub(super) date: Option<SystemTime>,
    pub(super) request_id: Option<String>,
    pub(super) refusal: Option<Refusal>,
}

/// One per attempt: it remembers what the answer looked like.
pub(crate) struct Bridge<F> {
    send: F,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
pub(crate) enum BridgeError {
    Http(reqwest::Error),
    TooLarge,
}

impl std::fmt::Display for BridgeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the token request failed")
    }
}

impl std::error::Error for BridgeError {}

impl<F> Bridge<F> {
    pub(super) fn new(send: F) -> Self {
        Self { send, seen: Mutex::default() }
    }

    pub(super) fn into_seen(self) -> Seen {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, raw: Raw) -> HttpResponse {
        let Raw { status, headers, body } = raw;
        // RFC 8259 section 8.1 lets a reader ignore a byte order mark.
        let body = match body.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => rest.to_vec(),
            None => body,
        };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let date = text(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen {
            status: Some(status.as_u16()),
            retry_after: text(RETRY_AFTER.as_str()).and_then(|wish| retry_after(wish, date)),
            date,
            request_id: text("x-ms-request-id").filter(|id| super::wire::is_word(id)).map(str::to_owned),
            refusal: Refusal::read(&body),
        };
        let mut answer = http::Response::new(body);
        // `oauth2` takes 200 alone for a success, and refuses JSON that calls itself text.
        *answer.status_mut() = if status.is_success() { StatusCode::OK } else { status };
        answer
    }
}

/// Seconds, or a date, which is measured by the answer's own clock (RFC 9110 section 10.2.3).
fn retry_after(wish: &str, date: Option<SystemTime>) -> Option<Duration> {
    if let Ok(seconds) = wish.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(wish).ok()?;
    Some(at.duration_since(date.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

impl<'c, F, Sent> AsyncHttpClient<'c> for Bridge<F>
where
    F: Fn(HttpRequest) -> Sent + Send + Sync + 'c,
    Sent: Future<Output = Result<Raw, BridgeError>> + Send + 'c,
{
    type Error = BridgeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BridgeError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { Ok(self.note((self.send)(request).await?)) })
    }
}

/// Sends a request and reads the answer up to the cap.
pub(super) async fn send(http: reqwest::Client, request: HttpRequest) -> Result<Raw, BridgeError> {
    // The body holds the secret: its memory is wiped when the transport lets go of it.
    let request = request.map(|body| reqwest::Body::from(Bytes::from_owner(Zeroizing::new(body))));
    let request = reqwest::Request::try_from(request).map_err(BridgeError::Http)?;
    read(http.execute(request).await.map_err(BridgeError::Http)?).await
}

/// The answer with its body up to the cap.
pub(crate) async fn read(mut response: reqwest::Response) -> Result<Raw, BridgeError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BridgeError::Http)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(BridgeError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Raw { status, headers, body })
}
