//! From the drafts of an offer to the live offer: create a submission, wait for the preview, promote, wait until it is live.

mod failed;
mod plan;
mod stage;

pub use failed::FailedSubmission;
pub use plan::{PlanDrafts, SubmissionPlan};
pub use stage::Stage;

use crate::retry::retry_after;
use crate::types::*;
use crate::{Client, Error, ErrorKind};
use futures_util::TryStreamExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long branches are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pauses between two looks grow from the first to the second; other clients of the service look every 10 to 60 seconds.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// So many looks in a row may find nothing at all before a submission is taken for gone.
const MISSES: u32 = 3;

/// What to do when a submission of the product is under way already: the service takes one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfPending {
    /// Fail with [`ErrorKind::Pending`].
    #[default]
    Refuse,
    /// Go on with that one in place of a new one.
    Adopt,
    /// Cancel it, then create a new one. One that is going live cannot be cancelled.
    Cancel,
}

type OnStage = Arc<dyn Fn(Stage) + Send + Sync>;

/// A submission to be made, or to be waited for. Made by [`Client::publish`] and [`Client::resume`].
#[derive(Clone)]
#[must_use = "nothing is published until `send` is awaited"]
pub struct Publish {
    client: Client,
    product: ProductId,
    submission: Option<SubmissionId>,
    live: bool,
    if_pending: IfPending,
    options: PublishOption,
    deadline: Option<Duration>,
    poll: (Duration, Duration),
    patience: Duration,
    on_stage: Option<OnStage>,
}

impl Client {
    /// Publishes an offer: submits the drafts of all its modules and plans, and waits until the preview is ready, or with
    /// [`to_live`](Publish::to_live) until it is live.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # use partner_ingestion_sdk::{Client, partner_auth::{Authority, TokenSource}};
    /// # use std::time::Duration;
    /// # const HALF_DAY: Duration = Duration::from_secs(12 * 3600);
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().processing_delay(Duration::ZERO).start().await?;
    /// # let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    /// # let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    /// # let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// // The offer has no plan and no texts yet.
    /// let done = client.publish(&offer).to_live().on_stage(|stage| eprintln!("{stage}")).deadline(HALF_DAY).send().await;
    /// let error = done.unwrap_err();
    /// for validation in error.validations() {
    ///     eprintln!("{validation}");
    /// }
    /// eprintln!("{error}\n{}", error.hint());
    /// assert!(!error.validations().is_empty() && error.hint().contains("publish again"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish(&self, product_id: impl Into<ProductId>) -> Publish {
        Publish {
            client: self.clone(),
            product: product_id.into(),
            submission: None,
            live: false,
            if_pending: IfPending::default(),
            options: PublishOption::default(),
            deadline: None,
            poll: LOOK,
            patience: PATIENCE,
            on_stage: None,
        }
    }

    /// Goes on with a submission that was created before, by this program or another one: waits for it, and promotes it where
    /// [`to_live`](Publish::to_live) says so.
    pub fn resume(&self, product_id: impl Into<ProductId>, submission_id: impl Into<SubmissionId>) -> Publish {
        let mut publish = self.publish(product_id);
        publish.submission = Some(submission_id.into());
        publish
    }

    /// The submission of a product that is under way, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`list_submissions`](Client::list_submissions).
    pub async fn pending_submission(
        &self,
        product_id: impl Into<ProductId> + Send,
    ) -> Result<Option<Submission>, Error> {
        let mut submissions = self.list_submissions(product_id).stream();
        while let Some(submission) = submissions.try_next().await? {
            if Stage::of(&submission).is_pending() {
                return Ok(Some(submission));
            }
        }
        Ok(None)
    }
}

impl Publish {
    /// Promotes the preview, and waits until the offer is live.
    pub fn to_live(mut self) -> Self {
        self.live = true;
        self
    }

    /// What to do when a submission is under way already; refuse if not set.
    pub fn if_pending(mut self, if_pending: IfPending) -> Self {
        self.if_pending = if_pending;
        self
    }

    /// Notes for the people who certify the offer.
    pub fn certification_notes(mut self, notes: impl Into<String>) -> Self {
        self.options = self.options.set_certification_notes(notes);
        self
    }

    /// Is called with every stage that is reached, the first one included.
    pub fn on_stage(mut self, f: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        self.on_stage = Some(Arc::new(f));
        self
    }

    /// How long to wait in all; without a limit if not set, for nobody knows how long certification takes. When it runs out,
    /// the submission goes on; [`Client::resume`] takes it up again.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The pauses between two looks grow from `first` to `most`; from one second to a minute if not set. A longer Retry-After is
    /// honoured.
    pub fn poll(mut self, first: Duration, most: Duration) -> Self {
        self.poll = (first, most.max(first));
        self
    }

    /// How long to wait for the branches of plans that were just created; a minute if not set.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What would be submitted; nothing is. The dry run.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Lookup`], which names module and plan, when a branch does not appear in time; otherwise as for
    /// [`list_branches`](Client::list_branches) and [`list_variants`](Client::list_variants).
    pub async fn plan(&self) -> Result<SubmissionPlan, Error> {
        SubmissionPlan::collect(&self.client, &self.product, self.patience).await
    }

    /// Publishes, and waits for the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pending`] when a submission is under way and is neither adopted nor cancelled; [`ErrorKind::Failed`] when
    /// the submission failed: the text names the stage and the validations, [`Error::submission`] holds them with reports and
    /// workflow details; [`ErrorKind::Timeout`] when the deadline ran out, with the submission's id in
    /// [`Error::submission`]; otherwise as for the calls that it makes. A single failed look does not end the wait.
    pub async fn send(self) -> Result<Submission, Error> {
        let mut run = Box::pin(self.run());
        while run.next().await?.is_some() {}
        run.last.take().ok_or_else(|| Error::new(ErrorKind::Decode, "the submission was never read"))
    }

    /// Publishes, as a stream of the stages that are reached. It ends after the last one, or with the error.
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
            until: self.deadline.and_then(|limit| Instant::now().checked_add(limit)),
            id: self.submission.clone(),
            pause: self.poll.0,
            stage: None,
            promoted: false,
            last: None,
            asked: Duration::ZERO,
            work: self,
        }
    }

    fn pending(&self, submission: &Submission) -> Error {
        let stage = Stage::of(submission);
        let id = submission.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
        let message = format!("the submission {id} of product {} is {stage}", self.product);
        Error::new(ErrorKind::Pending, message).about(FailedSubmission {
            id: submission.id.clone(),
            stage: Some(stage),
            ..FailedSubmission::default()
        })
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("product", &self.product)
            .field("submission", &self.submission)
            .field("live", &self.live)
            .field("if_pending", &self.if_pending)
            .finish_non_exhaustive()
    }
}

/// A publication under way.
struct Run {
    work: Publish,
    id: Option<SubmissionId>,
    until: Option<Instant>,
    pause: Duration,
    /// The stage that was told last.
    stage: Option<Stage>,
    promoted: bool,
    last: Option<Submission>,
    /// How long the service asked to wait before the next look.
    asked: Duration,
}

/// What an answer says besides the submission.
struct Seen {
    request_id: Option<String>,
    retry_after: Duration,
}

impl Run {
    /// The next stage that is reached; none after the last one.
    async fn next(&mut self) -> Result<Option<Stage>, Error> {
        if self.is_done() {
            return Ok(None);
        }
        let step = match self.until {
            None => self.advance().await,
            Some(until) => match tokio::time::timeout_at(until, self.advance()).await {
                Ok(step) => step,
                Err(_) => Err(self.late()),
            },
        };
        let stage = step?;
        self.stage = Some(stage);
        if let Some(on_stage) = &self.work.on_stage {
            on_stage(stage);
        }
        Ok(Some(stage))
    }

    fn is_done(&self) -> bool {
        match self.stage {
            Some(Stage::Live) => true,
            Some(Stage::Preview) => !self.work.live,
            _ => false,
        }
    }

    /// Does what is to be done and looks until the stage changes.
    async fn advance(&mut self) -> Result<Stage, Error> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let id = self.created().await?;
                self.id = Some(id.clone());
                id
            }
        };
        if self.stage == Some(Stage::Preview) && !self.promoted {
            self.promote(&id).await?;
            self.promoted = true;
            self.pause = self.work.poll.0;
        }
        loop {
            // The first look at a submission is at once.
            if self.last.is_some() {
                tokio::time::sleep(self.pause.max(self.asked)).await;
                self.pause = self.pause.mul_f64(1.5).min(self.work.poll.1);
            }
            let (submission, seen) = self.look(&id).await?;
            self.asked = seen.retry_after;
            let reason = submission.pending_update_info.as_ref().and_then(|info| info.failure_reason.clone());
            let mut stage = Stage::of(&submission);
            self.last = Some(submission.clone());
            // The service may take a moment to notice that it was promoted.
            if stage == Stage::Preview && self.promoted {
                stage = Stage::GoingLive;
            }
            match stage {
                Stage::Failed => {
                    let failed = FailedSubmission::read(&self.work.client, &self.work.product, &id, reason).await;
                    return Err(failed.into_error(&submission, seen.request_id));
                }
                Stage::Cancelled => return Err(self.cancelled(&id)),
                stage if self.stage != Some(stage) => return Ok(stage),
                _ => {}
            }
        }
    }

    /// Creates the submission, unless one is under way that is to be adopted.
    async fn created(&self) -> Result<SubmissionId, Error> {
        let Publish { client, product, .. } = &self.work;
        if let Some(pending) = client.pending_submission(product).await? {
            let id = identified(&pending)?;
            match self.work.if_pending {
                IfPending::Adopt => return Ok(id),
                IfPending::Cancel if Stage::of(&pending) != Stage::GoingLive => {
                    client.cancel_submission(product, &id).send().await?;
                }
                _ => return Err(self.work.pending(&pending)),
            }
        }
        let plan = self.work.plan().await?;
        let request = plan.request(self.work.options.clone());
        let error = match client.create_submission(product, request).send().await {
            Ok(created) => return identified(&created),
            Err(error) => error,
        };
        let pending = client.pending_submission(product).await.ok().flatten();
        match pending {
            // The answer was lost, and the submission is there.
            Some(pending) if error.may_have_been_processed() && plan.is_of(&pending) => identified(&pending),
            // Somebody else was faster.
            Some(pending) if error.is_conflict() => Err(self.work.pending(&pending)),
            _ => Err(error),
        }
    }

    /// A promotion whose answer was lost is not repeated: the next look shows what came of it.
    async fn promote(&self, id: &SubmissionId) -> Result<(), Error> {
        match self.work.client.promote_submission(&self.work.product, id).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.may_have_been_processed() || error.is_conflict() => {
                let (submission, _) = self.look(id).await?;
                match Stage::of(&submission) {
                    Stage::GoingLive | Stage::Live => Ok(()),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// One look at the submission. What may pass by itself does not end the wait, nor does a single 404.
    async fn look(&self, id: &SubmissionId) -> Result<(Submission, Seen), Error> {
        let mut misses = 0;
        let mut pause = self.work.poll.0;
        loop {
            let error = match self.work.client.get_submission(&self.work.product, id).send().await {
                Ok(answer) => {
                    let seen = Seen {
                        request_id: answer.request_id().map(str::to_owned),
                        retry_after: retry_after(answer.headers()).unwrap_or_default(),
                    };
                    return Ok((answer.into_inner(), seen));
                }
                Err(error) => error,
            };
            if error.is_not_found() {
                misses += 1;
            }
            if misses >= MISSES || !(error.is_not_found() || error.is_retryable()) {
                return Err(error.about(self.known(Stage::InReview)));
            }
            tokio::time::sleep(pause.max(error.retry_after().unwrap_or_default())).await;
            pause = pause.mul_f64(2.0).min(self.work.poll.1);
        }
    }

    fn known(&self, stage: Stage) -> FailedSubmission {
        FailedSubmission {
            id: self.id.clone(),
            stage: Some(self.stage.unwrap_or(stage)),
            ..FailedSubmission::default()
        }
    }

    fn late(&self) -> Error {
        let stage = self.stage.map_or_else(|| "not created yet".to_owned(), |stage| stage.to_string());
        let message = match &self.id {
            Some(id) => format!("the submission {id} is still {stage}; Client::resume takes it up again"),
            None => format!("the submission is {stage}; it may exist"),
        };
        let error = Error::new(ErrorKind::Timeout, message).maybe_processed(true);
        error.about(self.known(Stage::Creating))
    }

    fn cancelled(&self, id: &SubmissionId) -> Error {
        let message = format!("the submission {id} was cancelled");
        Error::new(ErrorKind::Failed, message)
            .about(FailedSubmission { stage: Some(Stage::Cancelled), ..self.known(Stage::Cancelled) })
    }
}

fn identified(submission: &Submission) -> Result<SubmissionId, Error> {
    let missing = || Error::new(ErrorKind::Decode, "the submission came without an id");
    submission.id.clone().ok_or_else(missing)
}
