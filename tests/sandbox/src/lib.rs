#![doc = include_str!("../README.md")]

mod blob;
mod contract;
mod entra;
mod http;
mod sandbox;
mod schema;
mod service;
mod world;

pub use sandbox::{CallRecord, Sandbox, SandboxBuilder};
