//! Collects the details of a failed submission.

use super::dry_run::named;
use crate::client::Client;
use crate::error::{Error, ErrorKind, FailedSubmission, clean};
use crate::model::stage::Stage;
use crate::types::*;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;

/// The maximum number of findings in a message; [`Error::validations`] has all of them.
const MAX_LISTED: usize = 10;

/// Reads the details of a failed submission. Details that cannot be read are left out.
pub(super) async fn read(
    client: &Client,
    product: &ProductId,
    id: &SubmissionId,
    submission: &Submission,
) -> FailedSubmission {
    let validations = client.list_submission_validations(product, id).stream().try_collect();
    let reports = client.list_submission_reports(product, id).stream().try_collect();
    let workflows = client.list_submission_workflows(product, id).stream().try_collect();
    let validations: Result<Vec<_>, Error> = validations.await;
    let reports: Result<Vec<_>, Error> = reports.await;
    let workflows: Result<Vec<_>, Error> = workflows.await;
    let validations = validations.unwrap_or_default();
    let names = match validations.is_empty() {
        true => BTreeMap::new(),
        false => plan_names(client, product).await.unwrap_or_default(),
    };
    FailedSubmission {
        id: Some(id.clone()),
        stage: Some(Stage::Failed),
        reason: submission.pending_update_info.as_ref().and_then(|update| update.failure_reason.clone()),
        validations,
        reports: reports.unwrap_or_default(),
        workflows: workflows.unwrap_or_default(),
        places: places(submission, &names),
    }
}

/// The plan ids, or the names of plans without one, by variant.
async fn plan_names(client: &Client, product: &ProductId) -> Result<BTreeMap<VariantId, String>, Error> {
    let variants: Vec<Variant> = client.list_variants(product).stream().try_collect().await?;
    variants.iter().filter_map(named).collect()
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

/// Returns the first workflow step whose state is not `NotStarted`, `InProgress` or `Success`.
fn failed_step(failed: &FailedSubmission) -> Option<&str> {
    let steps = failed.workflows.iter().flat_map(|workflow| workflow.workflow_steps.iter().flatten());
    let mut failed = steps.filter(|step| {
        let state = step.state.as_deref().unwrap_or_default();
        !matches!(state, "" | "NotStarted" | "InProgress" | "Success")
    });
    failed.next()?.name.as_deref()
}

/// Returns an error whose message names the phase, the step, the reason, the findings with their places and the reports.
pub(super) fn error(details: FailedSubmission, submission: &Submission, request_id: Option<String>) -> Error {
    let id = details.id.as_ref().map(SubmissionId::as_str).unwrap_or_default();
    let mut text = format!("submission {id} failed {}", phase(submission));
    if let Some(step) = failed_step(&details) {
        text += &format!(", in the step {step}");
    }
    let reason = details.reason.as_deref().map(clean).filter(|reason| !reason.is_empty());
    let mut causes: Vec<String> = reason.iter().map(|reason| reason.trim_end_matches('.').to_owned()).collect();
    causes.extend(details.validations.iter().take(MAX_LISTED).map(|item| details.describe(item)));
    if details.validations.len() > MAX_LISTED {
        causes.push(format!("and {} more", details.validations.len() - MAX_LISTED));
    }
    causes.extend(details.reports.iter().filter_map(|report| {
        let time = report.report_time_in_utc.as_ref().map(|time| format!(" of {time}")).unwrap_or_default();
        Some(format!("certification report{time}: {}", report.status.as_ref()?))
    }));
    if !causes.is_empty() {
        text += &format!(": {}", causes.join("; "));
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
