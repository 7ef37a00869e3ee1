//! From the drafts of an offer to the live offer: create a submission, wait for the preview, promote it, wait until it is live.

mod builder;
mod dry_run;
mod failure;
mod run;

pub use builder::{IfPending, Publish};
pub use dry_run::{DryRun, VariantDrafts};
