//! Sending a file to the address that the service issued: one Put Blob up to the limit, blocks and their list above it.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/put-blob>, `put-block`, `put-block-list`.

use super::source::{FileSource, Reader, sliced};
use super::{OnProgress, Progress};
use crate::client::is_loopback;
use crate::error::service_error;
use crate::retry::{Failure, may_send_again};
use crate::transport::Answer;
use crate::types::Secret;
use crate::{Client, Error, ErrorKind, IfMatchRule, Operation, Retry};
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

/// What one Put Blob may carry, as a sibling of the service says (reported in August 2026).
const SINGLE: u64 = 268_435_456;
/// The size of a block above that: what is held in memory at a time.
const BLOCK: usize = 8 << 20;
/// Without any progress for so long, an attempt is given up.
const STALL: Duration = Duration::from_secs(60);

static UPLOAD: Operation =
    Operation { name: "upload", method: "PUT", path: "", if_match: IfMatchRule::No, secret: true };

impl Client {
    /// Sends a file to an address that the service issued (`fileSasUri`), exactly as issued, whatever its host: in one Put Blob
    /// up to 256 MiB, in blocks above that. Await it, or shape it first.
    ///
    /// The address is a secret; the token is not sent to it. Neither appears in an error. Memory stays bounded, and what breaks
    /// is tried again: a block alone, a single request from its beginning.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] when the address is not https (loopback excepted), [`ErrorKind::File`] when the file cannot be
    /// read, [`ErrorKind::Status`] when the store refuses (403 for an address that has expired), [`ErrorKind::Connection`] and
    /// [`ErrorKind::Timeout`] (no progress) on the way.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client, package: partner_ingestion_sdk::types::AzurePackage)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let address = package.file_sas_uri.ok_or("no address")?;
    /// client.upload(&address, "app.zip").progress(|p| println!("{} of {}", p.sent, p.total)).await?;
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

/// A file on its way to an upload address. Made by [`Client::upload`].
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
    /// Is called as bytes are sent. What is sent again counts again from where it begins.
    pub fn progress(mut self, f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(f));
        self
    }

    /// How long an attempt may go without any progress; a minute if not set. The whole may take as long as it takes.
    pub fn stall_timeout(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    async fn send(self) -> Result<(), Error> {
        let url = Url::parse(self.address.expose()).ok();
        let Some(url) = url.filter(|url| url.scheme() == "https" || is_loopback(url)) else {
            return Err(Error::new(ErrorKind::Argument, "the upload address is not an https address").of(&UPLOAD));
        };
        let mut reader = self.file.open().await.map_err(|error| error.of(&UPLOAD))?;
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
        sent.map_err(|error| error.of(&UPLOAD))
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

/// One file under way.
struct Sending<'c> {
    client: &'c Client,
    url: Url,
    total: u64,
    stall: Duration,
    on_progress: Option<OnProgress>,
}

impl Sending<'_> {
    async fn whole(&self, reader: &mut Reader) -> Result<(), Error> {
        let mut attempts = Attempts::of(self.client.shared.retry);
        let mut chunks = reader.chunks().await?;
        loop {
            let Some(body) = chunks.take() else {
                let message = "the stream was read already and cannot be sent again";
                return Err(Error::new(ErrorKind::File, message));
            };
            let request = self.put("").header("x-ms-blob-type", "BlockBlob");
            let Err(failed) = self.attempt(request, body, self.total, 0).await else { return Ok(()) };
            chunks = reader.chunks().await?;
            attempts.wait(failed, chunks.is_some()).await?;
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

    /// One block, or the list of them: held in memory, so it can be sent again.
    async fn piece(&self, query: &str, content: Bytes, at: u64) -> Result<(), Error> {
        let mut attempts = Attempts::of(self.client.shared.retry);
        loop {
            let body = sliced(content.clone());
            let outcome = self.attempt(self.put(query), body, content.len() as u64, at).await;
            let Err(failed) = outcome else { return Ok(()) };
            attempts.wait(failed, true).await?;
        }
    }

    /// A PUT of the address as it was issued, with nothing but this added to its query.
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
                on_progress.tell((before + now).min(total), total);
            }
        });
        // The store wants a length; a body of unknown length would go in chunks.
        let request = request.header(CONTENT_LENGTH, length).body(Body::wrap_stream(counted));
        let outcome = watched(request.send(), &sent, self.stall).await;
        let Some(outcome) = outcome else {
            let message = format!("nothing was sent or answered for {} s", self.stall.as_secs_f64());
            return Err((Error::new(ErrorKind::Timeout, message), Failure::Broken));
        };
        let response = outcome.map_err(|error| {
            let failure = if error.is_connect() { Failure::Connect } else { Failure::Broken };
            let error = Error::new(ErrorKind::Connection, "the file cannot be sent").with_source(error.without_url());
            (error, failure)
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(());
        }
        // What the store says may repeat the address; status and ids are enough.
        let body = Bytes::new();
        let error = service_error(&UPLOAD, &Answer { status, headers, body });
        let retry_after = error.retry_after().is_some();
        Err((error, Failure::Status { status, retry_after }))
    }
}

/// The attempts of one request.
struct Attempts {
    retry: Retry,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
    made: u32,
}

impl Attempts {
    fn of(retry: Retry) -> Self {
        Self { retry, pauses: Box::new(retry.pauses()), made: 0 }
    }

    /// Waits before the next one; the error of this one where there is none, or the store asks for more time than there is.
    async fn wait(&mut self, (error, failure): (Error, Failure), repeatable: bool) -> Result<(), Error> {
        self.made += 1;
        let pause = self.pauses.next().filter(|_| repeatable && may_send_again(&Method::PUT, true, failure));
        let pause = pause.map(|pause| pause.max(error.retry_after().unwrap_or_default()));
        let Some(pause) = pause.filter(|pause| *pause <= self.retry.limit()) else {
            return Err(error.tried(self.made));
        };
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Waits for the end for as long as something is sent now and then.
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

/// Ids have to be base64 and of one length: eight digits are both.
fn block_id(number: usize) -> String {
    format!("{number:08}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_lasts_as_long_as_it_goes_on() {
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
