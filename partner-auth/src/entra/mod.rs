//! Entra ID: where its token endpoints are, what is sent there, and what its answers mean.

pub(crate) mod answer;
pub(crate) mod authority;
pub(crate) mod bridge;
pub(crate) mod exchange;
pub(crate) mod hints;
#[cfg(test)]
mod tests;
mod wire;
