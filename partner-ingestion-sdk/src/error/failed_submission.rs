//! The details of a submission that failed or is in progress.

use crate::model::stage::Stage;
use crate::types::{CertificationReport, SubmissionId, ValidationItem, WorkflowDetail};

/// The details of a submission that failed, or that blocks another one, as far as the service reports them.
#[derive(Clone, Debug, Default)]
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
}
