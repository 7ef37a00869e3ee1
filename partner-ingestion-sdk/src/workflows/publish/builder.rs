//! The builder of a submission.

use super::dry_run::DryRun;
use super::event::PublishEvent;
use super::submission::state_of;
use crate::client::Client;
use crate::error::ingestion::FailedSubmission;
use crate::error::{Error, ErrorKind};
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::check;
use crate::workflows::wait::PollInterval;
use futures_util::TryStreamExt;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The default time to wait for branches.
const BRANCH_WAIT: Duration = Duration::from_secs(60);
/// The default poll interval. Other clients of the service poll every 10 to 60 seconds.
const POLL_INTERVAL: PollInterval = PollInterval::new(Duration::from_secs(1), Duration::from_secs(60), 1.5);

/// What to do if another submission of the product is in progress. The service allows one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfPending {
    /// Return [`ErrorKind::SubmissionPending`].
    #[default]
    Refuse,
    /// Continue with the existing submission instead of creating one, if it contains exactly the drafts that would be submitted:
    /// those of the offer and of each plan. Otherwise return [`ErrorKind::SubmissionPending`] with the differences.
    ///
    /// [`Publish::on_event`] gets the id and the drafts of an adopted submission. Its publish options, such as the notes for the
    /// certification team, are kept.
    Adopt,
    /// Cancel the existing submission, wait until it is no longer in progress (at most 5 minutes), and create a new one. A
    /// submission that is going live cannot be cancelled.
    Cancel,
    /// Wait until the existing submission is no longer in progress, and create a new one. A preview is in progress until it is
    /// promoted or cancelled: limit the wait with [`Publish::max_wait`].
    Wait,
}

type OnStage = Arc<dyn Fn(Stage) + Send + Sync>;
type OnEvent = Arc<dyn Fn(PublishEvent) + Send + Sync>;

/// A submission to create or to wait for. Created by [`Client::publish`] and [`Client::resume`].
#[derive(Clone)]
#[must_use = "nothing is published until it is awaited"]
pub struct Publish {
    pub(super) client: Client,
    pub(super) product: ProductId,
    pub(super) submission: Option<SubmissionId>,
    pub(super) live: bool,
    pub(super) if_pending: IfPending,
    pub(super) options: PublishOption,
    pub(super) max_wait: Option<Duration>,
    pub(super) poll_interval: PollInterval,
    branch_wait: Duration,
    pub(super) modules: Option<Vec<Module>>,
    pub(super) plans: Option<Vec<String>>,
    pub(super) only_if_changed: bool,
    pub(super) on_stage: Option<OnStage>,
    pub(super) on_event: Option<OnEvent>,
}

/// # Publishing
///
/// [`Client::publish`] submits the drafts of an offer and waits for the result, [`Client::resume`] waits for an existing
/// submission. See [`Publish`] for the options and [`Stage`] for the stages of a submission.
impl Client {
    /// Publishes an offer: submits the drafts of all modules and plans, and waits until the preview is ready, or until the offer
    /// is live with [`to_live`](Publish::to_live).
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # use std::time::Duration;
    /// # const HALF_DAY: Duration = Duration::from_secs(12 * 3600);
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().processing_delay(Duration::ZERO).start().await?;
    /// # let client = client_of(&sandbox)?;
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// // The offer has no plan and no texts yet.
    /// let done = client.publish(&offer).to_live().on_stage(|stage| eprintln!("{stage}")).max_wait(HALF_DAY).send().await;
    /// let error = done.unwrap_err();
    /// for validation in error.validations() {
    ///     eprintln!("{validation}");
    /// }
    /// eprintln!("{error}\n{}", error.hint().unwrap_or_default());
    /// assert!(!error.validations().is_empty() && error.hint().is_some_and(|hint| hint.contains("publish again")));
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
            max_wait: None,
            poll_interval: POLL_INTERVAL,
            branch_wait: BRANCH_WAIT,
            modules: None,
            plans: None,
            only_if_changed: false,
            on_stage: None,
            on_event: None,
        }
    }

    /// Resumes an existing submission, created by this program or another one: waits for it, and promotes it with
    /// [`to_live`](Publish::to_live). A submission that was promoted before is not promoted again, even if its state lags.
    pub fn resume(&self, product_id: impl Into<ProductId>, submission_id: impl Into<SubmissionId>) -> Publish {
        let mut publish = self.publish(product_id);
        publish.submission = Some(submission_id.into());
        publish
    }

    /// Returns the submission of a product that is in progress, if any. A submission in an unknown state
    /// ([`Stage::Unknown`]) does not count.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`list_submissions`](Client::list_submissions).
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
    /// Promotes the preview and waits until the offer is live.
    pub fn to_live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Sets what to do if another submission is in progress. Default: [`IfPending::Refuse`].
    pub fn if_pending(mut self, if_pending: IfPending) -> Self {
        self.if_pending = if_pending;
        self
    }

    /// Returns [`ErrorKind::NothingToPublish`] if no draft differs from what is live
    /// ([`Client::has_unpublished_changes`]). Default: false, the drafts are submitted anyway.
    pub fn only_if_changed(mut self, only_if_changed: bool) -> Self {
        self.only_if_changed = only_if_changed;
        self
    }

    /// Sets a callback that is called at every stage that a poll finds, including the first one. A short stage may be missed.
    pub fn on_stage(mut self, f: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        self.on_stage = Some(Arc::new(f));
        self
    }

    /// Sets a callback that is called when a submission was created, adopted, cancelled or promoted.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// use partner_ingestion_sdk::{IfPending, PublishEvent};
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client, sandbox) = sandbox().await?;
    /// # sandbox.set_next_outcome(partner_sandbox::SubmissionOutcome::Pass);
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    ///
    /// let publish = client.publish(&offer).if_pending(IfPending::Adopt).on_event(|event| {
    ///     // submission 1152921505696700141 was created with 6 drafts of the offer, 0 drafts of 0 plans
    ///     eprintln!("{event}");
    ///     if let PublishEvent::Adopted { drafts, .. } = event {
    ///         eprint!("{drafts}");
    ///     }
    /// });
    /// publish.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_event(mut self, f: impl Fn(PublishEvent) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(f));
        self
    }

    /// Sets the maximum total wait. Default: no limit, because certification may take days. If it elapses, the submission
    /// continues; use [`Client::resume`] to wait again.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = Some(max_wait);
        self
    }

    /// Sets the delay between polls, which grows from `initial` to `max`. A longer Retry-After is honored. Default: 1 second to
    /// 60 seconds.
    pub fn poll_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.poll_interval = self.poll_interval.with_range(initial, max);
        self
    }

    /// Sets how long to wait for the branches of a new offer and of new plans, for each module. Default: 60 seconds.
    pub fn branch_wait(mut self, branch_wait: Duration) -> Self {
        self.branch_wait = branch_wait;
        self
    }

    /// Returns the drafts that would be submitted, without submitting them.
    ///
    /// Waits for the branches that an offer of this type and its active plans have. A module that does not apply to the product
    /// has none. Plans that would be left out, such as inactive ones without branches, are in [`DryRun::skipped`].
    /// A new plan that neither the list of plans nor a branch shows yet is left out without being in it, because the service names it
    /// nowhere: create plans with [`ensure_variant`](Client::ensure_variant), which waits until the list shows them.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::NotFound`] if an expected branch does not appear in time, [`ErrorKind::Decode`] if a plan has no id,
    /// and the errors of [`get_product`](Client::get_product), [`list_branches`](Client::list_branches) and
    /// [`list_variants`](Client::list_variants).
    pub async fn dry_run(&self) -> Result<DryRun, Error> {
        let mut drafts = DryRun::collect(&self.client, &self.product, self.branch_wait).await?;
        if let Some(modules) = &self.modules {
            drafts.retain_modules(|module| modules.contains(module));
        }
        if let Some(plans) = &self.plans {
            drafts.retain_plans(plans)?;
        }
        Ok(drafts)
    }

    /// Checks the drafts against the rules in the portal's documentation, without submitting anything. Empty if they follow every
    /// rule, or if the offer is not an Azure application.
    ///
    /// If the offer is live, drafts are compared with it where a rule says so.
    ///
    /// The rules are those in the documentation of the fields. The service may check less or more; no rule was confirmed for the
    /// API. A finding names the plan and the module, the field, the page of the rule, and in `extra["resourceId"]` the id of the
    /// resource. Its error code is `check/` and the id of the rule. Uploaded files are not read:
    /// [export](Client::export_offer) the offer and call [`OfferManifest::check`](crate::OfferManifest::check) to check them, too. The
    /// page [`publishing_rules`](crate::publishing_rules) has the ids of all rules.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().start().await?;
    /// # let client = client_of(&sandbox)?;
    /// let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// let findings = client.publish(&offer).check().await?;
    /// for finding in &findings {
    ///     eprintln!("{finding}");
    /// }
    /// assert!(findings.iter().any(|f| f.error_code.as_deref() == Some("check/summary-required")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`dry_run`](Publish::dry_run) and of the GETs.
    pub async fn check(&self) -> Result<Vec<ValidationItem>, Error> {
        check::check(&self.client, &self.product, &self.dry_run().await?).await
    }

    /// Returns the error for a submission that blocks this one.
    pub(super) fn pending(&self, submission: &Submission) -> Error {
        match Stage::of(submission) {
            Stage::Unknown => {
                self.pending_because(submission, &format!("is in an unknown state ({})", state_of(submission)))
            }
            stage => self.pending_because(submission, &format!("is {stage}")),
        }
    }

    pub(super) fn pending_because(&self, submission: &Submission, reason: &str) -> Error {
        let stage = Stage::of(submission);
        let id = submission.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
        let message = format!("submission {id} of product {} {reason}", self.product);
        let mut error = Error::new(ErrorKind::SubmissionPending, message);
        if stage == Stage::GoingLive {
            error =
                error.with_hint("Wait until the submission is live (Client::resume): it can no longer be cancelled.");
        }
        error.with_submission(FailedSubmission {
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
