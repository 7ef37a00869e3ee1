//! The root of a crate for another document: the client, the operations and the types.

#![allow(unused, reason = "a small document uses a part of the runtime")]

mod client;
mod error;
mod http;
mod model;

#[rustfmt::skip]
#[allow(clippy::all, unreachable_pub)]
mod generated;

/// The objects, values and identifiers of the API.
pub mod types {
    pub use crate::generated::enums::*;
    pub use crate::generated::ids::*;
    pub use crate::generated::types::*;
    pub use crate::generated::unions::*;
    pub use crate::model::open_enum::UnknownValue;
    pub use crate::model::union::UnknownMember;
    pub use crate::model::value::{Decimal, DecimalError, Extra, IntoDecimal, ResourceType, Secret, Timestamp};
}

pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, FieldErrors};
pub use generated::operations;
pub use generated::table::{API_VERSION, OPERATIONS, SERVER};
pub use http::call::IfMatch;
pub use http::observe::{Event, Measurement, OutgoingRequest};
pub use http::operation::{IfMatchRule, Operation};
pub use http::pager::{Items, Pages};
pub use http::rate_limiter::RateLimitStore;
pub use http::raw::RawRequest;
pub use http::response::Response;
pub use http::retry::RetryPolicy;
pub use model::resource::{Page, Resource};
pub use {partner_auth, reqwest};
