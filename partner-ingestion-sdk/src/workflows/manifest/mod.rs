//! Offers as files: a manifest of an offer, read from and written to JSON and YAML.

mod apply;
mod check;
mod client;
mod convert;
mod diff;
mod export;
mod fault;
mod file;
mod files;
mod folder;
mod json;
mod layout;
mod names;
mod offer;
pub(crate) mod part;
mod place;
mod secrets;
mod service;
mod source;
mod state;
#[cfg(test)]
mod tests;

pub use apply::{AppliedOffer, AppliedOffers, Apply, ApplyOffers};
pub use diff::{Change, ChangeKind, OfferDiff};
pub use export::{Export, ExportedOffer};
pub use folder::LoadedOffer;
pub use offer::{
    CosellManifest, FileManifest, ListingManifest, OfferManifest, PlanManifest, SupplementalContentManifest,
    VideoManifest,
};
pub use part::{ManifestPart, Part};
pub use service::DiffOffer;
