//! The integration tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod auth;
mod conformance;
mod edits;
mod errors;
mod examples;
mod faults;
mod incidents;
mod matrix;
mod operations;
mod pace;
mod paging;
mod program;
mod property;
mod publish;
mod refused;
mod rejected;
mod rooms;
mod rules;
mod sandbox;
mod secrets;
mod sequence;
mod traces;
mod trees;
mod types;
mod uploads;
