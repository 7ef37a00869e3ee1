//! The details of a submission that failed or is in progress.

use crate::error::body::clean;
use crate::model::ingestion::stage::Stage;
use crate::types::{CertificationReport, SubmissionId, ValidationItem, WorkflowDetail};
use std::collections::BTreeMap;
use std::fmt;

/// The details of a submission that failed, or that blocks another one, as far as the service reports them.
///
/// `Display` prints the phase and the step in which it failed, and then a line for each finding and each certification report.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct FailedSubmission {
    /// The submission's id; `None` for a package.
    pub id: Option<SubmissionId>,
    /// The stage that the submission has reached; `None` for a package.
    pub stage: Option<Stage>,
    /// The failure reason of the service.
    pub reason: Option<String>,
    /// The findings of the validation.
    pub validations: Vec<ValidationItem>,
    /// The certification reports.
    pub reports: Vec<CertificationReport>,
    /// The progress of each workflow.
    pub workflows: Vec<WorkflowDetail>,
    /// The phase in which it failed, such as `in certification`.
    pub(crate) phase: Option<&'static str>,
    /// The plan and module of each submitted draft, by the ids that a finding may name.
    pub(crate) places: BTreeMap<String, String>,
    /// The details that could not be read.
    pub(crate) unread: Vec<&'static str>,
}

impl FailedSubmission {
    /// Returns a finding in one line: the plan and the module that it refers to, the message, which starts with the field, the
    /// severity, the error code and the id of the resource.
    ///
    /// The place is left out if the finding names no draft of this submission.
    ///
    /// ```
    /// use partner_ingestion_sdk::{Error, types::Submission};
    ///
    /// fn print(published: &Result<Submission, Error>) {
    ///     let failed = published.as_ref().err().and_then(Error::submission);
    ///     for (failed, item) in failed.iter().flat_map(|failed| failed.validations.iter().map(move |item| (failed, item))) {
    ///         // plan standard, Listing: title is missing (Error Listing-10003, resource 7b9e)
    ///         println!("{}", failed.describe(item));
    ///     }
    /// }
    /// ```
    pub fn describe(&self, item: &ValidationItem) -> String {
        let place = item.resource.as_deref().and_then(|resource| self.places.get(&clean(resource)));
        item.describe(place.map(String::as_str), clean)
    }

    /// Returns the first step of a workflow that failed: its state is not `NotStarted`, `InProgress` or `Success`.
    pub fn failed_step(&self) -> Option<&str> {
        let steps = self.workflows.iter().flat_map(|workflow| workflow.workflow_steps.iter().flatten());
        let mut failed = steps.filter(|step| {
            let state = step.state.as_deref().unwrap_or_default();
            !matches!(state, "" | "NotStarted" | "InProgress" | "Success")
        });
        failed.next()?.name.as_deref()
    }

    /// The submission, the phase and the step.
    pub(crate) fn headline(&self) -> String {
        let Some(id) = &self.id else { return "processing of the package failed".to_owned() };
        match (self.stage, self.phase) {
            (Some(Stage::Failed), phase) => {
                let phase = phase.map(|phase| format!(" {phase}")).unwrap_or_default();
                let step = self.failed_step().map(|step| format!(", in the step {}", clean(step))).unwrap_or_default();
                format!("submission {id} failed{phase}{step}")
            }
            (Some(Stage::Cancelled), _) => format!("submission {id} was cancelled"),
            (Some(stage), _) => format!("submission {id} is {stage}"),
            (None, _) => format!("submission {id}"),
        }
    }

    /// The reason, at most `max` findings, the certification reports, and what could not be read.
    pub(crate) fn causes(&self, max: usize) -> Vec<String> {
        let reason = self.reason.as_deref().map(clean).filter(|reason| !reason.is_empty());
        let mut causes: Vec<String> = reason.iter().map(|reason| reason.trim_end_matches('.').to_owned()).collect();
        causes.extend(self.validations.iter().take(max).map(|item| self.describe(item)));
        if self.validations.len() > max {
            causes.push(format!("and {} more", self.validations.len() - max));
        }
        causes.extend(self.reports.iter().filter_map(|report| {
            let time = report.report_time_in_utc.as_ref().map(|time| format!(" of {time}")).unwrap_or_default();
            Some(format!("certification report{time}: {}", report.status.as_ref()?))
        }));
        if !self.unread.is_empty() {
            causes.push(format!("{} could not be read", self.unread.join(" and ")));
        }
        causes
    }
}

impl fmt::Display for FailedSubmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        self.causes(usize::MAX).iter().try_for_each(|cause| write!(f, "\n- {cause}"))
    }
}

/// Without the addresses of the reports, which may contain a key.
impl fmt::Debug for FailedSubmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reports: Vec<_> = self.reports.iter().map(|report| (&report.status, &report.report_time_in_utc)).collect();
        f.debug_struct("FailedSubmission")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .field("reason", &self.reason.as_deref().map(clean))
            .field("validations", &self.validations.iter().map(|item| self.describe(item)).collect::<Vec<_>>())
            .field("reports", &reports)
            .field("workflows", &self.workflows)
            .field("unread", &self.unread)
            .finish()
    }
}
