//! Downloads from the address that the service issued, without the token, in bounded memory.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::attempt::{Attempts, Outcome, send_with_retries};
use crate::http::connection::{address, connection_error};
use crate::http::operation::{IfMatchRule, Operation};
use crate::http::response::{RawResponse, service_error};
use crate::http::retry::{Failure, Repeatable};
use crate::http::url::is_https_or_loopback;
use crate::types::Secret;
use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::Url;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The time without progress after which an attempt fails.
const STALL: Duration = Duration::from_secs(60);

static DOWNLOAD: Operation =
    Operation { name: "download", method: "GET", path: "", if_match: IfMatchRule::No, secret: true };

/// What is done with the bytes of a file.
trait Sink {
    /// Starts again at the beginning of the file.
    fn restart(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Takes the next bytes. False: no more are needed.
    fn take(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<bool>> + Send;
}

/// Downloads a file. An existing file with the same content is left as it is, and it is replaced only when the download is complete.
pub(crate) async fn to_file(client: &Client, file: &Secret, path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.part"));
    let result = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(|error| failed(folder, &error))?;
        }
        let created = File::create(&partial).await.map_err(|error| failed(&partial, &error))?;
        let mut sink = ToFile { file: created };
        fetch(client, file, &mut sink, &partial).await?;
        sink.file.sync_all().await.map_err(|error| failed(&partial, &error))?;
        if same_files(&partial, path).await {
            return tokio::fs::remove_file(&partial).await.map_err(|error| failed(&partial, &error));
        }
        tokio::fs::rename(&partial, path).await.map_err(|error| failed(path, &error))
    };
    let outcome = result.await;
    if outcome.is_err() {
        // What is left of a failed download is of no use.
        let _ = tokio::fs::remove_file(&partial).await;
    }
    outcome
}

/// Returns true if a file of the service has the content of a local file.
pub(crate) async fn is_same(client: &Client, file: &Secret, path: &Path) -> Result<bool, Error> {
    let opened = File::open(path).await.map_err(|error| failed(path, &error))?;
    let mut sink = Compare { file: opened, path, same: true };
    fetch(client, file, &mut sink, path).await?;
    let rest = sink.file.read(&mut [0; 1]).await.map_err(|error| failed(path, &error))?;
    Ok(sink.same && rest == 0)
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{}: {error}", path.display())).with_operation(DOWNLOAD.name)
}

async fn fetch(client: &Client, file: &Secret, sink: &mut (impl Sink + Send), path: &Path) -> Result<(), Error> {
    let url = Url::parse(file.expose()).ok().filter(is_https_or_loopback);
    let Some(url) = url else {
        let error = Error::new(ErrorKind::InvalidArgument, "download address must use https");
        return Err(error.with_operation(DOWNLOAD.name));
    };
    let mut attempts = GetAttempts { client, url, sink, path, sent: 0 };
    send_with_retries(client.shared.retry, &mut attempts).await.map_err(|error| error.with_operation(DOWNLOAD.name))
}

struct GetAttempts<'a, S> {
    client: &'a Client,
    url: Url,
    sink: &'a mut S,
    path: &'a Path,
    sent: u32,
}

impl<S: Sink + Send> Attempts for GetAttempts<'_, S> {
    type Output = ();

    async fn attempt(&mut self) -> Result<Outcome<()>, Error> {
        self.sent += 1;
        self.sink.restart().await.map_err(|error| failed(self.path, &error))?;
        let send = tokio::time::timeout(STALL, self.client.shared.http.get(self.url.clone()).send());
        let response = match send.await {
            Err(_) => return Ok(self.stalled()),
            Ok(Err(error)) => return Ok(self.lost(error)),
            Ok(Ok(response)) => response,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_success() {
            // The body may repeat the address; status and ids are enough.
            let error = service_error(&DOWNLOAD, &RawResponse { status, headers, body: Bytes::new() });
            let retry_after = error.retry_after().is_some();
            return Ok(Outcome::Failed(error.with_attempts(self.sent), Failure::Status { status, retry_after }));
        }
        let mut chunks = response.bytes_stream();
        loop {
            match tokio::time::timeout(STALL, chunks.next()).await {
                Err(_) => return Ok(self.stalled()),
                Ok(Some(Err(error))) => return Ok(self.lost(error)),
                Ok(Some(Ok(bytes))) => {
                    if !self.sink.take(&bytes).await.map_err(|error| failed(self.path, &error))? {
                        return Ok(Outcome::Done(()));
                    }
                }
                Ok(None) => return Ok(Outcome::Done(())),
            }
        }
    }

    fn repeatable(&self) -> Repeatable {
        Repeatable::Idempotent
    }
}

impl<S> GetAttempts<'_, S> {
    fn stalled(&self) -> Outcome<()> {
        let message = format!("no progress from {} for {} s", address(&self.url), STALL.as_secs());
        Outcome::Failed(Error::new(ErrorKind::Timeout, message).with_attempts(self.sent), Failure::ConnectionLost)
    }

    fn lost(&self, error: reqwest::Error) -> Outcome<()> {
        let (error, failure) = connection_error(&self.url, error);
        Outcome::Failed(error.with_attempts(self.sent), failure)
    }
}

struct ToFile {
    file: File,
}

impl Sink for ToFile {
    async fn restart(&mut self) -> io::Result<()> {
        use tokio::io::AsyncSeekExt;
        self.file.seek(io::SeekFrom::Start(0)).await?;
        self.file.set_len(0).await
    }

    async fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.file.write_all(bytes).await?;
        self.file.flush().await?;
        Ok(true)
    }
}

/// Compares with a local file and stops at the first difference.
struct Compare<'p> {
    file: File,
    path: &'p Path,
    same: bool,
}

impl Sink for Compare<'_> {
    async fn restart(&mut self) -> io::Result<()> {
        self.file = File::open(self.path).await?;
        self.same = true;
        Ok(())
    }

    async fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let mut local = vec![0; bytes.len()];
        self.same = match self.file.read_exact(&mut local).await {
            Ok(_) => local == bytes,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(error),
        };
        Ok(self.same)
    }
}

/// Returns true if both files can be read and have the same content.
async fn same_files(left: &Path, right: &Path) -> bool {
    const CHUNK: usize = 64 << 10;
    let (Ok(left), Ok(right)) = (File::open(left).await, File::open(right).await) else { return false };
    let lengths = (left.metadata().await.map(|data| data.len()), right.metadata().await.map(|data| data.len()));
    let (Ok(length), Ok(other)) = lengths else { return false };
    if length != other {
        return false;
    }
    let (mut left, mut right) = (left, right);
    let (mut one, mut two) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut rest = length;
    while rest > 0 {
        let size = usize::try_from(rest).unwrap_or(CHUNK).min(CHUNK);
        let read = (left.read_exact(&mut one[..size]).await, right.read_exact(&mut two[..size]).await);
        if read.0.is_err() || read.1.is_err() || one[..size] != two[..size] {
            return false;
        }
        rest -= size as u64;
    }
    true
}
