//! What a file belongs to, and how to wait for its processing.

use crate::types::{ListingId, ProductId};
use crate::workflows::wait::PollInterval;
use tokio::time::Instant;

/// The product, and the listing if any, that a file belongs to.
#[derive(Clone, Debug)]
pub(crate) struct UploadTarget {
    pub(super) product: ProductId,
    pub(super) listing: Option<ListingId>,
}

impl UploadTarget {
    pub(super) fn listing(&self) -> ListingId {
        self.listing.clone().unwrap_or_else(|| ListingId::from(""))
    }
}

/// How to wait until an uploaded file is processed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollOptions {
    /// `None` if there is no limit.
    pub(super) deadline: Option<Instant>,
    pub(super) interval: PollInterval,
}
