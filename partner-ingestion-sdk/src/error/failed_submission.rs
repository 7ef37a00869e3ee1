//! The details of a submission that failed or is in progress.

use super::body::clean;
use crate::model::stage::Stage;
use crate::types::{CertificationReport, SubmissionId, ValidationItem, ValidationSeverity, WorkflowDetail};
use std::collections::BTreeMap;
use std::fmt;

/// The details of a submission that failed, or that blocks another one, as far as the service reports them.
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
    /// The plan and module of each submitted draft, by the ids that a finding may name.
    pub(crate) places: BTreeMap<String, String>,
}

impl FailedSubmission {
    /// Returns a finding in one line: the plan and the module that it refers to, the message, the severity, the error code and the
    /// id of the resource.
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
        let message = item.message.as_deref().map(clean).unwrap_or_default();
        let message = if message.is_empty() { "no message" } else { message.trim_end_matches('.') };
        let mut details = item.severity.as_ref().map_or("Finding", ValidationSeverity::as_str).to_owned();
        if let Some(code) = item.error_code.as_deref().map(clean) {
            details += &format!(" {code}");
        }
        let resource = item.resource.as_deref().map(clean).filter(|resource| !resource.is_empty());
        let Some(resource) = resource else { return format!("{message} ({details})") };
        // The name of a module, or of a part of the offer, instead of an id.
        let is_place = resource.starts_with("plan ") || resource.starts_with("offer, ");
        let is_name = is_place || resource.chars().all(|c| c.is_alphabetic() || " /._[]".contains(c));
        match self.places.get(&resource) {
            Some(place) => format!("{place}: {message} ({details}, resource {resource})"),
            None if is_name => format!("{resource}: {message} ({details})"),
            None => format!("{message} ({details}, resource {resource})"),
        }
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
            .finish()
    }
}
