//! The maintainer's tools as a library, for the program `cargo xtask` and for the fuzz targets. Not published, no promise.

#![allow(missing_docs, reason = "nothing outside of this project sees it; what is not plain is explained all the same")]
#![allow(unreachable_pub, reason = "nothing outside of this project sees it")]

pub mod diff;
pub mod document;
pub mod generate;
pub mod process;
pub mod report;
pub mod tasks;
pub mod update;
