//! Sends a token request with `reqwest`, and reads the response into memory that is zeroed.

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use oauth2::HttpRequest;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Maximum size of a response body. A token response has a few kilobytes.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Enough for a token response.
const USUAL_BODY: usize = 8 << 10;

/// A response before it is parsed.
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) enum TransportError {
    Http(reqwest::Error),
    TooLarge,
}

impl RawResponse {
    /// Returns the body without a byte order mark, which RFC 8259 section 8.1 lets a reader ignore.
    pub(super) fn json(&self) -> &[u8] {
        self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    pub(super) fn date(&self) -> Option<SystemTime> {
        self.header(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok())
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        crate::retry_after(&self.headers)
    }

    pub(super) fn request_id(&self) -> Option<String> {
        self.header("x-ms-request-id").filter(|id| super::body::is_safe_word(id)).map(str::to_owned)
    }
}

/// Sends a request and reads the response, up to [`MAX_BODY`].
pub(super) async fn send(http: &reqwest::Client, request: HttpRequest) -> Result<RawResponse, TransportError> {
    // The body contains the secret: its memory is zeroed when `reqwest` drops it.
    let request = request.map(|body| reqwest::Body::from(Bytes::from_owner(Zeroizing::new(body))));
    let request = reqwest::Request::try_from(request).map_err(TransportError::Http)?;
    read(http.execute(request).await.map_err(TransportError::Http)?).await
}

/// Reads a response, up to [`MAX_BODY`].
pub(crate) async fn read(mut response: reqwest::Response) -> Result<RawResponse, TransportError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_BODY));
    while let Some(chunk) = response.chunk().await.map_err(TransportError::Http)? {
        let length = body.len() + chunk.len();
        if length > MAX_BODY {
            return Err(TransportError::TooLarge);
        }
        if length > body.capacity() {
            // A vector that grows by itself leaves a copy in the memory that it returns.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
            larger.extend_from_slice(&body);
            body = larger;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(RawResponse { status, headers, body })
}
