//! The promotion of a preview to live.

use super::event::PublishEvent;
use super::run::Run;
use super::submission::{is_ambiguous, is_processed};
use crate::error::{Error, ErrorKind};
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::wait::poll_until;
use futures_util::TryStreamExt;

impl Run {
    /// Promotes the preview, unless it was promoted already. Returns false if the submission is no longer in preview for another
    /// reason.
    ///
    /// The stage may be outdated: the caller may have waited since, and the state may lag behind an earlier promotion.
    pub(super) async fn promote(&self, id: &SubmissionId) -> Result<bool, Error> {
        match Stage::of(&*self.poll(id).await?) {
            Stage::Preview => {}
            stage => return Ok(is_promoted(stage)),
        }
        if self.has_live_workflow(id).await && self.find_promoted(id).await {
            return Ok(true);
        }
        let error = match self.publish.client.promote_submission(&self.publish.product, id).send().await {
            Ok(_) => None,
            Err(error) if is_processed(&error) => None,
            Err(error) => Some(error),
        };
        match error {
            None => self.emit(PublishEvent::Promoted(id.clone())),
            Some(error) if is_ambiguous(&error) || error.is_conflict() => {
                if !self.find_promoted(id).await {
                    return Err(error.with_submission(self.known(Stage::Preview)));
                }
            }
            Some(error) => return Err(error.with_submission(self.known(Stage::Preview))),
        }
        Ok(true)
    }

    /// Reads the submission several times until it is no longer in preview. Polls instead of repeating a promotion.
    async fn find_promoted(&self, id: &SubmissionId) -> bool {
        let (interval, polls) = self.lookups();
        let found = poll_until(interval, polls, || async {
            let submission = self.publish.client.get_submission(&self.publish.product, id).send().await;
            Ok(match submission {
                Ok(submission) if is_promoted(Stage::of(&submission)) => Ok(()),
                Ok(_) => Err(Error::new(ErrorKind::NotFound, "submission is still in preview")),
                Err(error) => Err(error),
            })
        });
        found.await.is_ok()
    }

    /// Returns true if the workflow to live has started, which the state of the submission may not show yet. False if that cannot
    /// be read.
    async fn has_live_workflow(&self, id: &SubmissionId) -> bool {
        let (interval, polls) = self.lookups();
        let workflows = poll_until(interval, polls, || async {
            let client = &self.publish.client;
            let workflows = client.list_submission_workflows(&self.publish.product, id).stream();
            match workflows.try_collect::<Vec<WorkflowDetail>>().await {
                // A 404 in preview is transient.
                Err(error) if error.is_not_found() || error.is_retryable() => Ok(Err(error)),
                other => other.map(Ok),
            }
        });
        let is = |text: Option<&String>, values: &[&str]| {
            text.is_some_and(|text| values.iter().any(|value| text.eq_ignore_ascii_case(value)))
        };
        let started = |workflow: &WorkflowDetail| {
            is(workflow.target_environment.as_ref(), &["Live"])
                && is(workflow.state.as_ref(), &["InProgress", "Success"])
        };
        workflows.await.unwrap_or_default().iter().any(started)
    }
}

/// Returns true if a preview in this stage was promoted. A failure or a cancellation is reported by the next poll.
fn is_promoted(stage: Stage) -> bool {
    matches!(stage, Stage::GoingLive | Stage::Live | Stage::Failed | Stage::Cancelled)
}
