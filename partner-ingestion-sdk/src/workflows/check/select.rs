//! Finds the values that a rule is about.

use super::rule::{Select, Step};
use serde_json::Value;

/// A property of an object, with its path within the resource.
pub(super) struct Property<'v> {
    pub(super) path: String,
    value: &'v Value,
    select: Option<&'static Select>,
}

impl Select {
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let is = |value: &Value| match value {
            Value::String(text) => text.eq_ignore_ascii_case(self.value),
            Value::Bool(flag) => flag.to_string() == self.value,
            _ => false,
        };
        match &object[self.property] {
            Value::Array(items) => items.iter().any(is),
            value => is(value),
        }
    }
}

/// Returns the properties at the end of a path: one for each object that can have it, `null` where it is absent.
pub(super) fn properties<'v>(resource: &'v Value, path: &'static [Step]) -> Vec<Property<'v>> {
    let Some((last, before)) = path.split_last() else { return Vec::new() };
    let mut objects = vec![(String::new(), resource)];
    for step in before {
        let properties = objects.iter().flat_map(|(path, object)| step.of(path, object));
        objects = properties.flat_map(|property| property.values()).collect();
    }
    objects.iter().flat_map(|(path, object)| last.of(path, object)).collect()
}

/// The name of a path in messages.
pub(super) fn name(path: &[Step]) -> String {
    path.iter().map(|step| step.name).collect::<Vec<_>>().join(".")
}

impl Step {
    fn of<'v>(&'static self, path: &str, object: &'v Value) -> Vec<Property<'v>> {
        let named = |name: &str, value| {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            Property { path, value, select: self.select.as_ref() }
        };
        match (self.name, object) {
            ("*", Value::Object(all)) => all.iter().map(|(name, value)| named(name, value)).collect(),
            ("*", _) => Vec::new(),
            (name, object) => vec![named(name, &object[name])],
        }
    }
}

impl<'v> Property<'v> {
    /// Returns the selected values that are not blank, with their paths. A list has one for each item.
    pub(super) fn values(&self) -> Vec<(String, &'v Value)> {
        let all: Vec<(String, &'v Value)> = match self.value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(i, item)| (format!("{}[{i}]", self.path), item)).collect()
            }
            value => vec![(self.path.clone(), value)],
        };
        let is_meant = |value: &Value| !is_blank(value) && self.select.is_none_or(|select| select.matches(value));
        all.into_iter().filter(|(_, value)| is_meant(value)).collect()
    }

    /// Returns the number of values. An object has one for each property.
    pub(super) fn count(&self) -> usize {
        match (self.value, self.select) {
            (Value::Object(object), None) => object.values().filter(|value| !is_blank(value)).count(),
            _ => self.values().len(),
        }
    }
}

/// Returns true for `null`, empty texts, and lists and objects with nothing else in them.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(object) => object.values().all(is_blank),
    }
}
