//! The integration tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auth;
mod errors;
mod examples;
mod faults;
mod operations;
mod paging;
mod property;
mod refused;
mod rejected;
mod rooms;
mod secrets;
mod sequence;
mod trees;
mod types;
