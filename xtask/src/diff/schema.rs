//! Compares the schemas of two documents. References are compared by name, and each named schema is compared once.

use super::change::{Changes, Direction, Place, changed, members, texts};
use crate::document::pointer::{component, escape, local_pointer};
use crate::document::words::same_letters;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Keywords that restrict values, except type, format and enum.
const CONSTRAINTS: [&str; 13] = [
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "readOnly",
    "additionalProperties",
];

/// The named schemas of two documents, and whether requests or responses use them.
pub struct Schemas<'d> {
    old: BTreeMap<&'d str, &'d Value>,
    new: BTreeMap<&'d str, &'d Value>,
    requests: BTreeSet<String>,
    responses: BTreeSet<String>,
}

impl<'d> Schemas<'d> {
    pub fn new(old: &'d Value, new: &'d Value) -> Self {
        let named = |document: &'d Value| -> BTreeMap<&'d str, &'d Value> {
            members(document.pointer("/components/schemas")).map(|(name, node)| (name.as_str(), node)).collect()
        };
        let mut schemas =
            Self { old: named(old), new: named(new), requests: BTreeSet::new(), responses: BTreeSet::new() };
        for document in [old, new] {
            for (_, item) in members(document.get("paths")) {
                for (_, operation) in members(Some(item)) {
                    let mut found = BTreeSet::new();
                    references(document, &operation["parameters"], &mut found);
                    references(document, &operation["requestBody"], &mut found);
                    schemas.requests.append(&mut found);
                    references(document, &operation["responses"], &mut found);
                    schemas.responses.append(&mut found);
                }
            }
        }
        schemas
    }

    pub fn compare(&self, changes: &mut Changes) {
        for name in self.old.keys().filter(|name| !self.new.contains_key(*name)) {
            changes.add("schema-removed", &self.place(name), "");
        }
        for (name, schema) in &self.new {
            match self.old.get(name) {
                None => changes.add("schema-added", &self.place(name), ""),
                Some(earlier) => compare(earlier, schema, &self.place(name), changes),
            }
        }
    }

    fn place(&self, name: &str) -> Place {
        let direction = match (self.requests.contains(name), self.responses.contains(name)) {
            (true, true) => Direction::Both,
            (true, false) => Direction::Request,
            (false, true) => Direction::Response,
            (false, false) => Direction::None,
        };
        Place { pointer: format!("/components/schemas/{}", escape(name)), subject: short(name).to_owned(), direction }
    }
}

/// Returns the last part of a dotted name, the name of the type.
fn short(name: &str) -> &str {
    name.trim_end_matches('_').rsplit('.').next().unwrap_or(name)
}

/// Collects the schemas that a node refers to, directly or indirectly.
fn references<'d>(document: &'d Value, node: &'d Value, found: &mut BTreeSet<String>) {
    // References may be circular, or chained more deeply than the stack allows.
    let mut followed = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str)
                    && followed.insert(reference)
                    && let Some(pointer) = local_pointer(reference)
                {
                    let fresh = component(reference, "schemas").is_none_or(|name| found.insert(name));
                    open.extend(document.pointer(&pointer).filter(|_| fresh));
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// Compares two schemas at one place.
pub fn compare(old: &Value, new: &Value, at: &Place, changes: &mut Changes) {
    let (before, after) = (kind(old), kind(new));
    if before != after {
        return changes.add("type-changed", at, format!("{before} is now {after}"));
    }
    if old.get("format") != new.get("format") {
        changes.add("format-changed", at, changed(old.get("format"), new.get("format")));
    }
    match (old["nullable"] == true, new["nullable"] == true) {
        (false, true) => changes.add("became-nullable", at, ""),
        (true, false) => changes.add("became-not-nullable", at, ""),
        _ => {}
    }
    for key in CONSTRAINTS.iter().filter(|key| old.get(**key) != new.get(**key)) {
        changes.add("constraint-changed", &at.below(key), format!("{key}: {}", changed(old.get(*key), new.get(*key))));
    }
    texts(old, new, at, changes);
    of_values(old, new, at, changes);
    of_properties(old, new, at, changes);
    for (key, added, removed) in [
        ("oneOf", "union-member-added", "union-member-removed"),
        ("anyOf", "union-member-added", "union-member-removed"),
        ("allOf", "base-added", "base-removed"),
    ] {
        of_parts(old, new, key, (added, removed), at, changes);
    }
    if new.get("items").is_some() {
        compare(&old["items"], &new["items"], &at.below("items"), changes);
    }
}

/// Returns the type of a schema, the target of its reference, or its composition.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return short(reference.rsplit('/').next().unwrap_or(reference)).to_owned();
    }
    let put_together = ["oneOf", "anyOf", "allOf"].into_iter().find(|key| schema.get(*key).is_some());
    let object = schema.get("properties").map(|_| "object");
    let kind = schema.get("type").and_then(Value::as_str).or(object).or(put_together);
    match kind {
        // Objects with `allOf` may or may not have a `type`.
        Some("allOf") => "object".to_owned(),
        other => other.unwrap_or("anything").to_owned(),
    }
}

fn of_values(old: &Value, new: &Value, at: &Place, changes: &mut Changes) {
    let values = |schema: &Value| -> Option<Vec<String>> {
        let values = schema.get("enum")?.as_array()?.iter();
        Some(values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect())
    };
    let at = &at.below("enum");
    let (before, after) = match (values(old), values(new)) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(after)) => return changes.add("values-closed", at, after.join(", ")),
        (Some(_), None) => return changes.add("values-opened", at, ""),
        (None, None) => return,
    };
    let mut removed: Vec<&String> = before.iter().filter(|value| !after.contains(value)).collect();
    for value in after.iter().filter(|value| !before.contains(value)) {
        // Differs only in case or punctuation, or is the only new value at the position of the removed one.
        let place = |value: &String, values: &[String]| values.iter().position(|other| other == value);
        let renamed = removed.iter().position(|gone| {
            same_letters(gone, value) || (before.len() == after.len() && place(gone, &before) == place(value, &after))
        });
        match renamed {
            Some(gone) => {
                let gone = removed.remove(gone);
                changes.add("enum-value-renamed", at, format!("{gone} is now {value}"));
            }
            None => changes.add("enum-value-added", at, value.as_str()),
        }
    }
    for value in removed {
        changes.add("enum-value-removed", at, value.as_str());
    }
}

fn of_properties(old: &Value, new: &Value, at: &Place, changes: &mut Changes) {
    let of = |schema: &'_ Value| -> BTreeMap<String, Value> {
        members(schema.get("properties")).map(|(name, node)| (name.clone(), node.clone())).collect()
    };
    let (before, after) = (of(old), of(new));
    let inner = |name: &str| Place { subject: format!("{}.{name}", at.subject), ..at.below("properties").below(name) };
    let mut removed: Vec<&String> = before.keys().filter(|name| !after.contains_key(*name)).collect();
    for (name, schema) in &after {
        if let Some(earlier) = before.get(name) {
            compare(earlier, schema, &inner(name), changes);
            continue;
        }
        match removed.iter().position(|gone| same_letters(gone, name)) {
            Some(gone) => {
                let gone = removed.remove(gone);
                changes.add("property-renamed", &inner(name), format!("{gone} is now {name}"));
                compare(&before[gone], schema, &inner(name), changes);
            }
            None => changes.add("property-added", &inner(name), kind(schema)),
        }
    }
    for name in removed {
        changes.add("property-removed", &inner(name), "");
    }
    let required = |schema: &Value| -> BTreeSet<String> {
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (before, after) = (required(old), required(new));
    for name in after.difference(&before) {
        changes.add("property-became-required", &inner(name), "");
    }
    for name in before.difference(&after) {
        changes.add("property-became-optional", &inner(name), "");
    }
}

/// Compares members of a union or bases of an object: named ones by name, others by position.
fn of_parts(old: &Value, new: &Value, key: &str, ids: (&str, &str), at: &Place, changes: &mut Changes) {
    type Parts = (BTreeSet<String>, Vec<(usize, Value)>);
    let parts = |schema: &Value| -> Parts {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten().cloned().enumerate();
        let (named, others): (Vec<_>, Vec<_>) = parts.partition(|(_, part)| part.get("$ref").is_some());
        (named.iter().map(|(_, part)| kind(part)).collect(), others)
    };
    let at = &at.below(key);
    let ((before, earlier), (after, later)) = (parts(old), parts(new));
    for name in after.difference(&before) {
        changes.add(ids.0, at, name.as_str());
    }
    for name in before.difference(&after) {
        changes.add(ids.1, at, name.as_str());
    }
    for ((_, earlier), (index, later)) in earlier.iter().zip(&later) {
        compare(earlier, later, &at.below(&index.to_string()), changes);
    }
    for (_, part) in later.iter().skip(earlier.len()) {
        changes.add(ids.0, at, kind(part));
    }
    for (_, part) in earlier.iter().skip(later.len()) {
        changes.add(ids.1, at, kind(part));
    }
}
