//! The document converted to Swagger 2.0 gives the same crate.

use super::Project;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

pub fn document() -> Value {
    serde_json::from_str(&Project::new().read("openapi/partner-ingestion.json")).unwrap()
}

/// Returns the document as Swagger 2.0, with vendor extensions for features of version 3.
pub fn downgrade(document: &Value) -> Value {
    let mut paths = document["paths"].clone();
    for item in paths.as_object_mut().unwrap().values_mut() {
        for operation in item.as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut) {
            of_operation(operation);
        }
    }
    let components = &document["components"];
    let mut parameters = components["parameters"].clone();
    parameters.as_object_mut().unwrap().values_mut().for_each(of_parameter);
    let mut responses = components["responses"].clone();
    responses.as_object_mut().unwrap().values_mut().for_each(of_response);
    let url = document["servers"][0]["url"].as_str().unwrap();
    let (host, base) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let older = json!({
        "swagger": "2.0",
        "info": document["info"],
        "host": host,
        "basePath": format!("/{base}"),
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": components["schemas"],
        "parameters": parameters,
        "responses": responses,
    });
    let text = serde_json::to_string(&older).unwrap();
    let text = text.replace("#/components/schemas/", "#/definitions/").replace("#/components/", "#/");
    let text = text.replace("\"nullable\":", "\"x-nullable\":").replace("\"oneOf\":", "\"x-oneOf\":");
    serde_json::from_str(&text).unwrap()
}

fn of_operation(operation: &mut Map<String, Value>) {
    let mut parameters = operation.remove("parameters").unwrap_or_else(|| json!([]));
    let list = parameters.as_array_mut().unwrap();
    list.iter_mut().for_each(of_parameter);
    if let Some(body) = operation.remove("requestBody") {
        let schema = body["content"]["application/json"]["schema"].clone();
        list.push(json!({"in": "body", "name": "body", "required": body["required"] == true, "schema": schema}));
    }
    operation.insert("parameters".to_owned(), parameters);
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut).unwrap();
    responses.values_mut().for_each(of_response);
}

fn of_parameter(parameter: &mut Value) {
    let Some(Value::Object(schema)) = parameter.as_object_mut().unwrap().remove("schema") else { return };
    // Enum values in the form of 2.0.
    parameter.as_object_mut().unwrap().extend(schema);
}

fn of_response(response: &mut Value) {
    let members = response.as_object_mut().unwrap();
    if let Some(content) = members.remove("content") {
        members.insert("schema".to_owned(), content["application/json"]["schema"].clone());
    }
    for header in members.get_mut("headers").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        // 2.0 has no shared headers.
        *header = json!({"type": "string"});
    }
}

#[test]
fn swagger_2_gives_the_same_crate() {
    let rust = |files: &[(PathBuf, String)]| {
        // The order of the committed document differs.
        let rust = files.iter().filter(|(path, _)| path.extension().is_some_and(|kind| kind == "rs"));
        let code = |text: &str| text.lines().map(str::to_owned).collect();
        rust.map(|(path, text)| (path.clone(), code(text))).collect::<Vec<(_, Vec<String>)>>()
    };
    let older = Project::new().other_document(downgrade(&document()).to_string()).unwrap();
    let (newer, older) = (rust(Project::plain()), rust(&older));
    for ((path, newer), (_, older)) in newer.iter().zip(&older) {
        let difference = newer.iter().zip(older).find(|(newer, older)| newer != older);
        assert!(difference.is_none() && newer.len() == older.len(), "{}: {difference:?}", path.display());
    }
    assert!(newer.len() > 10, "all files were compared");
}

#[test]
fn problems_are_located_in_a_swagger_document() {
    let mut older = downgrade(&document());
    let name = "Microsoft.Ingestion.Api.Models.Branches.Branch";
    older["definitions"][name]["allOf"][1]["properties"]["module"] = json!({"$ref": "#/definitions/Gone"});
    let project = Project::new();
    let text = serde_json::to_string_pretty(&older).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("#/definitions/Gone")).unwrap();
    let error = project.other_document(text).unwrap_err();
    assert!(
        error.contains(&format!("other.json:{line}:")) && error.contains("Gone does not exist"),
        "line {line}: {error}"
    );
}

#[test]
fn unsupported_documents_are_rejected() {
    let project = Project::new();
    for (text, wanted) in [
        (r#"{"swagger": "1.2", "paths": {"/a": {}}}"#, "Swagger 1.2 is not supported; use Swagger 2.0 or OpenAPI 3"),
        (r#"{"swagger": 2.0, "paths": {"/a": {}}}"#, "of an unknown version"),
        (r#"{"swagger": "2.0", "paths": 7}"#, "not a Swagger 2.0 document"),
        // An unknown method.
        (
            r##"{"swagger": "2.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"pmst": {"parameters":
                [{"in": "body", "name": "b", "schema": {}}], "responses": {}}}}}"##,
            "unknown method `pmst`",
        ),
        (r#"{"openapi": "4.0.0"}"#, "version 4.0.0 is not supported"),
        (r#"{"openapi": "3.0.1", "openapi": "3.0.2"}"#, "duplicate key \"openapi\""),
    ] {
        let error = project.other_document(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
