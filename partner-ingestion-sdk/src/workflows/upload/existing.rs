//! Finds out whether a file was uploaded before.

use super::blob::{STALL, store_url};
use super::reader::{Chunks, Reader};
use super::resource::FileResource;
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

/// Returns the resource that has this file: of the same name and type as `requested`, with a complete file of the same content.
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
    for listed in tolerate_late(|| T::list(client, target)).await? {
        if listed.name() != requested.name() || !listed.is_of_same_type(requested) || !is_complete(listed.state()) {
            continue;
        }
        let length = i64::try_from(reader.length).unwrap_or(i64::MAX);
        if listed.size().is_some_and(|size| size > 0 && size != length) {
            continue;
        }
        let id = listed.id().unwrap_or_default();
        let read = || T::read(client, target, id);
        let found = match tolerate_absence(options.interval, options.deadline, read).await {
            Ok(found) => found,
            // It was deleted meanwhile, or is a duplicate of another package.
            Err(error) if error.is_not_found() || error.duplicate_of().is_some() => continue,
            Err(error) => return Err(error),
        };
        let stored = match found.address() {
            Some(address) => has_content(client, address, &mut reader).await?,
            None => None,
        };
        if stored.unwrap_or(T::SAME_BY_NAME) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Returns true if the file at an address has the content of a local one. `None` if it cannot be read there.
pub(crate) async fn is_same_file(client: &Client, address: &Secret, file: FileSource) -> Result<Option<bool>, Error> {
    let mut reader = file.open(STALL).await?;
    has_content(client, address, &mut reader).await
}

/// Returns true if the file was uploaded and not rejected. Other states than those of the document count as complete.
fn is_complete(state: &str) -> bool {
    !["", "PendingUpload", "ProcessFailed"].iter().any(|other| state.eq_ignore_ascii_case(other))
}

/// Compares the file at an address with a local one. `None` if it cannot be read there, for example because the address expired.
async fn has_content(client: &Client, address: &Secret, reader: &mut Reader) -> Result<Option<bool>, Error> {
    let Some(url) = store_url(address) else { return Ok(None) };
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
    type Output = Option<bool>;

    async fn attempt(&mut self) -> Result<Outcome<Option<bool>>, Error> {
        self.attempts += 1;
        let local = self.reader.chunks().await?;
        match compare(self.client, &self.url, self.reader.length, local).await {
            Ok(same) => Ok(Outcome::Done(same)),
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
async fn compare(client: &Client, url: &Url, length: u64, mut local: Chunks) -> Result<Option<bool>, Unread> {
    let mut response = in_time(url, client.shared.http.get(url.clone()).send()).await?;
    let status = response.status();
    // The address is valid, and nothing was sent to it.
    if status == StatusCode::NOT_FOUND {
        return Ok(Some(false));
    }
    if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) {
        return Ok(None);
    }
    if !status.is_success() {
        // The body may repeat the address; status and ids are enough.
        let (headers, body) = (response.headers().clone(), Bytes::new());
        let error = service_error(&DOWNLOAD, &RawResponse { status, headers, body });
        let retry_after = error.retry_after().is_some();
        return Err(Unread::Stored(error, Failure::Status { status, retry_after }));
    }
    if response.content_length().is_some_and(|stored| stored != length) {
        return Ok(Some(false));
    }
    let mut expected = Bytes::new();
    while let Some(mut stored) = in_time(url, response.chunk()).await? {
        while !stored.is_empty() {
            if expected.is_empty() {
                match local.next().await.transpose().map_err(Unread::Local)? {
                    Some(chunk) => expected = chunk,
                    None => return Ok(Some(false)),
                }
            }
            let both = stored.len().min(expected.len());
            if stored.split_to(both) != expected.split_to(both) {
                return Ok(Some(false));
            }
        }
    }
    let rest = local.next().await.transpose().map_err(Unread::Local)?;
    Ok(Some(expected.is_empty() && rest.is_none()))
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
