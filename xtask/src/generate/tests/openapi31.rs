//! The document as OpenAPI 3.1 gives the same crate.

use super::Project;
use super::document::code_only;
use serde_json::{Map, Value, json};

/// Rewrites schemas in the forms of 3.1.
fn newer(node: &mut Value, is_map: bool) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| newer(item, false)),
        Value::Object(members) => {
            members
                .iter_mut()
                .for_each(|(key, member)| newer(member, !is_map && (key == "properties" || key == "schemas")));
            if !is_map {
                schema(members);
            }
        }
        _ => {}
    }
}

fn schema(members: &mut Map<String, Value>) {
    if members.remove("nullable").is_some() {
        members["type"] = json!([members["type"], "null"]);
    }
    if let Some(Value::Array(values)) =
        members.get("enum").filter(|values| values.as_array().is_some_and(|v| v.len() == 1))
    {
        let value = values[0].clone();
        members.remove("enum");
        members.insert("const".to_owned(), value);
    }
    match members.get("$ref").and_then(Value::as_str) {
        Some(reference) if reference.contains("/schemas/") => {
            members.insert("description".to_owned(), "Beside a reference.".into());
        }
        None if members.get("type").is_some_and(|kind| kind == "string") => {
            members.insert("examples".to_owned(), json!(["a"]));
        }
        _ => {}
    }
}

#[test]
fn openapi_3_1_gives_the_same_crate() {
    let project = Project::new();
    let document = project.changed(|document| {
        document["openapi"] = "3.1.0".into();
        document["jsonSchemaDialect"] = "https://spec.openapis.org/oas/3.1/dialect/base".into();
        newer(document, false);
    });
    assert!(
        document.contains("\"const\":") && document.contains("\"null\"]") && document.contains("Beside a reference.")
    );
    let files = project.other_document(&document).unwrap();
    let (older, newer) = (code_only(Project::plain()), code_only(&files));
    assert!(older.len() == newer.len() && older.len() > 10);
    for ((path, older), (_, newer)) in older.iter().zip(&newer) {
        let difference = older.lines().zip(newer.lines()).find(|(older, newer)| older != newer);
        assert!(older == newer, "{path}: {difference:?}");
    }
}
