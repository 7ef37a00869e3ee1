//! A change and its place.

use super::rule::{Rule, Wire, named};
use crate::document::pointer::{escape, local_pointer};
use serde_json::{Map, Value};

/// Whether a changed place is part of requests, responses or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Request,
    Response,
    Both,
    /// Neither. The change concerns the document itself.
    None,
}

impl Direction {
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Both => "both",
            Self::None => "",
        }
    }
}

/// One change.
#[derive(Debug)]
pub struct Change {
    pub rule: &'static Rule,
    /// JSON pointer: in the new document, or in the old one for a removed item.
    pub pointer: String,
    /// The operation, or the type and its property.
    pub subject: String,
    pub direction: Direction,
    pub detail: String,
}

impl Change {
    pub fn wire(&self) -> Wire {
        let (request, response) = self.rule.wire;
        match self.direction {
            Direction::Request => request,
            Direction::Response => response,
            Direction::Both | Direction::None => request.max(response),
        }
    }
}

/// Collects changes.
#[derive(Default)]
pub struct Changes(pub Vec<Change>);

impl Changes {
    pub fn add(&mut self, id: &str, at: &Place, detail: impl Into<String>) {
        self.0.push(Change {
            rule: named(id),
            pointer: at.pointer.clone(),
            subject: at.subject.clone(),
            direction: at.direction,
            detail: detail.into(),
        });
    }
}

/// The place of a comparison.
#[derive(Clone)]
pub struct Place {
    pub pointer: String,
    pub subject: String,
    pub direction: Direction,
}

impl Place {
    pub fn below(&self, key: &str) -> Self {
        let key = escape(key);
        Self { pointer: format!("{}/{key}", self.pointer), ..self.clone() }
    }

    pub fn going(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}

/// Compares descriptions and other documentation.
pub fn texts(old: &Value, new: &Value, at: &Place, changes: &mut Changes) {
    for key in ["summary", "description", "title"] {
        let text = |node: &Value| node.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        if text(old) != text(new) {
            changes.add("text-changed", &at.below(key), key);
        }
    }
}

pub fn changed(before: Option<&Value>, after: Option<&Value>) -> String {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    format!("{} is now {}", text(before), text(after))
}

pub fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// Follows references to their target. Returns the reference itself if it is circular or has no target.
pub fn resolve<'d>(document: &'d Value, node: &'d Value) -> &'d Value {
    let mut node = node;
    for _ in 0..16 {
        let target = node.get("$ref").and_then(Value::as_str).and_then(|r| document.pointer(&local_pointer(r)?));
        match target {
            Some(target) => node = target,
            None => break,
        }
    }
    node
}
