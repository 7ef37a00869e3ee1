//! Finds the values that a rule is about.

use super::{Condition, Select, Step, Subject};
use serde_json::Value;

/// A property with its path within the resource. `None` if it is absent.
pub(super) struct Slot<'v> {
    pub(super) path: String,
    value: Option<&'v Value>,
    select: Option<&'v Select>,
}

impl Select {
    pub(super) fn matches(&self, value: &Value) -> bool {
        let is = |value: &Value| match value {
            Value::String(text) => text.eq_ignore_ascii_case(&self.value),
            Value::Bool(flag) => flag.to_string() == self.value,
            _ => false,
        };
        match value.get(&self.property) {
            Some(Value::Array(items)) => items.iter().any(is),
            Some(value) => is(value),
            None => false,
        }
    }
}

impl Condition {
    /// Returns true if the rule holds for this resource of the group.
    pub(super) fn holds(&self, subject: &Subject<'_>, group: &[&Subject<'_>]) -> bool {
        let variant = || group.iter().find(|other| other.module == "Plan").map(|plan| &plan.value);
        let of = if self.variant { variant() } else { Some(&subject.value) };
        of.is_some_and(|value| self.select.matches(value)) != self.unless
    }
}

/// Returns the properties at the end of the path, one for each object that should have it.
pub(super) fn slots<'v>(resource: &'v Value, path: &'v [Step]) -> Vec<Slot<'v>> {
    let Some((last, before)) = path.split_last() else { return Vec::new() };
    let mut parents = vec![(String::new(), resource)];
    for step in before {
        parents =
            parents.iter().flat_map(|(path, parent)| step.of(path, parent)).flat_map(|slot| slot.items()).collect();
    }
    parents.iter().flat_map(|(path, parent)| last.of(path, parent)).collect()
}

impl Step {
    fn of<'v>(&'v self, path: &str, parent: &'v Value) -> Vec<Slot<'v>> {
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let select = self.select.as_ref();
        if self.name == "*" {
            let entries = parent.as_object().into_iter().flatten();
            return entries.map(|(name, value)| Slot { path: join(name), value: Some(value), select }).collect();
        }
        vec![Slot { path: join(&self.name), value: parent.get(&self.name), select }]
    }
}

impl<'v> Slot<'v> {
    /// Returns the values that are not blank, with their paths. A list has one for each item.
    pub(super) fn items(&self) -> Vec<(String, &'v Value)> {
        let items = match self.value {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(i, item)| (format!("{}[{i}]", self.path), item)).collect()
            }
            Some(value) => vec![(self.path.clone(), value)],
        };
        let selected = items.into_iter().filter(|(_, item)| self.select.is_none_or(|select| select.matches(item)));
        selected.filter(|(_, item)| !is_blank(item)).collect()
    }

    /// Returns the number of values. An object has one for each property.
    pub(super) fn count(&self) -> usize {
        match self.value {
            Some(Value::Object(object)) if self.select.is_none() => object.values().filter(|v| !is_blank(v)).count(),
            _ => self.items().len(),
        }
    }
}

/// Returns true for `null`, empty texts, and lists and objects with nothing else in them.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(object) => object.values().all(is_blank),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
