//! A manifest that is being applied, and the report of what was done.

use super::Apply;
use crate::client::Client;
use crate::error::{Applied, AppliedStep, Error, ErrorKind};
use crate::types::ProductId;
use crate::workflows::draft::NO_BRANCH;
use crate::workflows::manifest::offer::OfferManifest;
use crate::workflows::manifest::secrets::Secrets;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A manifest that is being applied.
pub(super) struct Run<'a> {
    pub(super) client: Client,
    pub(super) manifest: &'a OfferManifest,
    pub(super) secrets: Secrets,
    pub(super) prune: bool,
    pub(super) product: ProductId,
    pub(super) apply: &'a Apply,
    pub(super) applied: Mutex<Applied>,
}

impl Run<'_> {
    pub(super) fn report(&self) -> MutexGuard<'_, Applied> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a change.
    pub(super) fn done(&self, resource: &str, action: impl Into<String>) {
        let step = AppliedStep { resource: resource.to_owned(), action: action.into() };
        if let Some(on_step) = &self.apply.on_step {
            on_step(&step);
        }
        let mut report = self.report();
        report.steps.push(step);
        report.remaining.retain(|remaining| remaining != resource);
    }

    /// Records that a resource has no difference.
    pub(super) fn unchanged(&self, resource: &str) {
        self.report().remaining.retain(|remaining| remaining != resource);
    }

    /// The error for a part that the offer does not have.
    pub(super) fn absent(&self, place: &str) -> Error {
        let message = format!("offer {} does not have {place}", self.manifest.offer_id);
        Error::new(ErrorKind::NotFound, message).with_hint(NO_BRANCH)
    }
}
