//! The methods of errors that are about this API.

use super::applied::Applied;
use super::failed_submission::FailedSubmission;
use crate::error::error::Error;
use crate::types::{PackageId, ValidationItem};
use reqwest::StatusCode;

impl Error {
    pub(crate) fn with_submission(mut self, submission: FailedSubmission) -> Self {
        self.0.details.submission = Some(submission);
        self
    }

    pub(crate) fn with_applied(mut self, applied: Applied) -> Self {
        self.0.details.applied = Some(applied);
        self
    }

    /// Returns what was done until the error, if a manifest was applied.
    pub fn applied(&self) -> Option<&Applied> {
        self.0.details.applied.as_ref()
    }

    /// Returns the id of the existing package if the file is a duplicate (301).
    pub fn duplicate_of(&self) -> Option<PackageId> {
        let moved = self.0.status == Some(StatusCode::MOVED_PERMANENTLY);
        let to = self.0.service.to_id.as_deref().filter(|_| moved)?;
        Some(PackageId::from(to))
    }

    /// Returns the findings of a failed submission or package; empty for other errors.
    pub fn validations(&self) -> &[ValidationItem] {
        self.0.details.submission.as_ref().map_or(&[], |failed| &failed.validations)
    }

    /// Returns the details of the submission that failed or is in progress.
    pub fn submission(&self) -> Option<&FailedSubmission> {
        self.0.details.submission.as_ref()
    }
}
