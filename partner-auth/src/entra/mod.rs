//! The client of Entra ID's token endpoints.

pub(crate) mod authority;
pub(crate) mod body;
pub(crate) mod hints;
pub(crate) mod response;
#[cfg(test)]
mod tests;
pub(crate) mod token_client;
pub(crate) mod transport;
