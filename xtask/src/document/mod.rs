//! Reads, locates, corrects and names a document: what `generate`, `diff` and `update` share.

pub mod correct;
pub mod correction;
pub mod finding;
pub mod foreign;
mod format;
pub mod hoist;
pub mod load;
pub mod manifest;
pub mod month;
pub mod names;
pub mod node;
mod openapi31;
pub mod overlay;
pub mod pin;
pub mod pointer;
pub mod references;
pub mod rules;
pub mod source;
mod swagger2;
pub mod words;
