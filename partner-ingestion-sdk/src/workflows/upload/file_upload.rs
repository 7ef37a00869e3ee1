//! The upload of one file of an offer, from its record to the end of its processing.

use super::duplicate::read_first;
use super::existing;
use super::progress::{OnProgress, Progress};
use super::resource::{self, FileResource};
use super::source::FileSource;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::call::awaitable;
use crate::http::response::Response;
use crate::workflows::search::search_after;
use crate::workflows::wait::{PollInterval, deadline, tolerate_absence, tolerate_late};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The default time to wait for processing.
const MAX_WAIT: Duration = Duration::from_secs(30 * 60);
/// The default poll interval.
const POLL_INTERVAL: PollInterval = PollInterval::new(Duration::from_millis(500), Duration::from_secs(30), 1.5);

/// The hint for an upload that can be continued.
const RESUME: &str = "Continue with FileUpload::resume and the id that Error::unfinished_upload returns, or delete the record and start again.";

/// The record that a file is uploaded to.
#[derive(Debug)]
enum Record {
    New,
    /// A new one, unless the file was uploaded before, or an upload of it was left unfinished.
    NewUnlessUploaded,
    /// The one with this id.
    Existing(String),
}

/// An upload of a file of an offer. Created by [`Client::upload_package`], [`Client::ensure_package`] and similar methods.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileUpload<T> {
    client: Client,
    target: UploadTarget,
    resource: T,
    file: FileSource,
    record: Record,
    on_progress: Option<OnProgress>,
    stall: Option<Duration>,
    max_wait: Duration,
    poll_interval: PollInterval,
}

impl<T> FileUpload<T> {
    pub(super) fn new(client: &Client, target: UploadTarget, resource: T, file: FileSource) -> Self {
        Self {
            client: client.clone(),
            target,
            resource,
            file,
            record: Record::New,
            on_progress: None,
            stall: None,
            max_wait: MAX_WAIT,
            poll_interval: POLL_INTERVAL,
        }
    }

    /// Uploads nothing if the file was uploaded before.
    pub(super) fn unless_uploaded(mut self) -> Self {
        self.record = Record::NewUnlessUploaded;
        self
    }
}

impl<T: FileResource> FileUpload<T> {
    /// Changes the resource before it is created, for example its type, order or display name.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// let image = client.upload_image("product", "listing", "AzureLogoLarge", "large.png").map_resource(|image| image.set_order(1));
    /// image.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_resource(mut self, f: impl FnOnce(T) -> T) -> Self {
        self.resource = f(self.resource);
        self
    }

    /// Continues an upload that failed, with the id that [`Error::unfinished_upload`] returns: sends the file to the existing record if
    /// it has none yet, and waits until it is processed.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// let upload = || client.upload_package("product", "app.zip");
    /// let package = match upload().await {
    ///     Err(error) if error.unfinished_upload().is_some() => {
    ///         let id = error.unfinished_upload().unwrap_or_default();
    ///         upload().resume(id).await?
    ///     }
    ///     outcome => outcome?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, id: impl Into<T::Id>) -> Self {
        self.record = Record::Existing(id.into().as_ref().to_owned());
        self
    }

    /// Sets a callback that is called as bytes are sent. A retry starts again at the offset of the repeated part.
    pub fn on_progress(mut self, f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(f));
        self
    }

    /// Sets the timeout without progress, after which an attempt fails. Default: 60 seconds.
    pub fn stall_timeout(mut self, stall: Duration) -> Self {
        self.stall = Some(stall);
        self
    }

    /// Sets the maximum wait for processing after the upload. Default: 30 minutes.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Sets the delay between polls, which grows from `initial` to `max`. Default: 0.5 to 30 seconds.
    pub fn poll_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.poll_interval = self.poll_interval.with_range(initial, max);
        self
    }

    /// Creates the resource, uploads the file, marks it as uploaded and waits until it is processed. Single 404 responses for the
    /// new resource are tolerated.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the file has no name, [`ErrorKind::Io`] if it cannot be read or is no regular file,
    /// [`ErrorKind::Failed`] with [`Error::validations`] if processing fails, [`ErrorKind::Timeout`] if
    /// [`max_wait`](FileUpload::max_wait) elapses, and the errors of the underlying calls and of [`Client::upload`].
    /// [`Error::unfinished_upload`] returns the id of a resource that was created before the upload failed.
    pub async fn send(self) -> Result<Response<T>, Error> {
        let Some(name) = self.file.name().map(str::to_owned) else {
            let hint = "Set the name of the file with FileSource::named.";
            return Err(Error::new(ErrorKind::InvalidArgument, "file has no name").with_hint(hint));
        };
        self.file.check().await?;
        let Self { client, target, file, .. } = self;
        let requested = self.resource.named(&name);
        let waiting = || PollOptions { deadline: deadline(self.max_wait), interval: self.poll_interval };
        let is_new = matches!(self.record, Record::New);
        // A source may be a stream, which threads cannot share.
        let source = Mutex::new(file.again());
        let find = || {
            let copy = source.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(FileSource::again);
            existing::find(&client, &target, &requested, copy, waiting())
        };
        let (from, at) = (&client, &target);
        let read = |id: String| async move { T::read(from, at, &id).await };
        let existing = match self.record {
            Record::New => None,
            Record::NewUnlessUploaded => find().await?,
            Record::Existing(id) => Some(read_first(&id, waiting(), read).await?),
        };
        let (response, is_pending) = match existing {
            Some(found) => {
                let is_pending = resource::is_pending(found.state());
                (found, is_pending)
            }
            None => match tolerate_late(|| requested.clone().create(&client, &target)).await {
                Ok(created) => (created, true),
                // Other uploads may have created records that look the same.
                Err(error) if is_new => return Err(error),
                Err(error) => {
                    let missing = || Error::new(ErrorKind::NotFound, "record of the upload is not in the list");
                    let found = search_after(error, || async { find().await?.ok_or_else(missing) }).await?;
                    let is_pending = resource::is_pending(found.state());
                    (found, is_pending)
                }
            },
        };
        let Some(id) = response.id().filter(|id| !id.is_empty()).map(str::to_owned) else {
            let error = Error::new(ErrorKind::Decode, "response has no id");
            return Err(error.with_operation(response.operation()));
        };
        let finished = async {
            if !is_pending {
                return T::wait_until_processed(response, &client, &target, waiting()).await;
            }
            let Some(address) = response.address() else {
                let error = Error::new(ErrorKind::Decode, "response has no upload address");
                return Err(error.with_operation(response.operation()));
            };
            let mut upload = client.upload(address, file);
            upload.on_progress = self.on_progress;
            upload.stall = self.stall.unwrap_or(upload.stall);
            upload.await?;
            let mark = || T::mark(&id, &requested, &client, &target);
            let marked = match tolerate_absence(self.poll_interval, waiting().deadline, mark).await {
                // The mark may have been set, and the processing may have changed the state since, or recognized a duplicate.
                Err(error) if error.may_have_been_processed() || error.duplicate_of().is_some() => {
                    let there = read_first(&id, waiting(), read).await;
                    there.ok().filter(|there| !resource::is_pending(there.state())).ok_or(error)?
                }
                outcome => outcome?,
            };
            T::wait_until_processed(marked, &client, &target, waiting()).await
        };
        finished.await.map_err(|error| unfinished(error, &id))
    }
}

awaitable!(FileUpload<T: FileResource> => Response<T>);

/// Names the record that a failed upload leaves behind. A rejected file, and an address that the store rejects, cannot be continued with.
fn unfinished(error: Error, id: &str) -> Error {
    if error.kind() == ErrorKind::Failed {
        return error;
    }
    let is_rejected =
        error.status().is_some_and(|status| status.is_client_error() && !matches!(status.as_u16(), 404 | 408 | 429));
    // The message of a timeout during processing names the record and has its own hint.
    let is_named = error.to_string().contains(id);
    let error = error.with_unfinished_upload(id);
    let error = if is_named { error } else { error.with_note(format!("record {id} remains unfinished")) };
    if is_rejected || is_named { error } else { error.with_hint(RESUME) }
}
