//! The exchange against a scripted Entra ID, and its answers as tables.

mod exchange;
mod refusals;
mod tokens;
