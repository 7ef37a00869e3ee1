//! The part of the types that is not generated: it makes them lossless, open and convenient. Always compiled.

mod constructors;
mod display;
pub(crate) mod filter;
pub(crate) mod id;
pub(crate) mod open_enum;
pub(crate) mod raw;
pub(crate) mod resource;
pub(crate) mod setters;
pub(crate) mod stage;
pub(crate) mod union;
pub(crate) mod value;
