//! The start of a publication: creates the submission, or adopts or cancels the one in progress.

use super::builder::IfPending;
use super::dry_run::{DryRun, lists_drafts};
use super::event::PublishEvent;
use super::run::Run;
use super::submission::{id_of, is_ambiguous, is_processed};
use crate::error::{Error, ErrorKind};
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::wait::{Limit, poll_until, tolerate_late};
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long to wait until a cancelled submission is no longer in progress.
const CANCEL_WAIT: Duration = Duration::from_secs(300);
/// The attempts to create a submission after another one was cancelled, which may block it for a moment.
const ATTEMPTS_AFTER_CANCEL: u32 = 5;

/// The hint for a submission in progress that has other drafts.
const OTHER_DRAFTS: &str =
    "Wait for the submission (Client::resume) or cancel it (IfPending::Cancel), and publish again.";
const STILL_PENDING: &str = "Publish again later: the service has not completed the cancellation yet.";
/// The hint for a creation that was refused although no submission is known to be in progress.
const UNKNOWN_STATE: &str = "Open the submission in Partner Center: this version of the crate does not know its state.";

impl Run {
    /// Creates the submission, or adopts the one in progress.
    pub(super) async fn create(&mut self) -> Result<SubmissionId, Error> {
        if self.publish.only_if_changed {
            self.refuse_unchanged().await?;
        }
        let mut all = self.submissions().await?;
        if self.publish.if_pending == IfPending::Wait {
            all = self.wait_for_others(all).await?;
        }
        let known: BTreeSet<SubmissionId> = all.iter().filter_map(|submission| submission.id.clone()).collect();
        let mut attempts = 1;
        if let Some(pending) = all.into_iter().find(|submission| Stage::of(submission).is_pending()) {
            match self.publish.if_pending {
                IfPending::Adopt => {
                    let drafts = self.publish.dry_run().await?;
                    return self.adopt(pending, drafts).await;
                }
                IfPending::Cancel if Stage::of(&pending) != Stage::GoingLive => {
                    self.cancel(&pending).await?;
                    attempts = ATTEMPTS_AFTER_CANCEL;
                }
                _ => return Err(self.publish.pending(&pending)),
            }
        }
        let drafts = self.publish.dry_run().await?;
        let mut poller = self.publish.poll_interval.start();
        loop {
            attempts -= 1;
            let error = match self.submit(&drafts).await {
                Ok(id) => return Ok(self.created(id, drafts)),
                Err(error) => error,
            };
            if is_ambiguous(&error) {
                if let Some(id) = self.find_created(&known, &drafts).await {
                    return Ok(self.created(id, drafts));
                }
            } else if !error.is_conflict() {
                return Err(error);
            }
            // Another caller was faster, or the creation was not processed.
            let mut pending = None;
            for submission in self.submissions().await.unwrap_or_default() {
                let is_cancelled = attempts > 0 && submission.id.as_ref().is_some_and(|id| known.contains(id));
                match Stage::of(&submission) {
                    stage if stage.is_pending() && !is_cancelled => return self.other(submission, drafts).await,
                    Stage::Unknown => pending = Some(submission),
                    _ => {}
                }
            }
            match pending.filter(|_| error.is_conflict()) {
                _ if error.is_conflict() && attempts > 0 => {
                    poller.wait(error.retry_after(), None).await;
                }
                Some(unknown) => return Err(self.publish.pending(&unknown).with_hint(UNKNOWN_STATE)),
                None => return Err(error),
            }
        }
    }

    async fn refuse_unchanged(&self) -> Result<(), Error> {
        let (client, product) = (&self.publish.client, &self.publish.product);
        if client.has_unpublished_changes(product).await? {
            return Ok(());
        }
        let message = format!("nothing to publish: the drafts of product {product} are live");
        Err(Error::new(ErrorKind::NothingToPublish, message))
    }

    /// Waits until no submission is in progress.
    async fn wait_for_others(&self, mut all: Vec<Submission>) -> Result<Vec<Submission>, Error> {
        let mut poller = self.publish.poll_interval.start();
        while all.iter().any(|submission| Stage::of(submission).is_pending()) {
            poller.wait(None, None).await;
            all = self.submissions().await?;
        }
        Ok(all)
    }

    async fn submissions(&self) -> Result<Vec<Submission>, Error> {
        tolerate_late(|| self.publish.client.list_submissions(&self.publish.product).stream().try_collect()).await
    }

    async fn submit(&mut self, drafts: &DryRun) -> Result<SubmissionId, Error> {
        let request = drafts.request(self.publish.options.clone());
        self.creating = true;
        let create = || self.publish.client.create_submission(&self.publish.product, request.clone()).send();
        let created = tolerate_late(create).await?;
        // The submission exists, but its id is unknown.
        id_of(&created, "create_submission").map_err(|error| error.with_maybe_processed(true))
    }

    fn created(&self, submission: SubmissionId, drafts: DryRun) -> SubmissionId {
        self.emit(PublishEvent::Created { submission: submission.clone(), drafts });
        submission
    }

    /// Looks several times for a submission that was created although its response was lost: it is new, and has these drafts. One that is
    /// live already was created by another caller.
    async fn find_created(&self, known: &BTreeSet<SubmissionId>, drafts: &DryRun) -> Option<SubmissionId> {
        let (interval, polls) = self.lookups();
        let found = poll_until(interval, polls, || async {
            for submission in self.submissions().await.unwrap_or_default() {
                let Some(id) = submission.id.clone().filter(|id| !known.contains(id)) else { continue };
                if Stage::of(&submission) == Stage::Live && self.publish.options.is_auto_promote != Some(true) {
                    continue;
                }
                let complete = self.with_drafts(submission).await;
                if complete.is_ok_and(|submission| drafts.differences(&submission).is_empty()) {
                    return Ok(Ok(id));
                }
            }
            Ok(Err(Error::new(ErrorKind::NotFound, "submission is not in the list")))
        });
        found.await.ok()
    }

    /// Adopts the submission of another caller, or reports it.
    async fn other(&self, pending: Submission, drafts: DryRun) -> Result<SubmissionId, Error> {
        match self.publish.if_pending {
            IfPending::Adopt => self.adopt(pending, drafts).await,
            _ => Err(self.publish.pending(&pending)),
        }
    }

    /// Adopts a submission that contains exactly these drafts.
    async fn adopt(&self, pending: Submission, drafts: DryRun) -> Result<SubmissionId, Error> {
        let id = id_of(&pending, "list_submissions")?;
        let submission = self.with_drafts(pending).await?;
        let differences = drafts.differences(&submission);
        if differences.is_empty() {
            self.emit(PublishEvent::Adopted { submission: id.clone(), drafts });
            return Ok(id);
        }
        let reason = match lists_drafts(&submission) {
            true => format!("has other drafts than this run: {}", differences.join("; ")),
            false => "does not list its drafts, so that it cannot be compared".to_owned(),
        };
        Err(self.publish.pending_because(&submission, &reason).with_hint(OTHER_DRAFTS))
    }

    /// Reads the submission again if a list left out its drafts.
    async fn with_drafts(&self, submission: Submission) -> Result<Submission, Error> {
        match &submission.id {
            Some(id) if !lists_drafts(&submission) => Ok(self.poll(id).await?.into_inner()),
            _ => Ok(submission),
        }
    }

    /// Cancels a submission and waits until it is no longer in progress.
    async fn cancel(&self, pending: &Submission) -> Result<(), Error> {
        let id = id_of(pending, "list_submissions")?;
        let (client, product) = (&self.publish.client, &self.publish.product);
        match client.cancel_submission(product, &id).send().await {
            Err(error) if error.is_conflict() => {
                let submission = self.poll(&id).await?;
                if Stage::of(&submission).is_pending() {
                    return Err(self.publish.pending(&submission));
                }
            }
            Err(error) if !(is_processed(&error) || is_ambiguous(&error) || error.is_not_found()) => return Err(error),
            _ => {}
        }
        poll_until(self.publish.poll_interval, Limit::Time(CANCEL_WAIT), || async {
            let submission = match client.get_submission(product, &id).send().await {
                Ok(submission) => submission,
                Err(error) if error.is_not_found() => return Ok(Ok(())),
                Err(error) if error.is_retryable() => return Ok(Err(error)),
                Err(error) => return Err(error),
            };
            match Stage::of(&submission) {
                Stage::GoingLive => Err(self.publish.pending(&submission)),
                stage if stage.is_pending() => {
                    let error = self.publish.pending_because(&submission, "was cancelled, but is still in progress");
                    Ok(Err(error.with_hint(STILL_PENDING)))
                }
                _ => Ok(Ok(())),
            }
        })
        .await?;
        self.emit(PublishEvent::Cancelled(id));
        Ok(())
    }
}
