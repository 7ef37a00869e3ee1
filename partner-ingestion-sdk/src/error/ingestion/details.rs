//! What an error has besides the fields of every API's errors.

use super::applied::Applied;
use super::failed_submission::FailedSubmission;
use std::fmt;

/// What the workflows of this API add to an error.
#[derive(Default)]
pub(in crate::error) struct Details {
    pub(super) submission: Option<FailedSubmission>,
    pub(super) applied: Option<Applied>,
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.submission.fmt(f)
    }
}
