//! Hand-written support for the generated types: lossless values, open enums, unions, ids, setters and constructors. Compiled with
//! and without the feature `client`.

mod constructors;
mod display;
pub(crate) mod filter;
pub(crate) mod id;
pub(crate) mod open_enum;
mod package_reference;
pub(crate) mod raw;
pub(crate) mod resource;
pub(crate) mod setters;
pub(crate) mod stage;
pub(crate) mod union;
pub(crate) mod value;
