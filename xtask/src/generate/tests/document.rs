//! The committed document. A digest of its interface detects accidental edits. Equivalent documents give the same Rust.

use super::Project;
use crate::document::pin::{self, sha256};
use serde_json::{Map, Value, json};
use std::fmt::Write;

fn committed() -> Value {
    serde_json::from_str(&committed_text()).unwrap()
}

fn committed_text() -> String {
    Project::new().read("openapi/partner-ingestion.json")
}

/// Returns every key in the order of the file, which `serde_json` would sort.
fn keys_in_order(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": ").map(|(key, _)| format!("{key}\n")))
        .collect()
}

/// Returns a type as one line: names, formats, values and composition, without descriptions.
fn type_line(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref") {
        return format!("ref {}", reference.as_str().unwrap());
    }
    for key in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            return format!("{key}({})", parts.iter().map(type_line).collect::<Vec<_>>().join(" "));
        }
    }
    let mut line = schema.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    for key in ["format", "enum", "nullable", "required", "additionalProperties"] {
        if let Some(value) = schema.get(key) {
            write!(line, " {key}={value}").unwrap();
        }
    }
    if let Some(items) = schema.get("items") {
        write!(line, " of {}", type_line(items)).unwrap();
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        write!(line, " {name}:({})", type_line(property)).unwrap();
    }
    line
}

/// Returns the whole interface, one line for each operation, parameter, response and schema.
fn reduce(document: &Value) -> String {
    let mut lines = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            writeln!(lines, "{method} {path} {}", operation["tags"]).unwrap();
            for parameter in operation["parameters"].as_array().unwrap() {
                writeln!(lines, "  parameter {}", parameter_line(parameter)).unwrap();
            }
            if let Some(body) = operation.get("requestBody") {
                writeln!(lines, "  body {}", content_line(body)).unwrap();
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let headers: Vec<&String> =
                    response.get("headers").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
                writeln!(lines, "  {status} {} {headers:?} {}", content_line(response), response["$ref"]).unwrap();
            }
        }
    }
    let components = document["components"].as_object().unwrap();
    for (name, schema) in components["schemas"].as_object().unwrap() {
        writeln!(lines, "schema {name} {}", type_line(schema)).unwrap();
    }
    for (name, parameter) in components["parameters"].as_object().unwrap() {
        writeln!(lines, "parameter {name} {}", parameter_line(parameter)).unwrap();
    }
    for (name, response) in components["responses"].as_object().unwrap() {
        writeln!(lines, "response {name} {}", content_line(response)).unwrap();
    }
    lines
}

fn parameter_line(parameter: &Value) -> String {
    let schema = parameter.get("schema").map(type_line).unwrap_or_default();
    format!("{} {} {} {} {schema}", parameter["$ref"], parameter["in"], parameter["name"], parameter["required"])
}

fn content_line(holder: &Value) -> String {
    let content = holder.get("content").and_then(Value::as_object).into_iter().flatten();
    content.map(|(media, content)| format!("{media} {}", type_line(&content["schema"]))).collect()
}

/// The digest of the first version, which was rebuilt by hand. Later versions are committed as published and need only their pin.
const FIRST_VERSION: &str = "bd5b364d5e23";

#[test]
fn the_committed_document_has_the_published_interface() {
    let document = committed();
    let pin = pin::read(&Project::new().path("openapi/source.toml")).unwrap();
    if !pin.sha256.starts_with(FIRST_VERSION) {
        return;
    }
    let operations: usize =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    let counts = [
        document["paths"].as_object().unwrap().len(),
        operations,
        document["components"]["schemas"].as_object().unwrap().len(),
        document["components"]["parameters"].as_object().unwrap().len(),
    ];
    assert_eq!(counts, [43, 78, 102, 11]);
    // A change here means that the published document changed. Put facts about the API into openapi/overlays/.
    let reduction = reduce(&document) + &keys_in_order(&committed_text());
    assert_eq!(&sha256(reduction.as_bytes())[..32], "9ccf061b3ad342ecea939e6ac71ec59b");
}

#[test]
fn interface_digest_detects_changed_details() {
    let document = committed();
    let before = reduce(&document);
    for (pointer, value) in [
        ("/components/responses/204/content", json!({})),
        ("/components/parameters/Authorization/required", json!(false)),
        ("/paths/~1products/get/tags/0", json!("Products")),
    ] {
        let mut edited = document.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        assert_ne!(reduce(&edited), before, "{pointer}");
    }
}

/// Adds hostile descriptions, examples and extensions wherever a document can have them.
pub fn add_descriptions(value: &mut Value, pointer: &str) {
    const TEXT: &str = "```json\r\n{}\r\n```\r\nReturns &lt;b&gt;all&lt;/b&gt; &amp;amp; more.\r\n\r\n    {\r\n      \"sample\": [x]\r\n    }\r\n\r\nSee http://a.example/[y] and Vec<T>, `a";
    match value {
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(i, item)| add_descriptions(item, &format!("{pointer}/{i}")))
        }
        Value::Object(object) => {
            let is_map = ["/properties", "/paths", "/schemas", "/parameters", "/responses", "/headers", "/content"];
            if object.contains_key("$ref") {
                object.insert("description".to_owned(), "next to a reference".into());
                return;
            }
            object.iter_mut().for_each(|(key, member)| add_descriptions(member, &format!("{pointer}/{key}")));
            if !is_map.iter().any(|map| pointer.ends_with(map)) && !pointer.is_empty() {
                object.insert("description".to_owned(), TEXT.into());
                object.insert("x-ms-thing".to_owned(), json!({"$ref": "#/nowhere", "enum": [1]}));
                let is_schema =
                    object.contains_key("type") || object.contains_key("allOf") || object.contains_key("oneOf");
                if is_schema {
                    object.insert("example".to_owned(), json!({"ID": 7, "$ref": "#/nowhere"}));
                    object.insert("title".to_owned(), "Title".into());
                }
            }
        }
        _ => {}
    }
}

/// Writes JSON with the keys of every object in reverse order. `serde_json` would sort them.
fn write_with_reversed_keys(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            out.push('{');
            for (i, (key, member)) in object.iter().rev().enumerate() {
                let comma = if i > 0 { "," } else { "" };
                write!(out, "{comma}\r\n{}: ", Value::from(key.as_str())).unwrap();
                write_with_reversed_keys(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write_with_reversed_keys(item, out);
            }
            out.push(']');
        }
        other => write!(out, "{other}").unwrap(),
    }
}

/// Returns the Rust files without comments.
pub fn code_only(files: &[(std::path::PathBuf, String)]) -> Vec<(String, String)> {
    let rust = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|(path, text)| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        (path.display().to_string(), lines.collect::<Vec<_>>().join("\n"))
    })
    .collect()
}

#[test]
fn equivalent_document_gives_the_same_rust() {
    let project = Project::new();
    let mut document = committed();
    add_descriptions(&mut document, "");
    let mut text = String::from("\u{feff}");
    write_with_reversed_keys(&document, &mut text);
    let described = project.other_document(&text).unwrap();
    assert_eq!(code_only(Project::plain()), code_only(&described));
    // The descriptions are in the output.
    assert_ne!(Project::plain(), described);
    assert!(described.iter().all(|(_, text)| !text.contains("/// &lt;")));
}

#[test]
fn required_fields_do_not_change_the_rust() {
    let project = Project::new();
    let mut document = committed();
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        let keys = |s: &Value| s["properties"].as_object().map(|p| p.keys().cloned().collect::<Vec<_>>());
        if let Some(keys) = keys(schema) {
            schema["required"] = keys.into();
        }
    }
    let required = project.other_document(document.to_string()).unwrap();
    assert_eq!(code_only(Project::plain()), code_only(&required));
}

/// A new description changes the comments that have it, and no other Rust file.
#[test]
fn new_prose_changes_only_its_comments() {
    let project = Project::new();
    let document = project.changed(|document| {
        super::schema(document, "Products.AzureProductSetup")["description"] = "Other words.".into();
    });
    let files = project.other_document(document).unwrap();
    let rust = |path: &std::path::Path| path.extension().is_some_and(|kind| kind == "rs");
    let both = Project::plain().iter().zip(&files).filter(|((path, _), _)| rust(path));
    let changed = both.filter(|((_, before), (_, after))| before != after).map(|((path, _), _)| path);
    let changed: Vec<&str> = changed.filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(changed, ["types.rs"]);
    assert_eq!(code_only(Project::plain()), code_only(&files));
}
