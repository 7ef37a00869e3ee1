//! The contract check: validates a request and its response against the corrected document. It is independent of the SDK and the
//! sandbox and uses another JSON Schema validator.

use crate::document::{CORRECTED, operations, parameters, resolve};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// A request and its response.
#[derive(Default)]
pub struct Exchange<'e> {
    pub method: &'e str,
    /// The unmodified path and query, with or without the base path of the API.
    pub target: &'e str,
    pub request_headers: &'e [(String, String)],
    pub request_body: &'e [u8],
    /// 0 if the connection was closed before a response.
    pub status: u16,
    pub response_headers: &'e [(String, String)],
    pub response_body: &'e [u8],
}

struct Operation {
    key: String,
    method: String,
    segments: Vec<String>,
    node: &'static Value,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut all: Vec<Operation> = operations(&CORRECTED)
        .into_iter()
        .map(|(method, path, node)| Operation {
            key: format!("{method} {path}"),
            method,
            segments: path.to_ascii_lowercase().split('/').skip(1).map(str::to_owned).collect(),
            node,
        })
        .collect();
    // Literal segments take precedence over arguments.
    all.sort_by_key(|operation| operation.segments.iter().filter(|s| s.starts_with('{')).count());
    all
});

/// Compiled validators, by spelling and schema.
type Validators = HashMap<(Spelling, String), Arc<Validator>>;

static VALIDATORS: LazyLock<Mutex<Validators>> = LazyLock::new(Mutex::default);

/// Returns all violations of the document. Empty for a call of no documented operation.
pub fn violations(exchange: &Exchange<'_>) -> Vec<String> {
    let (path, query) = exchange.target.split_once('?').unwrap_or((exchange.target, ""));
    let path = path.strip_prefix("/v1.0/ingestion").unwrap_or(path);
    let Some(operation) = find(exchange.method, path) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let success = (200..300).contains(&exchange.status);
    // An error is the correct response to an invalid request.
    if success || exchange.status == 0 {
        check_request(operation, exchange, query, &mut found);
    }
    if success {
        check_success(operation, exchange, &mut found);
    } else if exchange.status != 0 {
        check_error(exchange, &mut found);
    }
    found.iter().map(|what| format!("{} ({}): {what}", operation.key, exchange.status)).collect()
}

fn find(method: &str, path: &str) -> Option<&'static Operation> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    OPERATIONS.iter().find(|operation| {
        let pairs = || operation.segments.iter().zip(&segments);
        operation.method == method && operation.segments.len() == segments.len() && pairs().all(|(p, s)| fits(p, s))
    })
}

/// Returns true if a path segment matches a segment of the document, ignoring case. An argument matches any text.
fn fits(pattern: &str, segment: &str) -> bool {
    let segment = percent_encoding::percent_decode_str(segment).decode_utf8_lossy().to_ascii_lowercase();
    match pattern.split_once('{').zip(pattern.rsplit_once('}')) {
        None => segment == pattern,
        Some(((before, _), (_, after))) => {
            segment.len() > before.len() + after.len() && segment.starts_with(before) && segment.ends_with(after)
        }
    }
}

fn header<'h>(headers: &'h [(String, String)], wanted: &str) -> Option<&'h str> {
    let mut named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    named.next().map(|(_, value)| value.as_str())
}

fn is_json(headers: &[(String, String)]) -> bool {
    header(headers, "content-type").is_some_and(|kind| kind.starts_with("application/json"))
}

fn check_request(operation: &Operation, exchange: &Exchange<'_>, query: &str, found: &mut Vec<String>) {
    let parameters = parameters(&CORRECTED, operation.node);
    let named = |place: &str, name: &str| {
        let mut all = parameters.iter().filter(|p| p["in"] == place);
        all.any(|p| p["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
    };
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let name = part.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if !named("query", &name) {
            found.push(format!("the query parameter {name} is not in the document"));
        }
    }
    let body: Option<Value> = serde_json::from_slice(exchange.request_body).ok();
    for parameter in parameters.iter().filter(|p| p["in"] == "header" && p["required"] == true) {
        let name = parameter["name"].as_str().unwrap_or_default();
        // Clients may send the entity tag in the body instead.
        let tagged = name == "If-Match" && body.as_ref().is_some_and(|body| body.get("@odata.etag").is_some());
        if header(exchange.request_headers, name).is_none() && !tagged {
            found.push(format!("the header {name} is required and was not sent"));
        }
    }
    let schema = operation.node.pointer("/requestBody/content/application~1json/schema");
    match (schema, body) {
        (Some(_), None) => found.push("the request has no JSON body".to_owned()),
        (Some(_), Some(_)) if !is_json(exchange.request_headers) => {
            found.push("the body is not sent as application/json".to_owned());
        }
        (Some(schema), Some(body)) => validate(Spelling::AnyCase, schema, &body, found),
        (None, None) if exchange.request_body.is_empty() => {}
        (None, body) if body == Some(json!({})) => {}
        (None, _) => found.push("the request has a body, but the document has none".to_owned()),
    }
}

fn check_success(operation: &Operation, exchange: &Exchange<'_>, found: &mut Vec<String>) {
    let Some(response) = operation.node["responses"].get(exchange.status.to_string()) else {
        found.push("the status is not in the document".to_owned());
        return;
    };
    let schema = resolve(&CORRECTED, response).pointer("/content/application~1json/schema");
    let body: Option<Value> = serde_json::from_slice(exchange.response_body).ok();
    match (schema, body) {
        (None, None) if exchange.response_body.is_empty() => {}
        (None, _) => found.push("the response has a body, but the document has none".to_owned()),
        (Some(_), None) => found.push("the response is not JSON".to_owned()),
        (Some(_), Some(_)) if !is_json(exchange.response_headers) => {
            found.push("the response is not sent as application/json".to_owned());
        }
        (Some(schema), Some(body)) => validate(Spelling::Exact, schema, &body, found),
    }
}

/// Error responses have seven shapes. A body with the content type JSON must be JSON.
fn check_error(exchange: &Exchange<'_>, found: &mut Vec<String>) {
    let json = is_json(exchange.response_headers) && !exchange.response_body.is_empty();
    if json && serde_json::from_slice::<Value>(exchange.response_body).is_err() {
        found.push("the error response is not JSON".to_owned());
    }
}

/// How enum values are compared: the service accepts any case in requests, and returns its own spelling.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Spelling {
    AnyCase,
    Exact,
}

fn validate(spelling: Spelling, schema: &Value, body: &Value, found: &mut Vec<String>) {
    let validator = {
        let mut validators = VALIDATORS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let compiled = validators.entry((spelling, schema.to_string()));
        compiled.or_insert_with(|| Arc::new(compile(spelling, schema))).clone()
    };
    let body = without_nulls(body);
    let what = if spelling == Spelling::Exact { "the response" } else { "the request" };
    for error in validator.iter_errors(&body).take(5) {
        let place = error.instance_path().to_string();
        found.push(format!("{what} at {place:?}: {error}"));
    }
}

/// Removes nulls, which clients send for absent fields.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn compile(spelling: Spelling, schema: &Value) -> Validator {
    let mut root = as_json_schema(spelling, schema);
    root["components"] = json!({"schemas": as_json_schema(spelling, &CORRECTED["components"]["schemas"])});
    jsonschema::options().build(&root).expect("a schema of the document")
}

/// Converts a schema of OpenAPI 3.0 to JSON Schema. `oneOf` becomes `anyOf`, because several members may match: the tag is not
/// required.
fn as_json_schema(spelling: Spelling, node: &Value) -> Value {
    match node {
        Value::Object(object) => {
            let mut converted: Map<String, Value> = Map::new();
            for (name, value) in object {
                match (name.as_str(), value.as_array()) {
                    ("oneOf", Some(_)) => drop(converted.insert("anyOf".to_owned(), as_json_schema(spelling, value))),
                    ("enum", Some(values)) if spelling == Spelling::AnyCase => {
                        drop(converted.insert("pattern".to_owned(), without_case(values)))
                    }
                    // Keywords that only OpenAPI has; nulls were removed before.
                    ("nullable" | "example" | "discriminator", _) => {}
                    _ => drop(converted.insert(name.clone(), as_json_schema(spelling, value))),
                }
            }
            Value::Object(converted)
        }
        Value::Array(items) => items.iter().map(|item| as_json_schema(spelling, item)).collect(),
        other => other.clone(),
    }
}

fn without_case(values: &[Value]) -> Value {
    let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    format!("(?i)^({})$", texts.join("|").replace('.', "\\.")).into()
}
