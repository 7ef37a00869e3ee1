//! Commands that start other programs: tests, examples, benchmarks.

pub mod bench;
pub mod ci;
pub mod demo;
pub mod gates;
pub mod interop;
mod npm;
mod package;
mod python;
pub mod soak;
pub mod test_times;
