//! Compares the operations of two documents: parameters, bodies, responses.

use super::change::{Changes, Direction, Place, members, resolve, texts};
use super::schema;
use crate::document::foreign::nameless;
use crate::document::pointer::escape;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

static EMPTY: Value = Value::Null;

struct Operation<'d> {
    key: String,
    pointer: String,
    path: &'d str,
    node: &'d Value,
    document: &'d Value,
}

/// Returns operations by method and path, as the service routes them: regardless of case and parameter names.
fn operations(document: &Value) -> BTreeMap<String, Operation<'_>> {
    let mut all = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for (method, node) in members(Some(item)).filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let escaped = escape(path);
            let operation = Operation {
                key: format!("{} {path}", method.to_uppercase()),
                pointer: format!("/paths/{escaped}/{method}"),
                path,
                node,
                document,
            };
            all.insert(format!("{method} {}", nameless(path)), operation);
        }
    }
    all
}

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

pub fn of_operations(old: &Value, new: &Value, changes: &mut Changes) {
    let (before, after) = (operations(old), operations(new));
    for (key, operation) in &before {
        if !after.contains_key(key) {
            changes.add("operation-removed", &operation.place(), "");
        }
    }
    for (key, operation) in &after {
        match before.get(key) {
            None => changes.add("operation-added", &operation.place(), ""),
            Some(earlier) => of_operation(earlier, operation, changes),
        }
    }
}

impl<'d> Operation<'d> {
    fn place(&self) -> Place {
        Place { pointer: self.pointer.clone(), subject: self.key.clone(), direction: Direction::Both }
    }

    fn get(&self, key: &str) -> &'d Value {
        let value = self.node.get(key).unwrap_or(&EMPTY);
        resolve(self.document, value)
    }

    /// Returns parameters by location and lower-case name.
    fn parameters(&self) -> BTreeMap<(String, String), &'d Value> {
        let own = self.node.get("parameters").and_then(Value::as_array);
        let all = own.into_iter().flatten().map(|parameter| resolve(self.document, parameter));
        let text = |parameter: &Value, key: &str| parameter[key].as_str().unwrap_or_default().to_ascii_lowercase();
        all.map(|parameter| ((text(parameter, "in"), text(parameter, "name")), parameter)).collect()
    }

    fn responses(&self) -> BTreeMap<&'d str, &'d Value> {
        let responses = members(self.node.get("responses"));
        responses.map(|(status, node)| (status.as_str(), resolve(self.document, node))).collect()
    }
}

fn of_operation(old: &Operation<'_>, new: &Operation<'_>, changes: &mut Changes) {
    let at = new.place();
    if old.path != new.path {
        changes.add("path-renamed", &at, format!("{} is now {}", old.path, new.path));
    }
    if old.node.get("operationId") != new.node.get("operationId") {
        changes.add("operation-id-changed", &at.below("operationId"), "");
    }
    if old.node.get("tags") != new.node.get("tags") {
        changes.add("operation-tags-changed", &at.below("tags"), "");
    }
    if new.get("deprecated") == true && old.get("deprecated") != true {
        changes.add("operation-deprecated", &at, "");
    }
    texts(old.node, new.node, &at, changes);
    of_parameters(old, new, changes);
    of_body(old, new, changes);
    of_responses(old, new, changes);
}

fn of_parameters(old: &Operation<'_>, new: &Operation<'_>, changes: &mut Changes) {
    let at = new.place().below("parameters").going(Direction::Request);
    let (before, after) = (old.parameters(), new.parameters());
    for (key @ (place, name), parameter) in &after {
        let required = parameter["required"] == true;
        let Some(earlier) = before.get(key) else {
            let id = if required { "required-parameter-added" } else { "parameter-added" };
            changes.add(id, &at, format!("{name} in {place}"));
            continue;
        };
        match (earlier["required"] == true, required) {
            (false, true) => changes.add("parameter-became-required", &at, name.as_str()),
            (true, false) => changes.add("parameter-became-optional", &at, name.as_str()),
            _ => {}
        }
        let inner = Place { subject: format!("{}, {name}", at.subject), ..at.clone() };
        let schema = |parameter: &Value| parameter.get("schema").cloned().unwrap_or_default();
        schema::compare(&schema(earlier), &schema(parameter), &inner, changes);
        texts(earlier, parameter, &inner, changes);
    }
    for (place, name) in before.keys().filter(|key| !after.contains_key(*key)) {
        changes.add("parameter-removed", &at, format!("{name} in {place}"));
    }
}

fn of_body(old: &Operation<'_>, new: &Operation<'_>, changes: &mut Changes) {
    let at = new.place().below("requestBody").going(Direction::Request);
    let (before, after) = (old.get("requestBody"), new.get("requestBody"));
    match (before.is_null(), after.is_null()) {
        (true, true) => return,
        (true, false) => return changes.add("body-added", &at, ""),
        (false, true) => return changes.add("body-removed", &at, ""),
        (false, false) => {}
    }
    match (before["required"] == true, after["required"] == true) {
        (false, true) => changes.add("body-became-required", &at, ""),
        (true, false) => changes.add("body-became-optional", &at, ""),
        _ => {}
    }
    of_content(before, after, &at, changes);
}

fn of_responses(old: &Operation<'_>, new: &Operation<'_>, changes: &mut Changes) {
    let at = new.place().below("responses").going(Direction::Response);
    let (before, after) = (old.responses(), new.responses());
    let kind = |status: &str, added: bool| match (status.starts_with('2'), added) {
        (true, true) => "success-added",
        (true, false) => "success-removed",
        (false, true) => "error-response-added",
        (false, false) => "error-response-removed",
    };
    for status in before.keys().filter(|status| !after.contains_key(*status)) {
        changes.add(kind(status, false), &at, *status);
    }
    for (status, response) in &after {
        let Some(earlier) = before.get(status) else {
            changes.add(kind(status, true), &at.below(status), *status);
            continue;
        };
        let at = at.below(status);
        names(earlier, response, "headers", ("response-header-added", "response-header-removed"), &at, changes);
        // Only success is decoded by type.
        if status.starts_with('2') {
            let has = |response: &Value| !response["content"].is_null();
            match (has(earlier), has(response)) {
                (false, true) => changes.add("success-body-added", &at, *status),
                (true, false) => changes.add("success-body-removed", &at, *status),
                _ => of_content(earlier, response, &at, changes),
            }
        }
    }
}

fn of_content(old: &Value, new: &Value, at: &Place, changes: &mut Changes) {
    names(old, new, "content", ("media-type-added", "media-type-removed"), at, changes);
    let at = at.below("content");
    for (kind, media) in members(new.get("content")) {
        if let Some(earlier) = old["content"].get(kind) {
            schema::compare(&earlier["schema"], &media["schema"], &at.below(kind).below("schema"), changes);
        }
    }
}

/// Reports added and removed members by their names.
fn names(old: &Value, new: &Value, key: &str, ids: (&str, &str), at: &Place, changes: &mut Changes) {
    let of = |node: &Value| -> BTreeSet<String> { members(node.get(key)).map(|(name, _)| name.clone()).collect() };
    let (before, after) = (of(old), of(new));
    for name in after.difference(&before) {
        changes.add(ids.0, &at.below(key).below(name), name.as_str());
    }
    for name in before.difference(&after) {
        changes.add(ids.1, &at.below(key).below(name), name.as_str());
    }
}
