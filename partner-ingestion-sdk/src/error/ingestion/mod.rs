//! What errors have and say about this API. Everything else in `error` works for any document.

mod applied;
pub(super) mod details;
mod failed_submission;
pub(super) mod hint;
mod methods;

pub use applied::{Applied, AppliedStep};
pub use failed_submission::FailedSubmission;
