//! Hand-written methods of the types of this API. Everything else in `model` works for any document.

mod constructors;
pub(crate) mod display;
pub(crate) mod filter;
mod package_reference;
pub(crate) mod stage;
