//! Swagger 2.0 written as OpenAPI 3.0, by the `roas` crate; what is done here is what vendors say beside the specification.

use super::load::NotUsable;
use super::node::escape;
use super::panics::without_panic;
use roas::{v2, v3_0};
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

/// Keywords of OpenAPI 3.0 that a Swagger 2.0 document can only write as extensions.
const PROMOTED: [&str; 5] = ["nullable", "oneOf", "anyOf", "deprecated", "format"];

/// The formats that the specification lists; `roas` refuses others, which the specification allows.
const FORMATS: [&str; 9] = ["int32", "int64", "float", "double", "byte", "binary", "date", "date-time", "password"];

/// The same interface as an OpenAPI 3.0 document.
pub fn upgrade(mut document: Value) -> Result<Value, NotUsable> {
    // Without it every body would be of any media type.
    for key in ["consumes", "produces"] {
        if let Some(members) = document.as_object_mut() {
            members.entry(key).or_insert_with(|| json!(["application/json"]));
        }
    }
    shield_formats(&mut document);
    let older: v2::spec::Spec = serde_path_to_error::deserialize(document).map_err(|error| {
        let message = format!("not a Swagger 2.0 document: {}", error.inner());
        NotUsable::at(&pointer_of(error.path()), message)
    })?;
    let newer = without_panic("the converter", || serde_json::to_value(v3_0::spec::Spec::from(older)));
    let mut newer = newer
        .and_then(|newer| Ok(newer?))
        .map_err(|error| NotUsable::at("", format!("Swagger 2.0 that cannot be written as OpenAPI 3.0: {error}")))?;
    promote(&mut newer);
    Ok(newer)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(format!("/{}", escape(key))),
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect()
}

/// Formats of the publisher's own travel as extensions.
fn shield_formats(node: &mut Value) {
    match node {
        Value::Object(members) => {
            let own = members.get("format").and_then(Value::as_str).is_some_and(|format| !FORMATS.contains(&format));
            if own && let Some(format) = members.remove("format") {
                members.insert("x-format".to_owned(), format);
            }
            members.values_mut().for_each(shield_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(shield_formats),
        _ => {}
    }
}

fn promote(node: &mut Value) {
    match node {
        Value::Object(members) => {
            for keyword in PROMOTED {
                promote_keyword(members, keyword);
            }
            members.values_mut().for_each(promote);
        }
        Value::Array(items) => items.iter_mut().for_each(promote),
        _ => {}
    }
}

fn promote_keyword(members: &mut Map<String, Value>, keyword: &str) {
    if let Some(value) = members.remove(&format!("x-{keyword}")) {
        members.entry(keyword).or_insert(value);
        // References of the older form within an extension are nobody's but ours to rewrite.
        if let Some(value) = members.get_mut(keyword) {
            rewrite_references(value);
        }
    }
}

fn rewrite_references(node: &mut Value) {
    match node {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replacen("#/definitions/", "#/components/schemas/", 1);
            }
            members.values_mut().for_each(rewrite_references);
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite_references),
        _ => {}
    }
}

/// Where a place of the newer document stands in the older one, as far as that is known.
pub fn older_pointer(pointer: &str) -> String {
    const MOVED: [(&str, &str); 3] = [
        ("/components/schemas/", "/definitions/"),
        ("/components/parameters/", "/parameters/"),
        ("/components/responses/", "/responses/"),
    ];
    for (newer, older) in MOVED {
        if let Some(rest) = pointer.strip_prefix(newer) {
            return format!("{older}{rest}");
        }
    }
    pointer.to_owned()
}
