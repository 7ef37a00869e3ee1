//! Helpers of the integration tests: the bridge to every type and operation, instances of schemas, and test servers.

#![allow(missing_docs, reason = "only used by the tests of this crate")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

pub mod bridge;
pub mod conformance;
pub mod contract;
pub mod document;
pub mod memory;
pub mod mock_server;
pub mod offer;
pub mod process;
pub mod public_api;
pub mod random_instance;
pub mod sample;
pub mod test_env;
pub mod tls_server;

#[rustfmt::skip]
#[allow(clippy::all, reason = "generated code is checked by its tests, not by style lints")]
pub mod generated;

/// The project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
