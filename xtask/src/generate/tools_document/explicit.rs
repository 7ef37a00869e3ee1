//! Says what other generators do not assume: what a request must have, and that objects are open.

use super::objects;
use crate::generate::model::api::{Api, UnionKind};
use serde_json::{Value, json};

/// Makes the property that selects a member of a union required in each member. Without it, generators ignore the discriminator.
pub(super) fn required_tags(document: &mut Value, api: &Api) {
    for union in api.unions.values() {
        let UnionKind::Tagged { tag, members } = &union.kind else { continue };
        for member in members {
            let field = api.structs.get(&member.ty).and_then(|item| item.field(tag));
            let object = field.and_then(|field| field.pointer.strip_suffix(&format!("/properties/{tag}")));
            if let Some(Value::Object(object)) = object.and_then(|pointer| document.pointer_mut(pointer)) {
                object.insert("required".to_owned(), json!([tag]));
            }
        }
    }
}

/// Makes bodies required, and describes headers.
pub(super) fn requests(document: &mut Value) {
    objects(document, &mut |object| {
        if let Some(Value::Object(body)) = object.get_mut("requestBody") {
            body.insert("required".to_owned(), true.into());
        }
        if object.get("in").is_some_and(|place| place == "header") && !object.contains_key("description") {
            let name = object.get("name").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
            let description = match name.as_str() {
                "if-match" => "The entity tag of the resource as it was read, including its double quotes.",
                "client-request-id" => "An id of the request, chosen by the client.",
                _ => return,
            };
            object.insert("description".to_owned(), description.into());
        }
    });
}

/// Says that objects have further properties, which many generators else drop: a PUT replaces the whole object. Replaces alternatives
/// with one member by the member. Wraps references with siblings, which OpenAPI 3.0 ignores.
pub(super) fn schemas(document: &mut Value) {
    objects(document, &mut |object| {
        if object.get("properties").is_some_and(Value::is_object) && !object.contains_key("additionalProperties") {
            object.insert("additionalProperties".to_owned(), true.into());
        }
        if let Some([Value::Object(only)]) = object.get("oneOf").and_then(Value::as_array).map(Vec::as_slice) {
            let only = only.clone();
            object.remove("oneOf");
            object.extend(only);
        }
        if object.len() > 1
            && let Some(reference) = object.remove("$ref")
        {
            object.insert("allOf".to_owned(), json!([{"$ref": reference}]));
        }
    });
}
