//! Finds out whether a file was uploaded before, completely or in part.

use super::blob::{STALL, store_url};
use super::reader::{Chunks, Reader};
use super::resource::{FileResource, is_pending};
use super::source::FileSource;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::attempt::{Attempts, Outcome, send_with_retries};
use crate::http::connection::{address, connection_error};
use crate::http::response::{RawResponse, Response, service_error};
use crate::http::retry::{Failure, Repeatable};
use crate::types::Secret;
use crate::workflows::download::DOWNLOAD;
use crate::workflows::wait::{tolerate_absence, tolerate_late};
use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::{StatusCode, Url};
use std::io;

/// Returns the resource that has this file, or that an earlier upload of it left unfinished: of the same name and type as `requested`, with
/// the same content, or without a file.
pub(super) async fn find<T: FileResource>(
    client: &Client,
    target: &UploadTarget,
    requested: &T,
    file: Option<FileSource>,
    options: PollOptions,
) -> Result<Option<Response<T>>, Error> {
    let Some(file) = file else {
        let hint =
            "Pass a path or bytes: the content is compared before it is uploaded, and a stream can be read only once.";
        let message = "stream cannot be compared with the existing files";
        return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(hint));
    };
    let mut reader = file.open(STALL).await?;
    let length = i64::try_from(reader.length).unwrap_or(i64::MAX);
    let mut same = tolerate_late(|| T::list(client, target)).await?;
    same.retain(|listed| {
        let is_same_size = listed.size().is_none_or(|size| size == 0 || size == length);
        is_same_size
            && listed.name() == requested.name()
            && listed.is_of_same_type(requested)
            && !has_failed(listed.state())
    });
    // A complete file is better than an unfinished one.
    same.sort_by_key(|listed| is_pending(listed.state()));
    for listed in same {
        let id = listed.id().unwrap_or_default();
        let read = || T::read(client, target, id);
        let found = match tolerate_absence(options.interval, options.deadline, read).await {
            Ok(found) => found,
            // It was deleted meanwhile, or is a duplicate of another package.
            Err(error) if error.is_not_found() || error.duplicate_of().is_some() => continue,
            Err(error) => return Err(error),
        };
        let stored = match found.address() {
            Some(address) => compare_with(client, address, &mut reader).await?,
            None => Stored::Unreadable,
        };
        let is_own = match stored {
            Stored::Same => true,
            Stored::Other => false,
            // Nothing can be sent to an address that cannot be read.
            Stored::Absent => is_pending(found.state()),
            Stored::Unreadable => T::SAME_BY_NAME && !is_pending(found.state()),
        };
        if is_own {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Returns true if the file at an address has the content of a local one. `None` if it cannot be read there.
pub(crate) async fn is_same_file(client: &Client, address: &Secret, file: FileSource) -> Result<Option<bool>, Error> {
    let mut reader = file.open(STALL).await?;
    Ok(match compare_with(client, address, &mut reader).await? {
        Stored::Same => Some(true),
        Stored::Other | Stored::Absent => Some(false),
        Stored::Unreadable => None,
    })
}

fn has_failed(state: &str) -> bool {
    state.eq_ignore_ascii_case("ProcessFailed")
}

/// What is stored at an address, compared with a local file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    Same,
    Other,
    /// The address is valid, and nothing was sent to it.
    Absent,
    /// For example because the address expired.
    Unreadable,
}

/// Compares the file at an address with a local one.
async fn compare_with(client: &Client, address: &Secret, reader: &mut Reader) -> Result<Stored, Error> {
    let Some(url) = store_url(client, address) else { return Ok(Stored::Unreadable) };
    let mut comparison = Comparison { client, url, reader, attempts: 0 };
    let compared = send_with_retries(client.shared.retry, &mut comparison).await;
    compared.map_err(|error| error.with_operation(DOWNLOAD.name))
}

/// The attempts to read a stored file and to compare it.
struct Comparison<'a> {
    client: &'a Client,
    url: Url,
    reader: &'a mut Reader,
    attempts: u32,
}

impl Attempts for Comparison<'_> {
    type Output = Stored;

    async fn attempt(&mut self) -> Result<Outcome<Stored>, Error> {
        self.attempts += 1;
        let local = self.reader.chunks().await?;
        match compare(self.client, &self.url, self.reader.length, local).await {
            Ok(stored) => Ok(Outcome::Done(stored)),
            Err(Unread::Stored(error, failure)) => Ok(Outcome::Failed(error.with_attempts(self.attempts), failure)),
            Err(Unread::Local(error)) => Err(self.reader.unreadable(error)),
        }
    }

    fn repeatable(&self) -> Repeatable {
        Repeatable::Idempotent
    }
}

/// One of the two files could not be read.
enum Unread {
    Stored(Error, Failure),
    Local(io::Error),
}

/// Reads both files until they differ.
async fn compare(client: &Client, url: &Url, length: u64, mut local: Chunks) -> Result<Stored, Unread> {
    let mut response = in_time(url, client.shared.http.get(url.clone()).send()).await?;
    let status = response.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(Stored::Absent);
    }
    if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) {
        return Ok(Stored::Unreadable);
    }
    if !status.is_success() {
        // The body may repeat the address; status and ids are enough.
        let (headers, body) = (response.headers().clone(), Bytes::new());
        let error = service_error(&DOWNLOAD, &RawResponse { status, headers, body });
        let retry_after = error.retry_after().is_some();
        return Err(Unread::Stored(error, Failure::Status { status, retry_after }));
    }
    if response.content_length().is_some_and(|stored| stored != length) {
        return Ok(Stored::Other);
    }
    let mut expected = Bytes::new();
    while let Some(mut stored) = in_time(url, response.chunk()).await? {
        while !stored.is_empty() {
            if expected.is_empty() {
                match local.next().await.transpose().map_err(Unread::Local)? {
                    Some(chunk) => expected = chunk,
                    None => return Ok(Stored::Other),
                }
            }
            let both = stored.len().min(expected.len());
            if stored.split_to(both) != expected.split_to(both) {
                return Ok(Stored::Other);
            }
        }
    }
    let rest = local.next().await.transpose().map_err(Unread::Local)?;
    Ok(if expected.is_empty() && rest.is_none() { Stored::Same } else { Stored::Other })
}

/// Waits for the store, at most for the default timeout without progress.
async fn in_time<R>(url: &Url, work: impl Future<Output = reqwest::Result<R>>) -> Result<R, Unread> {
    let (error, failure) = match tokio::time::timeout(STALL, work).await {
        Ok(Ok(received)) => return Ok(received),
        Ok(Err(error)) => connection_error(url, error),
        Err(_) => {
            let message = format!("no data from {} for {} s", address(url), STALL.as_secs());
            (Error::new(ErrorKind::Timeout, message), Failure::ConnectionLost)
        }
    };
    Err(Unread::Stored(error, failure))
}
