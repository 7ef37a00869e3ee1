//! Publishing: the steps from the creation of a submission to its last stage.

use super::builder::{IfPending, Publish};
use super::failure;
use crate::error::{Error, ErrorKind, FailedSubmission};
use crate::http::call::awaitable;
use crate::http::response::Response;
use crate::model::stage::Stage;
use crate::types::*;
use crate::workflows::wait::{Poller, deadline};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::time::Duration;
use tokio::time::Instant;

/// Consecutive 404 responses after which the submission is considered missing.
const MAX_NOT_FOUND: u32 = 3;

/// The hint for a submission that can no longer be read.
const GONE: &str = "The submission was canceled or deleted, or its id belongs to another product. Read Client::pending_submission \
                    before you publish again.";

awaitable!(Publish => Submission);

impl Publish {
    /// Publishes and waits for the last stage. A single failed poll does not end the wait.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::SubmissionPending`] if another submission is in progress, [`ErrorKind::Failed`] if the submission
    /// failed, and [`ErrorKind::Timeout`] if [`max_wait`](Publish::max_wait) elapses; [`Error::submission`] has the id,
    /// validations, reports and workflow details. Otherwise returns the errors of the underlying calls.
    pub async fn send(self) -> Result<Submission, Error> {
        let mut run = Box::pin(self.run());
        while run.next().await?.is_some() {}
        run.last.take().ok_or_else(|| Error::new(ErrorKind::Decode, "submission was never read"))
    }

    /// Publishes and returns a stream of the stages. It ends after the last stage, or with an error.
    #[inline]
    pub fn stages(self) -> BoxStream<'static, Result<Stage, Error>> {
        let stages = stream::try_unfold(self.run(), |mut run| async move {
            let stage = run.next().await?;
            Ok(stage.map(|stage| (stage, run)))
        });
        stages.boxed()
    }

    #[inline]
    fn run(self) -> Run {
        Run {
            deadline: self.max_wait.and_then(deadline),
            id: self.submission.clone(),
            poller: self.poll_interval.start(),
            stage: None,
            promoted: false,
            last: None,
            retry_after: None,
            publish: self,
        }
    }
}

/// A publication in progress.
struct Run {
    publish: Publish,
    id: Option<SubmissionId>,
    deadline: Option<Instant>,
    poller: Poller,
    /// The last stage that was reported.
    stage: Option<Stage>,
    promoted: bool,
    last: Option<Submission>,
    /// The Retry-After of the last poll.
    retry_after: Option<Duration>,
}

impl Run {
    /// Returns the next stage, or `None` after the last one.
    async fn next(&mut self) -> Result<Option<Stage>, Error> {
        if self.is_done() {
            return Ok(None);
        }
        let step = match self.deadline {
            None => self.advance().await,
            Some(deadline) => match tokio::time::timeout_at(deadline, self.advance()).await {
                Ok(step) => step,
                Err(_) => Err(self.timed_out()),
            },
        };
        let stage = step?;
        self.stage = Some(stage);
        if let Some(on_stage) = &self.publish.on_stage {
            on_stage(stage);
        }
        Ok(Some(stage))
    }

    fn is_done(&self) -> bool {
        match self.stage {
            Some(Stage::Live) => true,
            Some(Stage::Preview) => !self.publish.live,
            _ => false,
        }
    }

    /// Creates or promotes the submission if necessary, and polls until the stage changes.
    async fn advance(&mut self) -> Result<Stage, Error> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let id = self.create().await?;
                self.id = Some(id.clone());
                id
            }
        };
        if self.stage == Some(Stage::Preview) && !self.promoted {
            self.promote(&id).await?;
            self.promoted = true;
            self.poller = self.publish.poll_interval.start();
        }
        loop {
            // The first poll is immediate.
            if self.last.is_some() {
                self.poller.wait(self.retry_after, None).await;
            }
            let response = self.poll(&id).await?;
            self.retry_after = partner_auth::retry_after(response.headers());
            let request_id = response.request_id().map(str::to_owned);
            let submission = response.into_inner();
            let mut stage = Stage::of(&submission);
            self.last = Some(submission.clone());
            // The state may lag behind the promotion.
            if stage == Stage::Preview && self.promoted {
                stage = Stage::GoingLive;
            }
            match stage {
                Stage::Failed => {
                    let details = failure::read(&self.publish.client, &self.publish.product, &id, &submission).await;
                    return Err(failure::error(details, &submission, request_id));
                }
                Stage::Cancelled => return Err(self.cancelled(&id)),
                stage if self.stage != Some(stage) => return Ok(stage),
                _ => {}
            }
        }
    }

    /// Creates the submission, or adopts the one in progress.
    async fn create(&self) -> Result<SubmissionId, Error> {
        let Publish { client, product, .. } = &self.publish;
        if let Some(pending) = client.pending_submission(product).await? {
            let id = id_of(&pending, "list_submissions")?;
            match self.publish.if_pending {
                IfPending::Adopt => return Ok(id),
                IfPending::Cancel if Stage::of(&pending) != Stage::GoingLive => {
                    client.cancel_submission(product, &id).send().await?;
                }
                _ => return Err(self.publish.pending(&pending)),
            }
        }
        let drafts = self.publish.dry_run().await?;
        let request = drafts.request(self.publish.options.clone());
        let error = match client.create_submission(product, request).send().await {
            Ok(created) => return id_of(&created, "create_submission"),
            Err(error) => error,
        };
        let pending = client.pending_submission(product).await.ok().flatten();
        match pending {
            // The response was lost, but the submission exists.
            Some(pending) if error.may_have_been_processed() && drafts.is_of(&pending) => {
                id_of(&pending, "list_submissions")
            }
            // Another caller was faster.
            Some(pending) if error.is_conflict() => Err(self.publish.pending(&pending)),
            _ => Err(error),
        }
    }

    /// Promotes the submission. If the response is lost, polls instead of repeating the request.
    async fn promote(&self, id: &SubmissionId) -> Result<(), Error> {
        match self.publish.client.promote_submission(&self.publish.product, id).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.may_have_been_processed() || error.is_conflict() => {
                let submission = self.poll(id).await?;
                match Stage::of(&submission) {
                    Stage::GoingLive | Stage::Live => Ok(()),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the submission. Transient errors and single 404 responses do not end the wait.
    async fn poll(&self, id: &SubmissionId) -> Result<Response<Submission>, Error> {
        let mut not_found = 0;
        let mut poller = self.publish.poll_interval.with_growth(2.0).start();
        loop {
            let error = match self.publish.client.get_submission(&self.publish.product, id).send().await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if error.is_not_found() {
                not_found += 1;
            }
            if not_found >= MAX_NOT_FOUND || !(error.is_not_found() || error.is_retryable()) {
                let error = if error.is_not_found() { error.with_hint(GONE) } else { error };
                return Err(error.with_submission(self.known(Stage::InReview)));
            }
            poller.wait(error.retry_after(), None).await;
        }
    }

    fn known(&self, stage: Stage) -> FailedSubmission {
        FailedSubmission {
            id: self.id.clone(),
            stage: Some(self.stage.unwrap_or(stage)),
            ..FailedSubmission::default()
        }
    }

    fn timed_out(&self) -> Error {
        let stage = self.stage.map_or_else(|| "not created yet".to_owned(), |stage| stage.to_string());
        let waited = self.publish.max_wait.unwrap_or_default().as_secs_f64();
        let (message, hint) = match &self.id {
            Some(id) => (
                format!("submission {id} is still {stage} after {waited} s"),
                "Continue waiting with Client::resume and the id of the submission, which the service continues to process.",
            ),
            None => (
                format!("submission is {stage} after {waited} s"),
                "Read Client::pending_submission before you publish again: the submission may have been created.",
            ),
        };
        let error = Error::new(ErrorKind::Timeout, message).with_maybe_processed(self.id.is_none()).with_hint(hint);
        error.with_submission(self.known(Stage::Creating))
    }

    fn cancelled(&self, id: &SubmissionId) -> Error {
        let message = format!("submission {id} was cancelled");
        Error::new(ErrorKind::Failed, message)
            .with_submission(FailedSubmission { stage: Some(Stage::Cancelled), ..self.known(Stage::Cancelled) })
    }
}

fn id_of(submission: &Submission, operation: &'static str) -> Result<SubmissionId, Error> {
    let missing = || Error::new(ErrorKind::Decode, "submission has no id").with_operation(operation);
    submission.id.clone().ok_or_else(missing)
}
