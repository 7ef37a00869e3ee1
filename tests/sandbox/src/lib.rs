#![doc = include_str!("../README.md")]

mod blob;
mod builder;
mod clock;
mod connection;
mod contract;
mod control;
mod entra;
mod error_shape;
mod fault;
mod incident;
mod message;
mod model;
mod names;
mod record;
mod response;
mod rules;
mod sandbox;
mod schema;
mod server;
mod service;
mod submission_outcome;

pub use builder::SandboxBuilder;
pub use error_shape::ErrorShape;
pub use fault::{Calls, Fault};
pub use incident::Incident;
pub use names::UnknownName;
pub use record::{CallRecord, Exchange};
pub use sandbox::Sandbox;
pub use submission_outcome::SubmissionOutcome;
