//! The stage of a submission, derived from its state, its substate and its pending update.

use crate::types::{Submission, SubmissionState, SubmissionSubstate, UpdateStatus, UpdateType};
use std::fmt;

/// The stage of a submission.
#[cfg_attr(
    feature = "client",
    doc = "\n[`Client::publish`](crate::Client::publish) and [`Client::resume`](crate::Client::resume) wait for a stage."
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The submission is being created from the drafts.
    Creating,
    /// The submission is in automated validation or certification.
    InReview,
    /// The preview is ready and can be promoted.
    Preview,
    /// The submission is being promoted and can no longer be cancelled.
    GoingLive,
    /// The submission is live.
    Live,
    /// The submission failed.
    Failed,
    /// The submission was cancelled.
    Cancelled,
}

impl Stage {
    /// Returns the stage of a submission.
    ///
    /// ```
    /// use partner_ingestion_sdk::Stage;
    /// use partner_ingestion_sdk::types::Submission;
    /// use serde_json::json;
    ///
    /// let submission: Submission = serde_json::from_value(json!({
    ///     "state": "Published", "substate": "ReadyToPublish", "pendingUpdateInfo": {"updateType": "Submit", "status": "Completed"},
    /// }))?;
    /// assert_eq!(Stage::of(&submission), Stage::Preview);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of(submission: &Submission) -> Self {
        use {SubmissionState as State, SubmissionSubstate as Substate};
        let update = submission.pending_update_info.as_ref();
        let promoting = update.and_then(|update| update.update_type.as_ref()) == Some(&UpdateType::Promote);
        // The pending update takes precedence: the state may lag behind it.
        match update.and_then(|update| update.status.as_ref()) {
            Some(UpdateStatus::Failed) => return Self::Failed,
            Some(UpdateStatus::Cancelled) => return Self::Cancelled,
            Some(UpdateStatus::Running | UpdateStatus::PendingConfirmation) if promoting => return Self::GoingLive,
            _ => {}
        }
        match (submission.state.as_ref(), submission.substate.as_ref()) {
            (_, Some(Substate::Failed | Substate::FailedInCertification)) => Self::Failed,
            (Some(State::Cancelled | State::Deleted | State::RolledBack), _) | (_, Some(Substate::Cancelled)) => {
                Self::Cancelled
            }
            (_, Some(Substate::InStore)) => Self::Live,
            (Some(State::Published), Some(Substate::Published)) => Self::Live,
            (_, Some(Substate::ReadyToPublish)) => Self::Preview,
            (_, Some(Substate::Publishing)) => Self::GoingLive,
            (Some(State::Published), _) => Self::Live,
            (_, Some(Substate::InDraft)) => Self::Creating,
            _ => Self::InReview,
        }
    }

    /// Returns true if the submission is in progress. The product can have no other submission then.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Creating | Self::InReview | Self::Preview | Self::GoingLive)
    }
}

/// A short description.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "being created",
            Self::InReview => "in validation and certification",
            Self::Preview => "in preview",
            Self::GoingLive => "going live",
            Self::Live => "live",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn derives_the_stage_from_every_state() {
        let table = [
            ("InProgress", "InDraft", "Create", "Running", Stage::Creating),
            ("InProgress", "InDraft", "Create", "Failed", Stage::Failed),
            ("InProgress", "Submitted", "Submit", "Completed", Stage::InReview),
            ("InProgress", "Submitted", "Submit", "Running", Stage::InReview),
            ("InProgress", "Failed", "Submit", "Completed", Stage::Failed),
            ("InProgress", "FailedInCertification", "Submit", "Completed", Stage::Failed),
            ("Published", "ReadyToPublish", "Submit", "Completed", Stage::Preview),
            ("Published", "ReadyToPublish", "Promote", "Running", Stage::GoingLive),
            ("Published", "ReadyToPublish", "Promote", "Failed", Stage::Failed),
            ("Published", "Publishing", "Promote", "Running", Stage::GoingLive),
            ("Published", "Published", "Promote", "Completed", Stage::Live),
            ("Published", "InStore", "Promote", "Completed", Stage::Live),
            ("InProgress", "InStore", "", "", Stage::Live),
            ("Cancelled", "InDraft", "", "", Stage::Cancelled),
            ("InProgress", "Cancelled", "", "", Stage::Cancelled),
            ("SomethingNew", "SomethingNew", "SomethingNew", "Running", Stage::InReview),
            ("SomethingNew", "ReadyToPublish", "Submit", "Completed", Stage::Preview),
        ];
        for (state, substate, update, status, expected) in table {
            let submission: Submission = serde_json::from_value(json!({
                "state": state, "substate": substate, "pendingUpdateInfo": {"updateType": update, "status": status},
            }))
            .unwrap();
            assert_eq!(Stage::of(&submission), expected, "{state} {substate} {update} {status}");
        }
        assert_eq!(Stage::of(&Submission::default()), Stage::InReview);
    }
}
