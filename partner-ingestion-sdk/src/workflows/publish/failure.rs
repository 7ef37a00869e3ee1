//! Collects the details of a failed submission.

use crate::client::Client;
use crate::error::{Error, ErrorKind, FailedSubmission};
use crate::model::stage::Stage;
use crate::types::*;
use futures_util::TryStreamExt;

/// Reads the details of a failed submission. Details that cannot be read are left out.
pub(super) async fn read(
    client: &Client,
    product: &ProductId,
    id: &SubmissionId,
    reason: Option<String>,
) -> FailedSubmission {
    let validations = client.list_submission_validations(product, id).stream().try_collect();
    let reports = client.list_submission_reports(product, id).stream().try_collect();
    let workflows = client.list_submission_workflows(product, id).stream().try_collect();
    let validations: Result<Vec<_>, Error> = validations.await;
    let reports: Result<Vec<_>, Error> = reports.await;
    let workflows: Result<Vec<_>, Error> = workflows.await;
    FailedSubmission {
        id: Some(id.clone()),
        stage: Some(Stage::Failed),
        reason,
        validations: validations.unwrap_or_default(),
        reports: reports.unwrap_or_default(),
        workflows: workflows.unwrap_or_default(),
    }
}

/// Returns the first workflow step whose state is not `NotStarted`, `InProgress` or `Success`.
fn failed_step(failed: &FailedSubmission) -> Option<&str> {
    let steps = failed.workflows.iter().flat_map(|workflow| workflow.workflow_steps.iter().flatten());
    let mut failed = steps.filter(|step| {
        let state = step.state.as_deref().unwrap_or_default();
        !matches!(state, "" | "NotStarted" | "InProgress" | "Success")
    });
    failed.next()?.name.as_deref()
}

/// Returns an error whose message names the stage, the step, the reason and the validations.
pub(super) fn error(details: FailedSubmission, submission: &Submission, request_id: Option<String>) -> Error {
    let id = details.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
    let mut text = format!("submission {id} failed {}", phase(submission));
    if let Some(step) = failed_step(&details) {
        text += &format!(", in the step {step}");
    }
    if let Some(reason) = &details.reason {
        text += &format!(": {reason}");
    }
    for item in &details.validations {
        text += &format!("; {item}");
    }
    for report in &details.reports {
        if let Some(status) = &report.status {
            text += &format!("; certification: {status}");
        }
    }
    Error::new(ErrorKind::Failed, text).with_request_id(request_id).with_submission(details)
}

/// Returns the phase in which a submission failed. A poll may have missed the earlier stages.
fn phase(submission: &Submission) -> &'static str {
    let update = submission.pending_update_info.as_ref().and_then(|update| update.update_type.as_ref());
    match (submission.substate.as_ref(), update) {
        (Some(SubmissionSubstate::FailedInCertification), _) => "in certification",
        (_, Some(UpdateType::Promote)) => "while going live",
        (Some(SubmissionSubstate::InDraft), _) | (_, Some(UpdateType::Create)) => "during creation",
        _ => "after submission",
    }
}
