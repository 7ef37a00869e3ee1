//! Workflows of several requests.

mod branch;
pub(crate) mod check;
mod download;
pub(crate) mod draft;
mod json_change;
mod lookup;
pub(crate) mod manifest;
pub(crate) mod modify;
pub(crate) mod publish;
mod search;
mod submitted;
pub(crate) mod upload;
mod wait;
