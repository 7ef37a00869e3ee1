//! The published document and the corrected one.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

fn openapi(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The published document. Tests derive expected values from it and a list of intended changes.
pub static PUBLISHED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&openapi("partner-ingestion.json")).unwrap());

/// The corrected document, which describes the service's behavior.
pub static CORRECTED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&openapi("partner-ingestion.openapi.json")).unwrap());

/// The names of the operations, by `METHOD path`.
pub static NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let table: toml::Table = openapi("names.toml").parse().unwrap();
    let rows = table["operations"].as_table().unwrap();
    rows.iter().map(|(key, name)| (key.clone(), name.as_str().unwrap().to_owned())).collect()
});

/// Follows a reference within the document.
pub fn resolve<'d>(document: &'d Value, node: &'d Value) -> &'d Value {
    match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => resolve(document, document.pointer(&reference[1..]).unwrap()),
        None => node,
    }
}

/// Returns every operation of a document: method, path and operation.
pub fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.as_str(), operation));
        }
    }
    all
}

/// Returns the parameters of an operation, with references resolved.
pub fn parameters<'d>(document: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    operation["parameters"].as_array().into_iter().flatten().map(|p| resolve(document, p)).collect()
}

/// Returns the Rust name of an argument: `productID` is `product_id`, `$skipToken` is `skip_token`.
pub fn rust_name(wire: &str) -> String {
    let mut name = String::new();
    let mut previous = '_';
    for c in wire.trim_start_matches('$').chars() {
        if c.is_uppercase() && !previous.is_uppercase() && previous != '_' {
            name.push('_');
        }
        name.extend(c.to_lowercase());
        previous = c;
    }
    name
}
