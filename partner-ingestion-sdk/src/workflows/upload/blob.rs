//! Uploads to the address that the service issued: one Put Blob up to the limit, a block list above it.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/put-blob>, `put-block`, `put-block-list`.

use super::progress::{OnProgress, Progress};
use super::reader::{Chunks, Reader, sliced};
use super::source::FileSource;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::attempt::{Attempts, Outcome, send_with_retries};
use crate::http::call::awaitable;
use crate::http::connection::{BodyError, address, connection_error};
use crate::http::operation::{IfMatchRule, Operation};
use crate::http::response::{RawResponse, service_error};
use crate::http::retry::{Failure, Repeatable};
use crate::http::url::is_allowed;
use crate::types::Secret;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder, Url};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The maximum size of one Put Blob, as documented for a related service (reported in August 2026).
const SINGLE: u64 = 268_435_456;
/// The size of a block, which is held in memory.
const BLOCK: usize = 8 << 20;
/// The default timeout without progress.
pub(crate) const STALL: Duration = Duration::from_secs(60);

static UPLOAD: Operation =
    Operation { name: "upload", method: "PUT", path: "", if_match: IfMatchRule::No, secret: true, may_be_empty: false };

/// An upload to an issued address. Created by [`Client::upload`].
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct BlobUpload {
    client: Client,
    address: Secret,
    file: FileSource,
    pub(super) on_progress: Option<OnProgress>,
    pub(super) stall: Duration,
}

impl BlobUpload {
    pub(super) fn new(client: &Client, address: &Secret, file: FileSource) -> Self {
        Self { client: client.clone(), address: address.clone(), file, on_progress: None, stall: STALL }
    }

    /// Sets a callback that is called as bytes are sent. A retry starts again at the offset of the repeated part.
    pub fn on_progress(mut self, f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(f));
        self
    }

    /// Sets the timeout without progress, after which an attempt fails. Default: 60 seconds. The total time is not limited.
    pub fn stall_timeout(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    async fn send(self) -> Result<(), Error> {
        let Some(url) = store_url(&self.client, &self.address) else {
            return Err(
                Error::new(ErrorKind::InvalidArgument, "upload address must use https").with_operation(UPLOAD.name)
            );
        };
        let mut reader = self.file.open(self.stall).await.map_err(|error| error.with_operation(UPLOAD.name))?;
        let sending = Sending {
            client: &self.client,
            url,
            total: reader.length,
            stall: self.stall,
            on_progress: self.on_progress,
        };
        let sent = match reader.length {
            0..=SINGLE => sending.put("", Content::Whole(&mut reader), 0).await,
            _ => sending.blocks(&mut reader).await,
        };
        sent.map_err(|error| error.with_operation(UPLOAD.name))
    }
}

awaitable!(BlobUpload => ());

/// Parses an issued address. `None` if it does not use https, except for loopback addresses and the client's host of plain HTTP.
pub(crate) fn store_url(client: &Client, address: &Secret) -> Option<Url> {
    Url::parse(address.expose()).ok().filter(|url| is_allowed(url, client.shared.plain_host.as_deref()))
}

/// One upload in progress.
struct Sending<'c> {
    client: &'c Client,
    url: Url,
    total: u64,
    stall: Duration,
    on_progress: Option<OnProgress>,
}

impl Sending<'_> {
    async fn blocks(&self, reader: &mut Reader) -> Result<(), Error> {
        let mut ids = Vec::new();
        let mut at = 0;
        while at < self.total {
            let size = usize::try_from(self.total - at).unwrap_or(BLOCK).min(BLOCK);
            let block = reader.block(size).await?;
            let id = block_id(ids.len());
            self.put(&format!("comp=block&blockid={id}"), Content::Piece(block), at).await?;
            ids.push(id);
            at += size as u64;
        }
        let listed: String = ids.iter().map(|id| format!("<Latest>{id}</Latest>")).collect();
        let list = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{listed}</BlockList>");
        self.put("comp=blocklist", Content::Piece(list.into()), self.total).await
    }

    /// Sends the file, one block of it, or the block list, with the retries of calls. `query` is added to that of the address;
    /// `before` is the number of bytes that were sent before.
    async fn put(&self, query: &str, content: Content<'_>, before: u64) -> Result<(), Error> {
        let policy = self.client.shared.retry;
        send_with_retries(policy, &mut PutAttempts { sending: self, query, content, before, sent: 0 }).await
    }

    fn request(&self, query: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        if !query.is_empty() {
            let issued = url.query().map(|issued| format!("{issued}&")).unwrap_or_default();
            url.set_query(Some(&format!("{issued}{query}")));
        }
        let request = self.client.shared.http.put(url).header(CONTENT_TYPE, "application/octet-stream");
        if query.is_empty() { request.header("x-ms-blob-type", "BlockBlob") } else { request }
    }

    async fn attempt(
        &self,
        request: RequestBuilder,
        body: Chunks,
        length: u64,
        before: u64,
    ) -> Result<(), (Error, Failure)> {
        let sent = Arc::new(AtomicU64::new(0));
        let (counter, on_progress, total) = (sent.clone(), self.on_progress.clone(), self.total);
        let counted = body.map_err(BodyError).inspect(move |chunk| {
            let size = chunk.as_ref().map_or(0, Bytes::len) as u64;
            let now = counter.fetch_add(size, Ordering::Relaxed) + size;
            if let Some(on_progress) = &on_progress {
                on_progress.report((before + now).min(total), total);
            }
        });
        // The store requires a length; a body of unknown length would be sent in chunks.
        let request = request.header(CONTENT_LENGTH, length).body(Body::wrap_stream(counted));
        let outcome = watched(request.send(), &sent, self.stall).await;
        let Some(outcome) = outcome else {
            let message = format!("no progress to {} for {} s", address(&self.url), self.stall.as_secs_f64());
            return Err((Error::new(ErrorKind::Timeout, message), Failure::ConnectionLost));
        };
        let response = outcome.map_err(|error| connection_error(&self.url, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(());
        }
        // The body may repeat the address; status and ids are enough.
        let body = Bytes::new();
        let error = service_error(&UPLOAD, &RawResponse { status, headers, body });
        let retry_after = error.retry_after().is_some();
        Err((error, Failure::Status { status, retry_after }))
    }
}

/// The body of a PUT.
enum Content<'r> {
    /// The file, which is read again for each attempt.
    Whole(&'r mut Reader),
    /// A block or the block list, which is in memory.
    Piece(Bytes),
}

/// The attempts of one PUT.
struct PutAttempts<'a> {
    sending: &'a Sending<'a>,
    query: &'a str,
    content: Content<'a>,
    before: u64,
    /// The number of times that the request was sent.
    sent: u32,
}

impl Attempts for PutAttempts<'_> {
    type Output = ();

    async fn attempt(&mut self) -> Result<Outcome<()>, Error> {
        let (body, length) = match &mut self.content {
            Content::Whole(reader) => (reader.chunks().await?, self.sending.total),
            Content::Piece(bytes) => (sliced(bytes.clone()), bytes.len() as u64),
        };
        self.sent += 1;
        match self.sending.attempt(self.sending.request(self.query), body, length, self.before).await {
            Ok(()) => Ok(Outcome::Done(())),
            Err((error, failure)) => Ok(Outcome::Failed(error.with_attempts(self.sent), failure)),
        }
    }

    fn repeatable(&self) -> Repeatable {
        match &self.content {
            Content::Whole(reader) if !reader.is_repeatable() => Repeatable::Never,
            _ => Repeatable::Idempotent,
        }
    }
}

/// Waits for the end of `work`, or returns `None` if nothing was sent for the time `stall`.
async fn watched<F: Future>(work: F, sent: &AtomicU64, stall: Duration) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut seen = sent.load(Ordering::Relaxed);
    loop {
        if let Ok(done) = tokio::time::timeout(stall, &mut work).await {
            return Some(done);
        }
        let now = sent.load(Ordering::Relaxed);
        if now == seen {
            return None;
        }
        seen = now;
    }
}

/// Block ids must be base64 and of equal length; eight digits are both.
fn block_id(number: usize) -> String {
    format!("{number:08}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attempt_fails_only_after_a_stall() {
        let (sent, stall) = (AtomicU64::new(0), Duration::from_millis(50));
        let slow = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(30)).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        assert!(watched(slow, &sent, stall).await.is_some());
        assert!(watched(std::future::pending::<()>(), &sent, stall).await.is_none());
    }
}
