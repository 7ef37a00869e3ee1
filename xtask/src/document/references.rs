//! Checks that the target of every `$ref` exists. Examples and extensions are not checked.

use super::finding::{Finding, Findings};
use super::pointer::{escape, local_pointer};
use serde_json::Value;

pub fn check(document: &Value) -> Findings {
    let mut findings = Findings::default();
    for root in ["paths", "components"] {
        if let Some(value) = document.get(root) {
            walk(document, value, &format!("/{root}"), &mut findings);
        }
    }
    findings
}

fn walk(document: &Value, value: &Value, pointer: &str, findings: &mut Findings) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(document, item, &format!("{pointer}/{i}"), findings);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let inside = format!("{pointer}/{}", escape(key));
                let is_name = pointer.ends_with("/properties");
                match (key.as_str(), member) {
                    ("$ref", Value::String(reference)) if !is_name => {
                        let target = local_pointer(reference);
                        if target.is_none() {
                            let message = format!("{reference} points outside the document");
                            findings.push(Finding::new(inside, message).help("move its target into components"));
                        } else if target.and_then(|pointer| document.pointer(&pointer)).is_none() {
                            findings.push(Finding::new(inside, format!("{reference} does not exist")));
                        }
                    }
                    ("example" | "examples" | "default" | "enum", _) if !is_name => {}
                    (key, _) if key.starts_with("x-") && !is_name => {}
                    _ => walk(document, member, &inside, findings),
                }
            }
        }
        _ => {}
    }
}
