//! Publishing: the steps from the creation of a submission to its last stage.

use super::builder::Publish;
use super::event::PublishEvent;
use super::failure;
use super::submission::state_of;
use crate::error::ingestion::FailedSubmission;
use crate::error::{Error, ErrorKind};
use crate::http::call::awaitable;
use crate::http::response::Response;
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::wait::{Limit, PollInterval, Poller, deadline};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::time::Duration;
use tokio::time::Instant;

/// Consecutive 404 responses after which the submission is considered missing.
const MAX_NOT_FOUND: u32 = 3;
/// Consecutive polls with an unknown state after which the wait ends, unless `max_wait` ends it.
const MAX_UNKNOWN: u32 = 10;
/// The searches for what a request did whose response was lost: it may appear late.
const LOOKUPS: u32 = 5;

/// The hint for a submission that can no longer be read.
const GONE: &str = "The submission was canceled or deleted, or the ids do not belong together: a product's id is its GUID, not the offer \
                    id. Read Client::pending_submission before you publish again.";

/// The hint for a submission whose state is unknown.
const UNKNOWN: &str = "Open the submission in Partner Center, and continue with Client::resume: this version of the crate does not know \
                       its state.";

awaitable!(Publish => Submission);

impl Publish {
    /// Publishes and waits for the last stage. A single failed poll does not end the wait.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::SubmissionPending`] if another submission is in progress, [`ErrorKind::Failed`] if the submission
    /// failed, and [`ErrorKind::Timeout`] if [`max_wait`](Publish::max_wait) elapses; [`Error::submission`] has the id,
    /// validations, reports and workflow details. Returns [`ErrorKind::Decode`] if the state of the submission is unknown in 10
    /// polls and there is no `max_wait`. Otherwise returns the errors of the underlying calls.
    pub async fn send(self) -> Result<Submission, Error> {
        let mut run = Box::pin(self.run());
        while run.next().await?.is_some() {}
        run.last.take().ok_or_else(|| Error::new(ErrorKind::Decode, "submission was never read"))
    }

    /// Creates the submission and returns its id without waiting for it. [`Client::resume`](crate::Client::resume) waits.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::SubmissionPending`] if another submission is in progress, [`ErrorKind::Timeout`] if
    /// [`max_wait`](Publish::max_wait) elapses, and the errors of the underlying calls.
    pub async fn submit(self) -> Result<SubmissionId, Error> {
        let mut run = Box::pin(self.run());
        match (run.id.clone(), run.deadline) {
            (Some(id), _) => Ok(id),
            (None, None) => run.create().await,
            (None, Some(deadline)) => match tokio::time::timeout_at(deadline, run.create()).await {
                Ok(created) => created,
                Err(_) => Err(run.timed_out()),
            },
        }
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
            // The service promotes it.
            promoted: self.options.is_auto_promote == Some(true),
            creating: false,
            unknown: 0,
            last: None,
            retry_after: None,
            publish: self,
        }
    }
}

/// The result of polling.
enum Step {
    Reached(Stage),
    Failed { id: SubmissionId, submission: Box<Submission>, request_id: Option<String> },
}

/// A publication in progress.
pub(super) struct Run {
    pub(super) publish: Publish,
    id: Option<SubmissionId>,
    deadline: Option<Instant>,
    poller: Poller,
    /// The last stage that was reported.
    stage: Option<Stage>,
    promoted: bool,
    /// True once the creation was sent.
    pub(super) creating: bool,
    /// Consecutive polls with an unknown state.
    unknown: u32,
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
        let stage = match step? {
            Step::Reached(stage) => stage,
            // Outside the deadline: the failure is known, whatever can be read of its details in time.
            Step::Failed { id, submission, request_id } => {
                let details = failure::read(&self.publish, &id, &submission, self.deadline).await;
                return Err(failure::error(details, request_id));
            }
        };
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
    async fn advance(&mut self) -> Result<Step, Error> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let id = self.create().await?;
                self.id = Some(id.clone());
                id
            }
        };
        if self.stage == Some(Stage::Preview) && !self.promoted {
            self.promoted = self.promote(&id).await?;
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
            self.unknown = if stage == Stage::Unknown { self.unknown + 1 } else { 0 };
            match stage {
                Stage::Failed => return Ok(Step::Failed { id, submission: Box::new(submission), request_id }),
                Stage::Cancelled => return Err(self.cancelled(&id)),
                stage if self.stage != Some(stage) => return Ok(Step::Reached(stage)),
                Stage::Unknown if self.deadline.is_none() && self.unknown >= MAX_UNKNOWN => {
                    return Err(self.in_unknown_state(&id, &submission, request_id));
                }
                _ => {}
            }
        }
    }

    /// Reads the submission. Transient errors and single 404 responses do not end the wait.
    pub(super) async fn poll(&self, id: &SubmissionId) -> Result<Response<Submission>, Error> {
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

    /// How often, and after which delays, the result of a request is looked for whose response was lost.
    pub(super) fn lookups(&self) -> (PollInterval, Limit) {
        (self.publish.poll_interval.with_growth(2.0), Limit::Polls(LOOKUPS))
    }

    /// Reports what was done.
    pub(super) fn emit(&self, event: PublishEvent) {
        tracing::info!(target: "partner_ingestion_sdk", "{event}");
        if let Some(on_event) = &self.publish.on_event {
            on_event(event);
        }
    }

    pub(super) fn known(&self, stage: Stage) -> FailedSubmission {
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
            None if self.creating => (
                format!("submission is {stage} after {waited} s"),
                "Read Client::pending_submission before you publish again: the submission may have been created.",
            ),
            None => (
                format!("submission is {stage} after {waited} s"),
                "Publish again with a longer max_wait: it elapsed before a submission was created.",
            ),
        };
        let maybe = self.id.is_none() && self.creating;
        let error = Error::new(ErrorKind::Timeout, message).with_maybe_processed(maybe).with_hint(hint);
        error.with_submission(self.known(Stage::Creating))
    }

    fn in_unknown_state(&self, id: &SubmissionId, submission: &Submission, request_id: Option<String>) -> Error {
        let message = format!("submission {id} is in an unknown state ({})", state_of(submission));
        let error = Error::new(ErrorKind::Decode, message).with_request_id(request_id).with_hint(UNKNOWN);
        error.with_submission(self.known(Stage::Unknown))
    }

    fn cancelled(&self, id: &SubmissionId) -> Error {
        let message = format!("submission {id} was cancelled");
        Error::new(ErrorKind::Failed, message)
            .with_submission(FailedSubmission { stage: Some(Stage::Cancelled), ..self.known(Stage::Cancelled) })
    }
}
