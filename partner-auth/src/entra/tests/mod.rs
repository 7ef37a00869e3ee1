//! The token client against a scripted Entra ID, and tables of response bodies.

mod error_responses;
mod requests;
mod token_responses;
#[cfg(target_os = "linux")]
mod zeroed;
