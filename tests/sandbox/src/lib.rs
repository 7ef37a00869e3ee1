#![doc = include_str!("../README.md")]

mod blob;
mod builder;
mod call_log;
mod changes;
mod clock;
mod connection;
mod contract;
mod control;
mod entra;
mod error_shape;
mod fault;
mod guard;
mod incident;
mod kept;
mod local;
mod message;
mod model;
mod names;
mod network;
mod page;
mod persist;
mod record;
mod recorder;
mod redact;
mod replay;
mod reset;
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
pub use replay::{Difference, Replay};
pub use sandbox::Sandbox;
pub use submission_outcome::SubmissionOutcome;

#[doc = include_str!("../PROTOCOL.md")]
pub mod protocol {}
