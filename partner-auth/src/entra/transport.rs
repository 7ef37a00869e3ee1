//! The HTTP client for the `oauth2` crate, over `reqwest`. It keeps the parts of a response that `oauth2` drops.

use super::body::ErrorBody;
use bytes::Bytes;
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Maximum size of a response body. A token response has a few kilobytes.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// A response before it is parsed.
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The parts of a response that `oauth2` drops.
#[derive(Default)]
pub(super) struct ResponseMeta {
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after: Option<Duration>,
    pub(super) date: Option<SystemTime>,
    pub(super) request_id: Option<String>,
    pub(super) error_body: Option<ErrorBody>,
}

/// The transport of one attempt, which records the response's metadata.
pub(crate) struct Transport<F> {
    send: F,
    meta: Mutex<ResponseMeta>,
}

#[derive(Debug)]
pub(crate) enum TransportError {
    Http(reqwest::Error),
    TooLarge,
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("token request failed")
    }
}

impl std::error::Error for TransportError {}

impl<F> Transport<F> {
    pub(super) fn new(send: F) -> Self {
        Self { send, meta: Mutex::default() }
    }

    pub(super) fn into_meta(self) -> ResponseMeta {
        self.meta.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, raw: RawResponse) -> HttpResponse {
        let RawResponse { status, headers, body } = raw;
        // RFC 8259 section 8.1 lets a reader ignore a byte order mark.
        let body = match body.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => rest.to_vec(),
            None => body,
        };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let date = text(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
        *self.meta.lock().unwrap_or_else(PoisonError::into_inner) = ResponseMeta {
            status: Some(status),
            retry_after: crate::retry_after(&headers),
            date,
            request_id: text("x-ms-request-id").filter(|id| super::body::is_safe_word(id)).map(str::to_owned),
            error_body: ErrorBody::read(&body),
        };
        let mut response = http::Response::new(body);
        // `oauth2` accepts only 200 as success, and rejects JSON with a text content type.
        *response.status_mut() = if status.is_success() { StatusCode::OK } else { status };
        response
    }
}

impl<'c, F, Sent> AsyncHttpClient<'c> for Transport<F>
where
    F: Fn(HttpRequest) -> Sent + Send + Sync + 'c,
    Sent: Future<Output = Result<RawResponse, TransportError>> + Send + 'c,
{
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { Ok(self.record((self.send)(request).await?)) })
    }
}

/// Sends a request and reads the response, up to [`MAX_BODY`].
pub(super) async fn send(http: reqwest::Client, request: HttpRequest) -> Result<RawResponse, TransportError> {
    // The body contains the secret: its memory is zeroed when `reqwest` drops it.
    let request = request.map(|body| reqwest::Body::from(Bytes::from_owner(Zeroizing::new(body))));
    let request = reqwest::Request::try_from(request).map_err(TransportError::Http)?;
    read(http.execute(request).await.map_err(TransportError::Http)?).await
}

/// Reads a response, up to [`MAX_BODY`].
pub(crate) async fn read(mut response: reqwest::Response) -> Result<RawResponse, TransportError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(TransportError::Http)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(RawResponse { status, headers, body })
}
