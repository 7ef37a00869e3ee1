//! What a submission and the responses about it say.

use crate::error::{Error, ErrorKind};
use crate::types::{Submission, SubmissionId, SubmissionState};

/// Returns state and substate, as the service writes them.
pub(super) fn state_of(submission: &Submission) -> String {
    let state = submission.state.as_ref().map_or("no state", SubmissionState::as_str);
    match &submission.substate {
        Some(substate) => format!("{state}, {}", substate.as_str()),
        None => state.to_owned(),
    }
}

/// Returns true if the service processed the request, and only the body of its response is unusable.
pub(super) fn is_processed(error: &Error) -> bool {
    let is_body = matches!(error.kind(), ErrorKind::Decode | ErrorKind::ResponseTooLarge);
    is_body && error.status().is_some_and(|status| status.is_success())
}

/// Returns true if the service may have processed the request.
pub(super) fn is_ambiguous(error: &Error) -> bool {
    error.may_have_been_processed() || is_processed(error)
}

pub(super) fn id_of(submission: &Submission, operation: &'static str) -> Result<SubmissionId, Error> {
    let missing = || Error::new(ErrorKind::Decode, "submission has no id").with_operation(operation);
    submission.id.clone().ok_or_else(missing)
}
