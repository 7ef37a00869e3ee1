//! Downloads from the address that the service issued, without the token, in bounded memory.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::attempt::{Attempts, Outcome, send_with_retries};
use crate::http::connection::{address, connection_error};
use crate::http::operation::{IfMatchRule, Operation};
use crate::http::response::{RawResponse, service_error};
use crate::http::retry::{Failure, Repeatable};
use crate::types::Secret;
use crate::workflows::upload::{STALL, store_url};
use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::Url;
use std::io;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

pub(super) static DOWNLOAD: Operation = Operation {
    name: "download",
    method: "GET",
    path: "",
    if_match: IfMatchRule::No,
    secret: true,
    may_be_empty: false,
};

/// Downloads a file. An existing file with the same content is left as it is, and it is replaced only when the download is complete.
pub(crate) async fn to_file(client: &Client, file: &Secret, path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.part"));
    let result = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(|error| failed(folder, &error))?;
        }
        let created = File::create(&partial).await.map_err(|error| failed(&partial, &error))?;
        let complete = fetch(client, file, created, &partial).await?;
        complete.sync_all().await.map_err(|error| failed(&partial, &error))?;
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

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{}: {error}", path.display())).with_operation(DOWNLOAD.name)
}

/// Writes the content into a file, from its beginning in each attempt.
async fn fetch(client: &Client, file: &Secret, to: File, path: &Path) -> Result<File, Error> {
    let Some(url) = store_url(client, file) else {
        let error = Error::new(ErrorKind::InvalidArgument, "download address must use https");
        return Err(error.with_operation(DOWNLOAD.name));
    };
    let mut attempts = GetAttempts { client, url, to, path, sent: 0 };
    let sent = send_with_retries(client.shared.retry, &mut attempts).await;
    sent.map_err(|error| error.with_operation(DOWNLOAD.name))?;
    Ok(attempts.to)
}

struct GetAttempts<'a> {
    client: &'a Client,
    url: Url,
    to: File,
    path: &'a Path,
    sent: u32,
}

impl Attempts for GetAttempts<'_> {
    type Output = ();

    async fn attempt(&mut self) -> Result<Outcome<()>, Error> {
        self.sent += 1;
        let restarted = async {
            self.to.seek(io::SeekFrom::Start(0)).await?;
            self.to.set_len(0).await
        };
        restarted.await.map_err(|error| failed(self.path, &error))?;
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
                    self.to.write_all(&bytes).await.map_err(|error| failed(self.path, &error))?;
                }
                Ok(None) => {
                    self.to.flush().await.map_err(|error| failed(self.path, &error))?;
                    return Ok(Outcome::Done(()));
                }
            }
        }
    }

    fn repeatable(&self) -> Repeatable {
        Repeatable::Idempotent
    }
}

impl GetAttempts<'_> {
    fn stalled(&self) -> Outcome<()> {
        let message = format!("no progress from {} for {} s", address(&self.url), STALL.as_secs());
        Outcome::Failed(Error::new(ErrorKind::Timeout, message).with_attempts(self.sent), Failure::ConnectionLost)
    }

    fn lost(&self, error: reqwest::Error) -> Outcome<()> {
        let (error, failure) = connection_error(&self.url, error);
        Outcome::Failed(error.with_attempts(self.sent), failure)
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
