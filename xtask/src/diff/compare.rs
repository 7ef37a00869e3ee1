//! Compares two documents by their content, regardless of layout and order.

use super::change::{Change, Changes, Direction, Place, changed};
use super::operations::of_operations;
use super::rule::named;
use super::schema::Schemas;
use crate::document::pointer::{local_pointer, unescape};
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns every change of the new document, the most severe first.
pub fn compare(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Changes::default();
    of_document(old, new, &mut changes);
    of_operations(old, new, &mut changes);
    Schemas::new(old, new).compare(&mut changes);
    let mut changes = changes.0;
    changes.iter_mut().for_each(|change| recognise_inherited(change, new));
    changes.sort_by(|a, b| (b.wire(), &a.subject, &a.pointer).cmp(&(a.wire(), &b.subject, &b.pointer)));
    changes
}

/// Recognizes a removed property that moved to a base of its object.
fn recognise_inherited(change: &mut Change, new: &Value) {
    let Some(rest) =
        change.pointer.strip_prefix("/components/schemas/").filter(|_| change.rule.id == "property-removed")
    else {
        return;
    };
    let (Some((schema, _)), Some((_, property))) = (rest.split_once('/'), rest.rsplit_once('/')) else { return };
    let property = unescape(property);
    if has_property(new, &new["components"]["schemas"][unescape(schema)], &property) {
        change.rule = named("property-inherited");
    }
}

/// Returns true if an object or one of its bases has the property.
fn has_property(document: &Value, schema: &Value, property: &str) -> bool {
    // Bases may be circular, or have exponentially many paths.
    let mut followed = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if schema.get("properties").is_some_and(|properties| properties.get(property).is_some()) {
            return true;
        }
        let reference = schema.get("$ref").and_then(Value::as_str).filter(|reference| followed.insert(*reference));
        open.extend(reference.and_then(local_pointer).and_then(|pointer| document.pointer(&pointer)));
        open.extend(schema.get("allOf").and_then(Value::as_array).into_iter().flatten());
    }
    false
}

fn of_document(old: &Value, new: &Value, changes: &mut Changes) {
    let at = |pointer: &str| Place {
        pointer: pointer.to_owned(),
        subject: "document".to_owned(),
        direction: Direction::None,
    };
    for (id, pointer) in [("server-changed", "/servers/0/url"), ("document-version-changed", "/info/version")] {
        let (before, after) = (old.pointer(pointer), new.pointer(pointer));
        if before != after {
            changes.add(id, &at(pointer), changed(before, after));
        }
    }
}
