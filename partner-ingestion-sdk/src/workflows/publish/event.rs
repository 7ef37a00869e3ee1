//! What a publication does besides waiting.

use super::dry_run::DryRun;
use crate::types::SubmissionId;
use std::fmt;

/// What [`Publish`](crate::Publish) did. [`Publish::on_event`](crate::Publish::on_event) gets every event.
///
/// `Display` prints one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PublishEvent {
    /// The submission in progress was cancelled, because of [`IfPending::Cancel`](crate::IfPending::Cancel).
    Cancelled(SubmissionId),
    /// A submission with these drafts was created.
    Created {
        /// The id of the new submission.
        submission: SubmissionId,
        /// The drafts that it contains, and the plans that were left out.
        drafts: DryRun,
    },
    /// The submission in progress was adopted, because of [`IfPending::Adopt`](crate::IfPending::Adopt).
    Adopted {
        /// The id of the submission.
        submission: SubmissionId,
        /// The drafts that it contains: exactly those that would have been submitted.
        drafts: DryRun,
    },
    /// The preview was promoted to live.
    Promoted(SubmissionId),
}

impl fmt::Display for PublishEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(id) => write!(f, "submission {id} was cancelled"),
            Self::Created { submission, drafts } => {
                write!(f, "submission {submission} was created with {}", drafts.summary())
            }
            Self::Adopted { submission, drafts } => {
                write!(f, "submission {submission} was adopted; it contains {}", drafts.summary())
            }
            Self::Promoted(id) => write!(f, "submission {id} was promoted"),
        }
    }
}
