//! The progress of an upload.

use std::fmt;
use std::sync::Arc;

/// The progress of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of bytes sent.
    pub sent: u64,
    /// The total number of bytes.
    pub total: u64,
}

/// The callback for the progress of an upload.
#[derive(Clone)]
pub(super) struct OnProgress(Arc<dyn Fn(Progress) + Send + Sync>);

impl OnProgress {
    pub(super) fn new(f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }

    pub(super) fn report(&self, sent: u64, total: u64) {
        (self.0)(Progress { sent, total });
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnProgress")
    }
}
