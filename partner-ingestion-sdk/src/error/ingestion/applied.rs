//! What was done when a manifest was applied.

use crate::types::{ProductId, Submission};
use std::fmt;

/// What was done when a manifest was applied.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// The product. `None` if an error ended the call before it was found or created.
    pub product: Option<ProductId>,
    /// The changes that were made, in order. Empty if nothing differed.
    pub steps: Vec<AppliedStep>,
    /// The resources that were not completed, because an error ended the call.
    pub remaining: Vec<String>,
    /// The submission. `None` without [`Apply::publish`](crate::Apply::publish), or if no draft differed from what is live.
    pub submission: Option<Submission>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AppliedStep {
    /// The resource, for example `plan standard, Availability`.
    pub resource: String,
    /// What was done, for example `changed` or `uploaded logo.png`.
    pub action: String,
}

/// Resource and action.
impl fmt::Display for AppliedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.action)
    }
}

/// One line for each change.
impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))?;
        self.remaining.iter().try_for_each(|resource| writeln!(f, "{resource}: not done"))
    }
}
