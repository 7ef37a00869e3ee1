//! Collects the details of a failed submission.

use super::builder::Publish;
use super::plan::Plan;
use crate::error::ingestion::FailedSubmission;
use crate::error::{Error, ErrorKind};
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::wait::{Limit, PollInterval, poll_until};
use futures_util::TryStreamExt;
use futures_util::future::join3;
use std::collections::BTreeMap;
use tokio::time::{Instant, timeout_at};

/// The maximum number of findings in a message; [`Error::validations`] has all of them.
const MAX_LISTED: usize = 10;
/// The polls for a detail that is not found, which may be transient.
const NOT_FOUND: Limit = Limit::Polls(3);

/// Reads the details of a failed submission until the deadline. Details that cannot be read are left out, and named.
pub(super) async fn read(
    publish: &Publish,
    id: &SubmissionId,
    submission: &Submission,
    deadline: Option<Instant>,
) -> FailedSubmission {
    let (client, product, interval) = (&publish.client, &publish.product, publish.poll_interval);
    let (validations, reports, workflows) = join3(
        detail(interval, deadline, || client.list_submission_validations(product, id).stream().try_collect()),
        detail(interval, deadline, || client.list_submission_reports(product, id).stream().try_collect()),
        detail(interval, deadline, || client.list_submission_workflows(product, id).stream().try_collect()),
    )
    .await;
    let read = [
        ("validations", validations.is_some()),
        ("certification reports", reports.is_some()),
        ("workflow steps", workflows.is_some()),
    ];
    let validations = validations.unwrap_or_default();
    let plans = match validations.is_empty() {
        true => Vec::new(),
        false => detail(interval, deadline, || Plan::list(client, product)).await.unwrap_or_default(),
    };
    let names: BTreeMap<VariantId, String> = plans.into_iter().map(|plan| (plan.id, plan.name)).collect();
    FailedSubmission {
        id: Some(id.clone()),
        stage: Some(Stage::Failed),
        reason: submission.pending_update_info.as_ref().and_then(|update| update.failure_reason.clone()),
        validations,
        reports: reports.unwrap_or_default(),
        workflows: workflows.unwrap_or_default(),
        phase: Some(phase(submission)),
        places: places(submission, &names),
        unread: read.into_iter().filter(|(_, is_read)| !is_read).map(|(name, _)| name).collect(),
    }
}

/// Reads a list. `None` if it cannot be read before the deadline; empty if it is not found.
async fn detail<T, F>(interval: PollInterval, deadline: Option<Instant>, list: impl Fn() -> F) -> Option<Vec<T>>
where
    F: Future<Output = Result<Vec<T>, Error>>,
{
    let read = poll_until(interval, NOT_FOUND, || async {
        match list().await {
            Err(error) if error.is_not_found() => Ok(Err(error)),
            other => other.map(Ok),
        }
    });
    let read = match deadline {
        Some(deadline) => timeout_at(deadline, read).await.ok()?,
        None => read.await,
    };
    match read {
        Err(error) if error.is_not_found() => Some(Vec::new()),
        other => other.ok(),
    }
}

/// Returns the plan and module of each draft of a submission, by the ids that a finding may name.
fn places(submission: &Submission, names: &BTreeMap<VariantId, String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |owner: &str, drafts: Option<&Vec<TypeValuePair>>| {
        for draft in drafts.into_iter().flatten() {
            if let (Some(module), Some(instance)) = (&draft.type_, &draft.value) {
                found.insert(instance.clone(), format!("{owner}, {module}"));
            }
        }
    };
    add("offer", submission.resources.as_ref());
    for plan in submission.variant_resources.iter().flatten() {
        let name = plan.variant_id.as_ref().map(|id| names.get(id).map_or(id.as_str(), String::as_str));
        let owner = name.map_or_else(|| "offer".to_owned(), |name| format!("plan {name}"));
        add(&owner, plan.resources.as_ref());
    }
    for (variant, name) in names {
        found.insert(variant.to_string(), format!("plan {name}"));
        found.insert(name.clone(), format!("plan {name}"));
    }
    found
}

/// Returns an error whose message names the phase, the step, the reason, the findings with their places and the reports.
pub(super) fn error(details: FailedSubmission, request_id: Option<String>) -> Error {
    let causes = details.causes(MAX_LISTED);
    let causes = if causes.is_empty() { String::new() } else { format!(": {}", causes.join("; ")) };
    let message = details.headline() + &causes;
    Error::new(ErrorKind::Failed, message).with_request_id(request_id).with_submission(details)
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
