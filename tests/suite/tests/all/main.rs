//! The integration tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod auth;
mod builders;
mod concurrency;
mod conformance;
mod connections;
mod decode_errors;
mod dependencies;
mod ensure;
mod error_table;
mod errors;
mod example_offer;
mod examples;
mod extremes;
mod fault_injection;
mod fault_table;
mod formats;
mod ids;
mod incidents;
mod lookup_and_modify;
mod manifest;
mod operations;
mod pagination;
mod printed;
mod publish;
mod publish_options;
mod publish_robust;
mod publish_steps;
mod rejected_tokens;
mod request_path;
mod round_trip;
mod rules;
mod sandbox;
mod sandbox_facts;
mod sandbox_program;
mod sandbox_resources;
mod secrets;
mod signed_addresses;
mod simulation;
mod traces;
mod types;
mod upload_records;
mod uploads;
