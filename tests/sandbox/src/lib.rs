#![doc = include_str!("../README.md")]

mod answer;
mod blob;
mod builder;
mod clock;
mod connection;
mod contract;
mod control;
mod entra;
mod fault;
mod incident;
mod message;
mod names;
mod record;
mod sandbox;
mod schema;
mod server;
mod service;
mod shape;
mod verdict;
mod world;

pub use builder::SandboxBuilder;
pub use fault::{Calls, Fault};
pub use incident::Incident;
pub use names::UnknownName;
pub use record::{CallRecord, Exchange};
pub use sandbox::Sandbox;
pub use shape::ErrorShape;
pub use verdict::Verdict;
