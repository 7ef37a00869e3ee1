//! From the drafts of an offer to the live offer: create a submission, wait for the preview, promote it, wait until it is live.

mod builder;
mod collect;
mod create;
mod dry_run;
mod event;
mod failure;
mod options;
mod plan;
mod promote;
mod run;
mod submission;

pub use builder::{IfPending, Publish};
pub use dry_run::{DryRun, SkippedVariant, VariantDrafts};
pub use event::PublishEvent;
