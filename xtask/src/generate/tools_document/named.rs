//! Inline enums, objects and alternatives become components with the names of the crate. Other generators would number them, or name
//! them after the first operation that uses them.

use super::{objects, reference};
use crate::document::words;
use crate::generate::model::api::{Api, Enum, Type, UnionKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Names the inline enums and objects. The pointers are those of the corrected document.
pub(super) fn enums_and_objects(document: &mut Value, api: &Api) {
    let fields = api.structs.values().flat_map(|item| &item.fields);
    let fields = fields.map(|field| (field.pointer.clone(), &field.ty));
    let params = api.operations.iter().flat_map(|op| op.path_params.iter().chain(&op.params));
    let params = params.map(|param| (format!("{}/schema", param.pointer), &param.ty));
    for (pointer, ty) in fields.chain(params) {
        let Type::Enum(name) = ty.innermost() else { continue };
        let (Some(known), Some(schema)) = (api.enums.get(name), document.pointer_mut(&pointer)) else { continue };
        let schema = innermost(schema);
        if schema.get("enum").is_none() || schema["nullable"] == true {
            continue;
        }
        let mut place = json!({"$ref": reference(name)});
        if let Some(description) = schema.get("description") {
            place["description"] = description.clone();
        }
        if add(document, name, &enumeration(known))
            && let Some(schema) = document.pointer_mut(&pointer)
        {
            *innermost(schema) = place;
        }
    }
    let mut inline: Vec<(&String, &String)> = api.structs.iter().map(|(name, item)| (name, &item.pointer)).collect();
    // Objects inside others first.
    inline.sort_by_key(|(_, pointer)| std::cmp::Reverse(pointer.matches('/').count()));
    for (name, pointer) in inline {
        let Some(schema) = document.pointer_mut(pointer).filter(|_| pointer.matches('/').count() > 3) else { continue };
        let object = schema.clone();
        if object.get("properties").is_some()
            && add(document, name, &object)
            && let Some(schema) = document.pointer_mut(pointer)
        {
            *schema = json!({"$ref": reference(name)});
        }
    }
}

/// Names the alternatives that have the members of a union.
pub(super) fn unions(document: &mut Value, api: &Api) {
    let mut names: BTreeMap<BTreeSet<String>, (&String, String)> = BTreeMap::new();
    for (name, union) in &api.unions {
        if let UnionKind::Tagged { tag, members } = &union.kind {
            let members = members.iter().filter(|member| member.deprecation.is_none());
            let members: BTreeSet<String> = members.map(|member| reference(&member.ty)).collect();
            let doc = format!("One of {} types, selected by `{tag}`.", members.len());
            names.insert(members, (name, union.doc.clone().unwrap_or(doc)));
        }
    }
    let mut found = Vec::new();
    objects(document, &mut |object| {
        let Some(members) = object.get("oneOf").and_then(Value::as_array) else { return };
        let members: BTreeSet<String> = members.iter().filter_map(|m| m["$ref"].as_str().map(str::to_owned)).collect();
        if let Some((name, doc)) = names.get(&members) {
            let mut union = std::mem::take(object);
            object.insert("$ref".to_owned(), reference(name).into());
            union.entry("description").or_insert_with(|| doc.as_str().into());
            found.push(((*name).clone(), Value::Object(union)));
        }
    });
    // A component that already has the name is the union itself, and now refers to itself.
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.extend(found);
    }
}

/// The schema of the items, for a list or a map.
fn innermost(schema: &mut Value) -> &mut Value {
    let inner = ["items", "additionalProperties"].into_iter().find(|name| schema[*name].is_object());
    match inner {
        Some(name) => innermost(&mut schema[name]),
        None => schema,
    }
}

fn enumeration(item: &Enum) -> Value {
    let variants = || item.variants.iter().filter(|variant| variant.deprecation.is_none());
    let values: Vec<&str> = variants().map(|variant| variant.wire.as_str()).collect();
    // Generators would make `AZUREAPPLICATION` of `AzureApplication`, and `A_MINUS_B` of `a-b`.
    let names: Vec<String> = variants().map(|variant| words::snake(&variant.rust).to_uppercase()).collect();
    let mut schema = json!({"type": "string", "enum": values, "x-enum-varnames": names});
    if let Some(doc) = &item.doc {
        schema["description"] = doc.as_str().into();
    }
    schema
}

/// Adds a component. Returns false if another one has the name.
fn add(document: &mut Value, name: &str, schema: &Value) -> bool {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return false };
    schemas.entry(name).or_insert_with(|| schema.clone()) == schema
}
