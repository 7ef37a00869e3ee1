//! What is known of a submission that failed or stands in the way.

use super::Stage;
use crate::types::*;
use crate::{Client, Error, ErrorKind};
use futures_util::TryStreamExt;

/// A submission that failed, or that stands in the way of another one, as far as the service tells.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FailedSubmission {
    /// Its identifier; none for a package.
    pub id: Option<SubmissionId>,
    /// Where it stands; none for a package.
    pub stage: Option<Stage>,
    /// The service's own reason.
    pub reason: Option<String>,
    /// What validation found.
    pub validations: Vec<ValidationItem>,
    /// What certification reported.
    pub reports: Vec<CertificationReport>,
    /// How far each workflow came.
    pub workflows: Vec<WorkflowDetail>,
}

impl FailedSubmission {
    /// Reads what the service tells of a failed submission. What cannot be read is left out: the failure is the news.
    pub(super) async fn read(client: &Client, product: &ProductId, id: &SubmissionId, reason: Option<String>) -> Self {
        let validations = client.list_submission_validations(product, id).stream().try_collect();
        let reports = client.list_submission_reports(product, id).stream().try_collect();
        let workflows = client.list_submission_workflows(product, id).stream().try_collect();
        let validations: Result<Vec<_>, Error> = validations.await;
        let reports: Result<Vec<_>, Error> = reports.await;
        let workflows: Result<Vec<_>, Error> = workflows.await;
        Self {
            id: Some(id.clone()),
            stage: Some(Stage::Failed),
            reason,
            validations: validations.unwrap_or_default(),
            reports: reports.unwrap_or_default(),
            workflows: workflows.unwrap_or_default(),
        }
    }

    /// The step that failed: `NotStarted`, `InProgress` and `Success` are the states of those that did not.
    fn failed_step(&self) -> Option<&str> {
        let steps = self.workflows.iter().flat_map(|workflow| workflow.workflow_steps.iter().flatten());
        let mut failed = steps.filter(|step| {
            let state = step.state.as_deref().unwrap_or_default();
            !matches!(state, "" | "NotStarted" | "InProgress" | "Success")
        });
        failed.next()?.name.as_deref()
    }

    /// One line that names where it failed, the reason and the validations.
    pub(super) fn into_error(self, submission: &Submission, request_id: Option<String>) -> Error {
        let id = self.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
        let mut text = format!("the submission {id} failed {}", place(submission));
        if let Some(step) = self.failed_step() {
            text += &format!(", in the step {step}");
        }
        if let Some(reason) = &self.reason {
            text += &format!(": {reason}");
        }
        for item in &self.validations {
            text += &format!("; {item}");
        }
        for report in &self.reports {
            if let Some(status) = &report.status {
                text += &format!("; certification: {status}");
            }
        }
        Error::new(ErrorKind::Failed, text).identified(request_id).about(self)
    }
}

/// Where on its way a submission failed, as the service says it: a look may have missed the stages before.
fn place(submission: &Submission) -> &'static str {
    let update = submission.pending_update_info.as_ref().and_then(|update| update.update_type.as_ref());
    match (submission.substate.as_ref(), update) {
        (Some(SubmissionSubstate::FailedInCertification), _) => "in certification",
        (_, Some(UpdateType::Promote)) => "on its way to live",
        (Some(SubmissionSubstate::InDraft), _) | (_, Some(UpdateType::Create)) => "while it was created",
        _ => "after it was submitted",
    }
}
