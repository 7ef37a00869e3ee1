//! Commands that start other programs: tests, examples, benchmarks.

pub mod bench;
pub mod ci;
pub mod demo;
pub mod interop;
mod package;
pub mod soak;
pub mod test_times;
