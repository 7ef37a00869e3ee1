//! Each form of OpenAPI 3.1 and 3.2 has one in 3.0, or is an error with file, line and column.

use crate::document::load;
use serde_json::{Value, json};

/// A document with this schema.
fn with_schema(schema: &Value) -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {"title": "A", "version": "1", "summary": "s"},
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "webhooks": {},
        "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}}}},
        "components": {"schemas": {"S": schema}},
    })
}

fn lowered(document: &Value) -> Result<Value, String> {
    let text = serde_json::to_string_pretty(document).unwrap();
    let document = load::from_bytes("new.json", text.into_bytes());
    document
        .map(|document| document.value)
        .map_err(|error| anstream::adapter::strip_str(&format!("{error:#}")).to_string())
}

#[test]
fn forms_are_lowered() {
    let reference = json!({"$ref": "#/components/schemas/T"});
    let table = [
        (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
        (json!({"type": ["string"]}), json!({"type": "string"})),
        (json!({"type": ["integer", "number"]}), json!({"type": "number"})),
        (
            json!({"type": ["string", "integer", "null"]}),
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": true}),
        ),
        (json!({"const": "a"}), json!({"type": "string", "enum": ["a"]})),
        (json!({"type": "string", "examples": ["a", "b"]}), json!({"type": "string", "example": "a"})),
        (
            json!({"$ref": "#/components/schemas/T", "description": "d", "$comment": "c"}),
            json!({"allOf": [reference], "description": "d"}),
        ),
        (
            json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9}),
            json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": true}),
        ),
        (json!({"type": "number", "minimum": 5, "exclusiveMinimum": 1}), json!({"type": "number", "minimum": 5})),
        (
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            json!({"type": "string", "enum": ["a"], "nullable": true}),
        ),
        (json!({"allOf": [{"$ref": "#/components/schemas/T", "title": "t"}]}), json!({"allOf": [reference]})),
        (json!({"oneOf": [reference, {"type": "null"}]}), json!({"oneOf": [reference], "nullable": true})),
        (json!({"type": "null"}), json!({"nullable": true, "enum": [null]})),
        (json!({"type": "string", "contentEncoding": "base64"}), json!({"type": "string", "format": "byte"})),
        (json!({"contentMediaType": "application/octet-stream"}), json!({"type": "string", "format": "binary"})),
        (
            json!({"type": "object", "properties": {"x-a": {"type": ["boolean", "null"]}, "const": true}}),
            json!({"type": "object", "properties": {"x-a": {"type": "boolean", "nullable": true}, "const": {}}}),
        ),
    ];
    for (newer, older) in table {
        let document = lowered(&with_schema(&newer)).unwrap_or_else(|error| panic!("{newer}: {error}"));
        assert_eq!(document["components"]["schemas"]["S"], older, "{newer}");
        assert_eq!(document["openapi"], "3.0.3");
        assert!(document.get("webhooks").is_none() && document["info"].get("summary").is_none());
    }
}

/// Converters write lists of types into files that say 3.0. Everything else of such a file stays.
#[test]
fn lists_of_types_are_lowered_in_a_file_that_says_3_0() {
    let schema = json!({
        "type": "object", "example": {"type": ["a", "b"]},
        "properties": {"type": {"type": ["string", "null"]}, "other": {"$ref": "#/a", "description": "kept"}},
    });
    let mut document = with_schema(&schema);
    document["openapi"] = "3.0.1".into();
    let lowered = lowered(&document).unwrap();
    document["components"]["schemas"]["S"]["properties"]["type"] = json!({"type": "string", "nullable": true});
    assert_eq!(lowered, document);
}

#[test]
fn other_constructs_are_errors_with_their_place() {
    let keywords = [
        "$defs",
        "definitions",
        "$id",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$recursiveRef",
        "$vocabulary",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "dependentRequired",
        "dependencies",
        "patternProperties",
        "propertyNames",
        "prefixItems",
        "additionalItems",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contains",
        "minContains",
        "maxContains",
        "not",
        "misspelt",
    ];
    let mut table: Vec<(&str, Value, &str)> = keywords.iter().map(|key| ("", json!({*key: {}}), *key)).collect();
    table.extend([
        ("", json!(false), ""),
        ("", json!({"items": [{}]}), "items"),
        ("", json!({"const": [1]}), "const"),
        ("", json!({"const": "a", "enum": ["b"]}), "const"),
        ("", json!({"type": ["string", "integer"], "minLength": 1}), "type"),
        ("", json!({"type": [1]}), "type"),
        ("", json!({"type": []}), "type"),
        ("", json!({"type": 7}), "type"),
        ("", json!({"exclusiveMinimum": "1"}), "exclusiveMinimum"),
        ("", json!({"contentEncoding": "quoted-printable"}), "contentEncoding"),
        ("", json!({"discriminator": {"propertyName": "a", "defaultMapping": "b"}}), "discriminator/defaultMapping"),
        ("/webhooks", json!({"a": {"post": {}}}), ""),
        ("/jsonSchemaDialect", json!("https://example.com/dialect"), ""),
        ("/unknown", json!(1), ""),
        ("/components/pathItems", json!({"a": {}}), ""),
        ("/components/mediaTypes", json!({"a": {}}), ""),
        ("/components/unknown", json!({}), ""),
        ("/components/securitySchemes", json!({"a": {"type": "mutualTLS"}}), "a/type"),
        (
            "/components/securitySchemes",
            json!({"a": {"flows": {"deviceAuthorization": {}}}}),
            "a/flows/deviceAuthorization",
        ),
        ("/paths/~1a", json!({"$ref": "#/components/pathItems/a"}), "$ref"),
        ("/paths/~1a", json!({"query": {}}), "query"),
        ("/paths/~1a", json!({"additionalOperations": {}}), "additionalOperations"),
        ("/paths/~1a", json!({"gett": {}}), "gett"),
        ("/paths/~1a/get/parameters", json!([{"in": "querystring", "name": "a"}]), "0/in"),
        ("/paths/~1a/get/parameters", json!([{"in": "query", "style": "cookie"}]), "0/style"),
        ("/paths/~1a/get/requestBody", json!({"content": {"a/b": {"itemSchema": {}}}}), "content/a~1b/itemSchema"),
        ("/paths/~1a/get/requestBody", json!({"content": {"a/b": {"itemEncoding": {}}}}), "content/a~1b/itemEncoding"),
        ("/paths/~1a/get/requestBody", json!({"content": {"a/b": {"$ref": "#/a"}}}), "content/a~1b/$ref"),
    ]);
    assert!(table.len() >= 40);
    for (pointer, value, inside) in table {
        let mut document = with_schema(&json!({}));
        let pointer = if pointer.is_empty() { "/components/schemas/S" } else { pointer };
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key.replace("~1", "/")] = value.clone();
        let error = lowered(&document).unwrap_err();
        let place = format!("{pointer}/{inside}");
        let place = place.trim_end_matches('/');
        assert!(error.contains("new.json is not a usable document"), "{value}: {error}");
        assert!(error.lines().any(|line| line.ends_with(&format!("at {place}"))), "{place} for {value}: {error}");
        let line = error.lines().find_map(|line| line.split_once("new.json:")?.1.split_once(':'));
        let (line, column) = line.unwrap_or_else(|| panic!("no line in {error}"));
        assert!(line.parse::<usize>().unwrap() > 1 && column.parse::<usize>().unwrap() > 1, "{error}");
    }
}
