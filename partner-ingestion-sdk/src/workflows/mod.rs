//! Workflows of several requests.

mod branch;
pub(crate) mod check;
pub(crate) mod draft;
mod lookup;
pub(crate) mod modify;
pub(crate) mod publish;
pub(crate) mod upload;
mod wait;
