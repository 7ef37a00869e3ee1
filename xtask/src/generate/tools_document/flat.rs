//! Objects without base types. A type repeats a property of its base with other values, and generators differ in which one they take;
//! most of them ignore a discriminator that a base declares as optional.

use super::objects;
use crate::document::pointer::component;
use serde_json::{Map, Value};

/// Bases of bases that are followed. The model rejects circular ones, but only of types that an operation uses.
const DEPTH: usize = 16;

/// Replaces every object that is composed of others by one with all their properties.
pub(super) fn objects_without_bases(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    objects(document, &mut |object| {
        if object.get("allOf").and_then(Value::as_array).is_some_and(|parts| parts.len() > 1) {
            *object = merged(object, &schemas, DEPTH);
        }
    });
}

/// The properties of the bases, then those of the object.
fn merged(object: &Map<String, Value>, schemas: &Value, depth: usize) -> Map<String, Value> {
    let mut whole = Map::new();
    let parts = object.get("allOf").and_then(Value::as_array).filter(|_| depth > 0);
    for part in parts.into_iter().flatten().filter_map(Value::as_object) {
        let base = part.get("$ref").and_then(Value::as_str).and_then(|reference| component(reference, "schemas"));
        let base = base.and_then(|name| schemas.get(name)?.as_object());
        extend(&mut whole, merged(base.unwrap_or(part), schemas, depth - 1));
    }
    let own = object.iter().filter(|(name, _)| *name != "allOf");
    extend(&mut whole, own.map(|(name, member)| (name.clone(), member.clone())).collect());
    whole
}

fn extend(whole: &mut Map<String, Value>, part: Map<String, Value>) {
    for (name, member) in part {
        match (name.as_str(), whole.get_mut(&name), member) {
            ("properties", Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            ("required", Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (_, _, member) => {
                whole.insert(name, member);
            }
        }
    }
}
