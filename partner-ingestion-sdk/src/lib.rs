#![cfg_attr(feature = "auth", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "auth"),
    doc = "The types of Microsoft's Partner Center Ingestion API, without a way to obtain a token: enable the feature `auth`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unnameable_types, unreachable_pub)]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod docs;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod http;
mod model;
#[cfg(feature = "client")]
mod workflows;

/// The output of `cargo xtask generate`. Private; `types` and the methods of `Client` export it.
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated code is checked by its tests, not by style lints")]
#[allow(unreachable_pub, reason = "this file decides what is public, not the generated files")]
#[allow(deprecated, reason = "items that the document dropped are kept, and the generated code must handle them")]
mod generated;

/// The objects, values and identifiers of the API.
///
/// Every object is lossless: unknown fields are kept in the field `extra` and sent back unchanged. Absent and empty lists
/// differ. `null` reads as absent.
///
/// # Formats
///
/// All types work with any self-describing serde format. A value that is written and read back is the same:
///
/// ```
/// use partner_ingestion_sdk::types::LeadConfiguration;
///
/// let text = r#"{"formID":"7","resourceType":"MarketoLeadConfiguration","newField":1.0}"#;
/// let lead: LeadConfiguration = serde_json::from_str(text)?;
/// assert!(lead.as_marketo().is_some());
/// assert_eq!(serde_json::to_string(&lead)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// | format | limits |
/// | --- | --- |
/// | JSON, with serde_json | none: numbers keep their text |
/// | YAML | a [`Decimal`](types::Decimal) whose text is not that of an `i64` or `f64`, such as `9.990`, is a string |
/// | TOML | as YAML; TOML has no `null`, so writing an unknown field with one is an error |
/// | CBOR, MessagePack | as YAML; reading an unknown field with a byte string is an error |
///
/// A number in an unknown field keeps its value within `i64`, `u64` and `f64`. Formats that do not describe themselves, such as
/// postcard, are not supported.
pub mod types {
    pub use crate::generated::enums::*;
    pub use crate::generated::ids::*;
    pub use crate::generated::types::*;
    pub use crate::generated::unions::*;
    pub use crate::model::open_enum::UnknownValue;
    pub use crate::model::union::UnknownMember;
    pub use crate::model::value::{Decimal, DecimalError, Extra, IntoDecimal, ResourceType, Secret, Timestamp};
}

pub use model::ingestion::filter::Filter;
pub use model::ingestion::stage::Stage;
pub use model::resource::{Page, Resource};

#[cfg(feature = "client")]
pub use {
    client::{Client, ClientBuilder},
    docs::{
        errors, glossary, migrating, networks, offers_as_files, publishing, publishing_rules, recipes, retry_behavior,
    },
    error::ingestion::{Applied, AppliedStep, FailedSubmission},
    error::{Error, ErrorKind, FieldErrors},
    generated::operations,
    generated::table::{API_VERSION, OPERATIONS, SERVER},
    http::call::IfMatch,
    http::observe::{Event, Measurement, OutgoingRequest},
    http::operation::{IfMatchRule, Operation},
    http::pager::{Items, Pages},
    http::rate_limiter::RateLimitStore,
    http::raw::RawRequest,
    http::response::Response,
    http::retry::RetryPolicy,
    partner_auth, reqwest,
    workflows::draft::{Draft, DraftResource},
    workflows::manifest::{
        AppliedOffer, AppliedOffers, Apply, ApplyOffers, Change, ChangeKind, CosellManifest, DiffOffer, Export,
        ExportedOffer, FileManifest, ListingManifest, LoadedOffer, ManifestPart, OfferDiff, OfferManifest, Part,
        PlanManifest, SupplementalContentManifest, VideoManifest,
    },
    workflows::publish::{DryRun, IfPending, Publish, PublishEvent, SkippedVariant, VariantDrafts},
    workflows::upload::{BlobUpload, FileResource, FileSource, FileUpload, Progress},
};
