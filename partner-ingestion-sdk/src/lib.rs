#![cfg_attr(feature = "auth", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "auth"),
    doc = "The types of Microsoft's Partner Center Ingestion API, and without the feature `auth` no way to get a token."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod constructors;
mod id;
mod open_enum;
mod reference;
mod resource;
mod setters;
mod union;
mod value;

/// What `cargo xtask generate` makes. Private: `types` and the methods of `Client` are its public face.
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated code is checked by its tests, not by style lints")]
#[allow(unreachable_pub, reason = "what is public is decided here, not in the generated files")]
#[allow(deprecated, reason = "what the document dropped stays, and the generated code has to handle it")]
mod generated;

/// The objects, values and identifiers of the interface.
///
/// Every object is lossless: what it does not know stands in its field `extra` and is sent back as it came. Absent and
/// empty lists stay apart. `null` reads as absent.
pub mod types {
    pub use crate::generated::enums::*;
    pub use crate::generated::ids::*;
    pub use crate::generated::types::*;
    pub use crate::generated::unions::*;
    pub use crate::open_enum::UnknownValue;
    pub use crate::union::UnknownMember;
    pub use crate::value::{Decimal, DecimalError, Extra, ResourceType, Secret, Timestamp};
}

pub use resource::{Page, Resource};

#[cfg(feature = "client")]
#[doc = include_str!("FAULTS.md")]
pub mod faults {}

#[cfg(feature = "client")]
#[doc = include_str!("COMING_FROM.md")]
pub mod coming_from {}

#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod draft;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod filter;
#[cfg(feature = "client")]
mod lookup;
#[cfg(feature = "client")]
mod modify;
#[cfg(feature = "client")]
mod operation;
#[cfg(feature = "client")]
mod pace;
#[cfg(feature = "client")]
mod paging;
#[cfg(feature = "client")]
mod publish;
#[cfg(feature = "client")]
mod raw;
#[cfg(feature = "client")]
mod response;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod trace;
#[cfg(feature = "client")]
mod transport;
#[cfg(feature = "client")]
mod upload;

#[cfg(feature = "client")]
pub use {
    call::IfMatch,
    client::{Client, ClientBuilder},
    draft::{Draft, Drafted},
    error::{Error, ErrorKind, FieldErrors},
    filter::Filter,
    generated::operations,
    generated::table::{API_VERSION, OPERATIONS, SERVER},
    operation::{IfMatchRule, Operation},
    paging::{Items, Pages},
    partner_auth,
    publish::{FailedSubmission, IfPending, PlanDrafts, Publish, Stage, SubmissionPlan},
    raw::RawRequest,
    reqwest,
    response::Response,
    retry::Retry,
    upload::{BlobUpload, FileResource, FileSource, FileUpload, Progress},
};
