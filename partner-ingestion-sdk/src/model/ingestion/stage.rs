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
    /// The state or its combination with the substate is unknown, or says nothing about the progress: `Archived`, `NotSet`,
    /// `ModularCert` and `Shadow`. The submission counts neither as pending nor as live.
    Unknown,
}

impl Submission {
    /// Returns the stage of this submission; the same as [`Stage::of`].
    pub fn stage(&self) -> Stage {
        Stage::of(self)
    }
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
        let (state, substate) = (submission.state.as_ref(), submission.substate.as_ref());
        // Other clients of the service do not count these states as in progress, whatever the rest says.
        if matches!(state, Some(State::Archived | State::NotSet | State::ModularCert | State::Shadow)) {
            return Self::Unknown;
        }
        // The pending update takes precedence: the state may lag behind it.
        let running = match update.and_then(|update| update.status.as_ref()) {
            Some(UpdateStatus::Failed) => return Self::Failed,
            Some(UpdateStatus::Cancelled) => return Self::Cancelled,
            Some(UpdateStatus::Running | UpdateStatus::PendingConfirmation) if promoting => return Self::GoingLive,
            status => status == Some(&UpdateStatus::Running),
        };
        match (state, substate) {
            (_, Some(Substate::Failed | Substate::FailedInCertification)) => Self::Failed,
            (Some(State::Cancelled | State::Deleted | State::RolledBack), _) | (_, Some(Substate::Cancelled)) => {
                Self::Cancelled
            }
            (None | Some(State::InProgress | State::Published), Some(known)) => match known {
                Substate::InStore => Self::Live,
                Substate::Published if state == Some(&State::Published) => Self::Live,
                // The substate lags behind a promotion.
                Substate::ReadyToPublish if promoting => Self::GoingLive,
                Substate::ReadyToPublish => Self::Preview,
                Substate::Publishing => Self::GoingLive,
                Substate::InDraft if state != Some(&State::Published) => Self::Creating,
                Substate::Submitted if state != Some(&State::Published) => Self::InReview,
                _ if running || state == Some(&State::InProgress) => Self::InReview,
                _ => Self::Unknown,
            },
            (state, _) if running || state == Some(&State::InProgress) => Self::InReview,
            _ => Self::Unknown,
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
            Self::Unknown => "in an unknown state",
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
            ("InProgress", "SomethingNew", "Submit", "Completed", Stage::InReview),
            ("Published", "ReadyToPublish", "Promote", "Completed", Stage::GoingLive),
            ("Published", "SomethingNew", "Submit", "Running", Stage::InReview),
            ("Published", "SomethingNew", "Promote", "Completed", Stage::Unknown),
            ("Published", "", "Promote", "Completed", Stage::Unknown),
            ("Published", "InDraft", "", "", Stage::Unknown),
            ("SomethingNew", "ReadyToPublish", "Submit", "Completed", Stage::Unknown),
            ("SomethingNew", "InStore", "Promote", "Completed", Stage::Unknown),
            ("Archived", "InStore", "Promote", "Completed", Stage::Unknown),
            ("NotSet", "InDraft", "Create", "Running", Stage::Unknown),
            ("ModularCert", "Submitted", "Submit", "Running", Stage::Unknown),
            ("Shadow", "ReadyToPublish", "Submit", "Completed", Stage::Unknown),
        ];
        for (state, substate, update, status, expected) in table {
            let submission: Submission = serde_json::from_value(json!({
                "state": state, "substate": substate, "pendingUpdateInfo": {"updateType": update, "status": status},
            }))
            .unwrap();
            assert_eq!(Stage::of(&submission), expected, "{state} {substate} {update} {status}");
        }
        assert_eq!(Stage::of(&Submission::default()), Stage::Unknown);
        let unsettled = SubmissionState::from("Queued");
        assert!(!Stage::of(&Submission { state: Some(unsettled), ..Submission::default() }).is_pending());
    }
}
