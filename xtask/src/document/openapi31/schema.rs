//! Lowers schemas of JSON Schema 2020-12 to those of OpenAPI 3.0.

use super::{Members, each, list, refused, unknown};
use crate::document::finding::Finding;
use crate::document::node::Node;
use crate::document::pointer::escape;
use serde_json::{Value, json};

/// Keywords that are the same in both.
const SAME: [&str; 25] = [
    "type",
    "format",
    "title",
    "description",
    "default",
    "example",
    "enum",
    "required",
    "multipleOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "readOnly",
    "writeOnly",
    "deprecated",
    "nullable",
    "externalDocs",
    "xml",
];

/// Keywords without effect on values.
const DROPPED: [&str; 3] = ["$comment", "$schema", "contentSchema"];

/// Keywords that 3.0 cannot express, and what to do instead.
const REFUSED: [(&str, &str); 24] = [
    ("$defs", "move the schemas to components"),
    ("definitions", "move the schemas to components"),
    ("$id", "refer to schemas by their place in components"),
    ("$anchor", "refer to schemas by their place in components"),
    ("$dynamicRef", "use `$ref`"),
    ("$dynamicAnchor", "use `$ref`"),
    ("$recursiveRef", "use `$ref`"),
    ("$vocabulary", "remove it"),
    ("if", "use `oneOf`"),
    ("then", "use `oneOf`"),
    ("else", "use `oneOf`"),
    ("dependentSchemas", "remove it"),
    ("dependentRequired", "remove it"),
    ("dependencies", "remove it"),
    ("patternProperties", "use `additionalProperties`"),
    ("propertyNames", "remove it"),
    ("prefixItems", "use `items`"),
    ("additionalItems", "use `items`"),
    ("unevaluatedItems", "remove it"),
    ("unevaluatedProperties", "use `additionalProperties`"),
    ("contains", "remove it"),
    ("minContains", "remove it"),
    ("maxContains", "remove it"),
    ("not", "list the values that are allowed"),
];

pub fn schema(node: &Node<'_>) -> Result<Value, Finding> {
    match node.value {
        Value::Bool(true) => return Ok(json!({})),
        Value::Bool(false) => return Err(refused(node, "a schema that no value fits", "remove its property")),
        _ => {}
    }
    let mut lowered = Members::new();
    for (key, node) in node.members()? {
        if DROPPED.contains(&key) {
            continue;
        }
        if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == key) {
            return Err(refused(&node, &format!("`{key}`"), help));
        }
        let value = match key {
            "$ref" => node.str()?.into(),
            "properties" => properties(&node)?,
            "items" if node.value.is_array() => {
                return Err(refused(&node, "a list of schemas in `items`", "use one schema"));
            }
            "items" => schema(&node)?,
            "additionalProperties" if node.value.is_boolean() => node.value.clone(),
            "additionalProperties" => schema(&node)?,
            "allOf" | "oneOf" | "anyOf" => list(&node, member)?,
            "discriminator" => discriminator(&node)?,
            "const" | "examples" | "exclusiveMinimum" | "exclusiveMaximum" | "contentEncoding" | "contentMediaType" => {
                continue;
            }
            _ if SAME.contains(&key) || key.starts_with("x-") => node.value.clone(),
            _ => return Err(unknown(&node, key)),
        };
        lowered.insert(key.to_owned(), value);
    }
    constant(node, &mut lowered)?;
    examples(node, &mut lowered)?;
    limits(node, &mut lowered)?;
    encoding(node, &mut lowered)?;
    types(&mut lowered).map_err(|message| at(node, "type", message))?;
    nulls(&mut lowered);
    Ok(reference_with_others(lowered))
}

/// A member of a composition. What a reference is beside describes the use, which has no place in 3.0.
fn member(node: &Node<'_>) -> Result<Value, Finding> {
    const ANNOTATIONS: [&str; 5] = ["$ref", "description", "title", "example", "deprecated"];
    let lowered = schema(node)?;
    let others = node.object().is_ok_and(|members| {
        members
            .keys()
            .any(|key| !ANNOTATIONS.contains(&key.as_str()) && !DROPPED.contains(&key.as_str()) && key != "examples")
    });
    Ok(match node.str_of("$ref")? {
        Some(reference) if !others => json!({"$ref": reference}),
        _ => lowered,
    })
}

fn at(node: &Node<'_>, key: &str, message: String) -> Finding {
    Finding::new(format!("{}/{key}", node.pointer), message)
}

/// Names of properties may begin as extensions do.
fn properties(node: &Node<'_>) -> Result<Value, Finding> {
    let members = node.members()?.into_iter();
    members.map(|(name, node)| Ok((name.to_owned(), schema(&node)?))).collect::<Result<Members, _>>().map(Value::from)
}

fn discriminator(node: &Node<'_>) -> Result<Value, Finding> {
    match node.get("defaultMapping") {
        Some(default) => Err(refused(&default, "a default of a discriminator", "remove it; unknown members are kept")),
        None => each(node, |member| Ok(member.value.clone())),
    }
}

fn constant(node: &Node<'_>, lowered: &mut Members) -> Result<(), Finding> {
    let Some(constant) = node.get("const") else { return Ok(()) };
    if lowered.get("enum").and_then(Value::as_array).is_some_and(|values| !values.contains(constant.value)) {
        return Err(refused(&constant, "a constant that is not one of the values", "correct `enum` or `const`"));
    }
    let kind = match constant.value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) => {
            if number.is_f64() {
                "number"
            } else {
                "integer"
            }
        }
        Value::String(_) => "string",
        _ => return Err(refused(&constant, "a constant that is a list or an object", "remove it")),
    };
    lowered.insert("enum".to_owned(), json!([constant.value]));
    lowered.entry("type").or_insert_with(|| kind.into());
    Ok(())
}

fn examples(node: &Node<'_>, lowered: &mut Members) -> Result<(), Finding> {
    if let Some(first) = node.items_of("examples")?.first() {
        lowered.entry("example").or_insert_with(|| first.value.clone());
    }
    Ok(())
}

/// `exclusiveMinimum: 1` is `minimum: 1, exclusiveMinimum: true`.
fn limits(node: &Node<'_>, lowered: &mut Members) -> Result<(), Finding> {
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(limit) = node.get(exclusive) else { continue };
        if limit.value.is_boolean() {
            // The form of 3.0, which some writers keep.
            lowered.insert(exclusive.to_owned(), limit.value.clone());
            continue;
        }
        let number = limit.value.as_f64().ok_or_else(|| limit.expected("a number"))?;
        let other = lowered.get(inclusive).and_then(Value::as_f64);
        let is_stricter =
            other.is_none_or(|other| if inclusive == "minimum" { number >= other } else { number <= other });
        if is_stricter {
            lowered.insert(inclusive.to_owned(), limit.value.clone());
            lowered.insert(exclusive.to_owned(), true.into());
        }
    }
    Ok(())
}

fn encoding(node: &Node<'_>, lowered: &mut Members) -> Result<(), Finding> {
    let format = match node.str_of("contentEncoding")? {
        Some("base64" | "base64url") => "byte",
        Some("binary") => "binary",
        Some(other) => return Err(at(node, "contentEncoding", format!("the encoding {other}"))),
        None if node.str_of("contentMediaType")? == Some("application/octet-stream") => "binary",
        None => return Ok(()),
    };
    lowered.entry("type").or_insert_with(|| "string".into());
    lowered.entry("format").or_insert_with(|| format.into());
    Ok(())
}

/// Makes a list of types one type, or alternatives.
fn types(schema: &mut Members) -> Result<(), String> {
    let list = match schema.get("type") {
        Some(Value::Array(list)) => list.clone(),
        Some(Value::String(kind)) if kind == "null" => vec!["null".into()],
        Some(Value::String(_)) | None => return Ok(()),
        Some(_) => return Err("`type` is neither a text nor a list of texts".to_owned()),
    };
    let names: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    let mut names = names.filter(|names| !names.is_empty()).ok_or("`type` is not a list of texts")?;
    let with_null = names.len();
    names.retain(|name| *name != "null");
    if names.len() < with_null {
        schema.insert("nullable".to_owned(), true.into());
    }
    // An integer is a number.
    if names.contains(&"number") {
        names.retain(|name| *name != "integer");
    }
    names.dedup();
    match names[..] {
        [] => {
            schema.remove("type");
            schema.entry("enum").or_insert_with(|| json!([null]));
        }
        [one] => drop(schema.insert("type".to_owned(), one.into())),
        _ => {
            const ANNOTATIONS: [&str; 8] =
                ["type", "nullable", "title", "description", "default", "example", "deprecated", "readOnly"];
            if let Some(other) = schema.keys().find(|key| !ANNOTATIONS.contains(&key.as_str())) {
                return Err(format!("several types together with `{other}`"));
            }
            let alternatives: Vec<Value> = names.iter().map(|name| json!({"type": name})).collect();
            schema.remove("type");
            schema.insert("oneOf".to_owned(), alternatives.into());
        }
    }
    Ok(())
}

/// `null` as a value or an alternative means that a value may be absent.
fn nulls(schema: &mut Members) {
    let mut is_nullable = false;
    if let Some(Value::Array(values)) = schema.get_mut("enum").filter(|values| **values != json!([null])) {
        let all = values.len();
        values.retain(|value| !value.is_null());
        is_nullable |= values.len() < all;
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(members)) = schema.get_mut(key) {
            let all = members.len();
            members.retain(|member| *member != json!({"nullable": true, "enum": [null]}));
            is_nullable |= members.len() < all;
        }
    }
    if is_nullable {
        schema.insert("nullable".to_owned(), true.into());
    }
}

/// 3.0 ignores what is beside a reference.
fn reference_with_others(mut schema: Members) -> Value {
    if schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        let bases = schema.entry("allOf").or_insert_with(|| json!([]));
        if let Value::Array(bases) = bases {
            bases.insert(0, json!({"$ref": reference}));
        }
    }
    schema.into()
}

/// Lowers the lists of types below a node of a document of version 3.0. Examples and extensions stay.
pub fn type_lists(node: &mut Value, pointer: &str) -> Result<(), Finding> {
    let is_map = ["/properties", "/schemas"].iter().any(|map| pointer.ends_with(map));
    match node {
        Value::Array(items) => {
            items.iter_mut().enumerate().try_for_each(|(at, item)| type_lists(item, &format!("{pointer}/{at}")))
        }
        Value::Object(members) => {
            let has_list = !is_map && members.get("type").is_some_and(Value::is_array);
            if has_list {
                types(members).map_err(|message| Finding::new(format!("{pointer}/type"), message))?;
            }
            for (key, member) in members.iter_mut() {
                let is_data =
                    ["example", "examples", "default", "enum"].contains(&key.as_str()) || key.starts_with("x-");
                if is_map || !is_data {
                    type_lists(member, &format!("{pointer}/{}", escape(key)))?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
