//! One request, from its builder to its response.

pub(crate) mod attempt;
pub(crate) mod call;
mod call_attempts;
pub(crate) mod connection;
pub(crate) mod connection_gate;
pub(crate) mod observe;
pub(crate) mod operation;
pub(crate) mod pager;
mod pipeline;
pub(crate) mod rate_limiter;
pub(crate) mod raw;
pub(crate) mod response;
pub(crate) mod retry;
mod send;
mod trace;
pub(crate) mod url;
