//! Hand-written support for the generated types: lossless values, open enums, unions, ids, setters and constructors. Compiled with
//! and without the feature `client`.

pub(crate) mod id;
pub(crate) mod ingestion;
pub(crate) mod open_enum;
pub(crate) mod raw;
pub(crate) mod resource;
pub(crate) mod setters;
pub(crate) mod union;
pub(crate) mod value;
