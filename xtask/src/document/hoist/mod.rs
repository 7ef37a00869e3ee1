//! Replaces inlined components with references, because converters and flattening tools write a component's content in place of its
//! reference. Works on OpenAPI 3.0, to which every document is lowered.
//!
//! An inline schema with the shape of a component becomes a reference to it: see [`shape`] for what is compared. Where two components
//! have one shape, the place in an earlier document with components decides, else the first name. Components that are missing
//! altogether come from the earlier document.

mod schema;
pub mod shape;
#[cfg(test)]
mod tests;
mod walk;

use super::finding::Finding;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use walk::Hoist;

/// A document with references, and how it came to them.
pub struct Hoisted {
    pub value: Value,
    /// The place in the document of each component that was added.
    pub places: BTreeMap<String, String>,
    /// Names that the maintainer should know about.
    pub notices: Vec<Finding>,
}

/// Replaces inlined components. `earlier` is a document of the same API with components.
pub fn hoist(document: &Value, earlier: Option<&Value>) -> Hoisted {
    const NONE: &Value = &Value::Null;
    let mut hoist = Hoist::new(document, earlier.unwrap_or(NONE));
    let value = hoist.document();
    let (places, notices) = (hoist.places, hoist.notices);
    Hoisted { value, places, notices }
}

/// Returns the members of an object; none of anything else.
fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// Adds components of a kind to a document. Existing ones stay.
fn add(document: &mut Value, kind: &str, added: Map<String, Value>) {
    if added.is_empty() {
        return;
    }
    let Some(document) = document.as_object_mut() else { return };
    let components = document.entry("components").or_insert_with(|| Map::new().into());
    let Some(components) = components.as_object_mut() else { return };
    let shared = components.entry(kind).or_insert_with(|| Map::new().into());
    if let Some(shared) = shared.as_object_mut() {
        for (name, value) in added {
            shared.entry(name).or_insert(value);
        }
    }
}
