//! What the integration tests share: the bridge to every type and operation, samples from schemas, servers to talk to.

#![allow(missing_docs, reason = "read by the tests beside it alone")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

pub mod bridge;
pub mod conformance;
pub mod contract;
pub mod document;
pub mod memory;
pub mod mutant;
pub mod offer;
pub mod process;
pub mod sample;
pub mod server;
pub mod stage;

#[rustfmt::skip]
#[allow(clippy::all, reason = "generated code is checked by its tests, not by style lints")]
pub mod generated;

/// The project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
