//! What errors have and say about this API. Everything else in `error` works for any document.

mod applied;
mod failed_submission;
pub(super) mod hint;

use super::error::Error;
use crate::types::{PackageId, ValidationItem};
pub use applied::{Applied, AppliedStep};
pub use failed_submission::FailedSubmission;
use reqwest::StatusCode;
use std::fmt;

/// What the workflows of this API add to an error.
#[derive(Default)]
pub(super) struct Details {
    submission: Option<FailedSubmission>,
    applied: Option<Applied>,
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.submission.fmt(f)
    }
}

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
