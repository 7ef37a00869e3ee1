//! A manifest that is being applied, and the report of what was done.

use super::Apply;
use crate::client::Client;
use crate::error::ingestion::{Applied, AppliedStep};
use crate::error::{Error, ErrorKind};
use crate::types::ProductId;
use crate::workflows::draft::NO_BRANCH;
use crate::workflows::manifest::offer::OfferManifest;
use crate::workflows::manifest::secrets::Secrets;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A manifest that is being applied.
pub(super) struct Run<'a> {
    pub(super) client: Client,
    pub(super) manifest: &'a OfferManifest,
    pub(super) secrets: Secrets,
    pub(super) prune: bool,
    pub(super) product: ProductId,
    /// True if this call created the product, which has no plans and packages then.
    pub(super) is_new: bool,
    pub(super) apply: &'a Apply,
    pub(super) applied: Mutex<Applied>,
    /// The first error. After it, no further write begins.
    pub(super) failure: Mutex<Option<Error>>,
    /// One permit for each file that is compared or uploaded at a time.
    pub(super) transfers: Semaphore,
}

/// How many parts, languages, plans or files are changed at a time. The client limits the requests themselves.
const CONCURRENT: usize = 8;
/// How many files are compared or uploaded at a time, whatever they belong to. Each needs memory for its blocks.
pub(super) const CONCURRENT_TRANSFERS: usize = 4;

impl Run<'_> {
    pub(super) fn report(&self) -> MutexGuard<'_, Applied> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs tasks, several at a time. After an error, no task begins a write, and the writes in progress are completed, so that the
    /// report is right. Returns the error of a task.
    pub(super) async fn all(&self, tasks: Vec<BoxFuture<'_, Result<(), Error>>>) -> Result<(), Error> {
        let mut running = stream::iter(tasks).buffer_unordered(CONCURRENT);
        let mut all = Ok(());
        while let Some(outcome) = running.next().await {
            if let Err(error) = outcome {
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error);
                all = Err(stopped());
            }
        }
        all
    }

    /// Returns an error if another task failed.
    pub(super) fn proceed(&self) -> Result<(), Error> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_some() { Err(stopped()) } else { Ok(()) }
    }

    /// Waits for a permit to compare or to upload a file.
    pub(super) async fn transfer(&self) -> Result<SemaphorePermit<'_>, Error> {
        // The semaphore is never closed.
        let permit = self.transfers.acquire().await.map_err(|_| stopped())?;
        self.proceed()?;
        Ok(permit)
    }

    /// Records a change.
    pub(super) fn done(&self, resource: &str, action: impl Into<String>) {
        let step = AppliedStep { resource: resource.to_owned(), action: action.into() };
        if let Some(on_step) = &self.apply.on_step {
            on_step(&step);
        }
        let mut report = self.report();
        report.steps.push(step);
        report.remaining.retain(|remaining| remaining != resource);
    }

    /// Runs a part that has several steps. It remains until all of them are done.
    pub(super) async fn whole(
        &self,
        resource: &str,
        part: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let outcome = part.await;
        self.unchanged(resource);
        if outcome.is_err() {
            self.report().remaining.push(resource.to_owned());
        }
        outcome
    }

    /// Records that a resource has no difference.
    pub(super) fn unchanged(&self, resource: &str) {
        self.report().remaining.retain(|remaining| remaining != resource);
    }

    /// The error for a part that the offer does not have.
    pub(super) fn absent(&self, place: &str) -> Error {
        let message = format!("offer {} does not have {place}", self.manifest.offer_id);
        Error::new(ErrorKind::NotFound, message).with_hint(NO_BRANCH)
    }
}

/// The error of a task that did not begin because of another one. The error of the other one is returned.
fn stopped() -> Error {
    Error::new(ErrorKind::Manifest, "stopped after an error of another part")
}
