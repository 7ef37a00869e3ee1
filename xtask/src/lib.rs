//! The maintainer's tools as a library, for the program `cargo xtask` and the fuzz targets. Not published, without stability promise.

#![allow(missing_docs, reason = "not used outside of this project")]
#![allow(unreachable_pub, reason = "not used outside of this project")]

pub mod diff;
pub mod document;
pub mod generate;
pub mod process;
pub mod report;
pub mod tasks;
pub mod update;
