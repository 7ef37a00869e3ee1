//! Uploads to the address that the service issued: one Put Blob up to the limit, a block list above it.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/put-blob>, `put-block`, `put-block-list`.

use super::progress::{OnProgress, Progress};
use super::source::{FileSource, Reader, sliced};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::operation::{IfMatchRule, Operation};
use crate::http::response::{RawResponse, service_error};
use crate::http::retry::{Failure, Retries};
use crate::http::url::is_https_or_loopback;
use crate::types::Secret;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, Method, RequestBuilder, Url};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The maximum size of one Put Blob, as documented for a related service (reported in August 2026).
const SINGLE: u64 = 268_435_456;
/// The size of a block, which is held in memory.
const BLOCK: usize = 8 << 20;
/// The default timeout without progress.
const STALL: Duration = Duration::from_secs(60);

static UPLOAD: Operation =
    Operation { name: "upload", method: "PUT", path: "", if_match: IfMatchRule::No, secret: true };

impl Client {
    /// Uploads a file to an address that the service issued (`fileSasUri`), on any host: up to 256 MiB in one Put Blob, and
    /// in blocks above that. Await the returned builder.
    ///
    /// The address is a secret. The token is not sent to it, and neither appears in an error. Memory use is bounded. A failed
    /// block is retried on its own, a failed Put Blob from its beginning.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the address does not use https (except for loopback addresses),
    /// [`ErrorKind::Io`] if the file cannot be read, [`ErrorKind::Status`] if the store rejects the request (403 if the address
    /// has expired), [`ErrorKind::Connection`] if the connection is lost, and [`ErrorKind::Timeout`] without progress.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client, package: partner_ingestion_sdk::types::AzurePackage)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let address = package.file_sas_uri.ok_or("no address")?;
    /// client.upload(&address, "app.zip").on_progress(|p| println!("{} of {}", p.sent, p.total)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, address: &Secret, file: impl Into<FileSource>) -> BlobUpload {
        BlobUpload {
            client: self.clone(),
            address: address.clone(),
            file: file.into(),
            on_progress: None,
            stall: STALL,
        }
    }
}

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
        let url = Url::parse(self.address.expose()).ok();
        let Some(url) = url.filter(is_https_or_loopback) else {
            return Err(
                Error::new(ErrorKind::InvalidArgument, "upload address must use https").with_operation(UPLOAD.name)
            );
        };
        let mut reader = self.file.open().await.map_err(|error| error.with_operation(UPLOAD.name))?;
        let sending = Sending {
            client: &self.client,
            url,
            total: reader.length,
            stall: self.stall,
            on_progress: self.on_progress,
        };
        let sent = match reader.length {
            0..=SINGLE => sending.whole(&mut reader).await,
            _ => sending.blocks(&mut reader).await,
        };
        sent.map_err(|error| error.with_operation(UPLOAD.name))
    }
}

impl IntoFuture for BlobUpload {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
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
    async fn whole(&self, reader: &mut Reader) -> Result<(), Error> {
        let mut retries = Retries::new(self.client.shared.retry);
        let mut chunks = reader.chunks().await?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let Some(body) = chunks.take() else {
                let message = "stream was already read and cannot be sent again";
                return Err(Error::new(ErrorKind::Io, message));
            };
            let request = self.put("").header("x-ms-blob-type", "BlockBlob");
            let Err(failed) = self.attempt(request, body, self.total, 0).await else { return Ok(()) };
            chunks = reader.chunks().await?;
            wait_for_retry(&mut retries, attempts, failed, chunks.is_some()).await?;
        }
    }

    async fn blocks(&self, reader: &mut Reader) -> Result<(), Error> {
        let mut ids = Vec::new();
        let mut at = 0;
        while at < self.total {
            let size = usize::try_from(self.total - at).unwrap_or(BLOCK).min(BLOCK);
            let block = reader.block(at, size).await?;
            let id = block_id(ids.len());
            self.piece(&format!("comp=block&blockid={id}"), block, at).await?;
            ids.push(id);
            at += size as u64;
        }
        let listed: String = ids.iter().map(|id| format!("<Latest>{id}</Latest>")).collect();
        let list = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{listed}</BlockList>");
        self.piece("comp=blocklist", list.into(), self.total).await
    }

    /// Sends one block, or the block list. Both are in memory and can be sent again.
    async fn piece(&self, query: &str, content: Bytes, at: u64) -> Result<(), Error> {
        let mut retries = Retries::new(self.client.shared.retry);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let body = sliced(content.clone());
            let outcome = self.attempt(self.put(query), body, content.len() as u64, at).await;
            let Err(failed) = outcome else { return Ok(()) };
            wait_for_retry(&mut retries, attempts, failed, true).await?;
        }
    }

    /// Returns a PUT request to the issued address with this addition to its query.
    fn put(&self, query: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        if !query.is_empty() {
            let issued = url.query().map(|issued| format!("{issued}&")).unwrap_or_default();
            url.set_query(Some(&format!("{issued}{query}")));
        }
        let request = self.client.shared.http.put(url);
        request.header("content-type", "application/octet-stream")
    }

    async fn attempt(
        &self,
        request: RequestBuilder,
        body: BoxStream<'static, io::Result<Bytes>>,
        length: u64,
        before: u64,
    ) -> Result<(), (Error, Failure)> {
        let sent = Arc::new(AtomicU64::new(0));
        let (counter, on_progress, total) = (sent.clone(), self.on_progress.clone(), self.total);
        let counted = body.inspect(move |chunk| {
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
            let message = format!("upload made no progress for {} s", self.stall.as_secs_f64());
            return Err((Error::new(ErrorKind::Timeout, message), Failure::ConnectionLost));
        };
        let response = outcome.map_err(|error| {
            let failure = if error.is_connect() { Failure::Connect } else { Failure::ConnectionLost };
            let error = Error::new(ErrorKind::Connection, "file cannot be uploaded").with_source(error.without_url());
            (error, failure)
        })?;
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

/// Waits before the next attempt, or returns the error if there is none.
async fn wait_for_retry(
    retries: &mut Retries,
    attempts: u32,
    (error, failure): (Error, Failure),
    repeatable: bool,
) -> Result<(), Error> {
    let delay = match repeatable {
        true => retries.next_delay(&Method::PUT, true, failure, error.retry_after()),
        false => None,
    };
    let Some(delay) = delay else { return Err(error.with_attempts(attempts)) };
    tokio::time::sleep(delay).await;
    Ok(())
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
