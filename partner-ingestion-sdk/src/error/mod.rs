//! The error of the client, the forms of the service's error bodies, and hints.

mod body;
mod decode;
mod display;
#[allow(clippy::module_inception, reason = "the file is named after its type")]
mod error;
mod hint;
pub(crate) mod ingestion;
mod kind;
mod predicates;
mod redact;

pub use body::FieldErrors;
pub(crate) use decode::decode_error;
pub use error::Error;
pub use kind::ErrorKind;
