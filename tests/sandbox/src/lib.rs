#![doc = include_str!("../README.md")]

mod blob;
mod clock;
mod contract;
mod control;
mod entra;
mod fault;
mod http;
mod sandbox;
mod schema;
mod server;
mod service;
mod world;

pub use fault::{Calls, Fault};
pub use sandbox::{CallRecord, Sandbox, SandboxBuilder};
