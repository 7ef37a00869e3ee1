//! The interface of a corrected document: its types, the rules that derive them, and the check of its names.

pub mod api;
pub mod check;
pub mod hand_written;
mod index;
pub mod manifest;
pub mod normalise;
pub mod rules;
