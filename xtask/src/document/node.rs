//! A place in the document: a JSON value with its JSON pointer (RFC 6901), for findings.

use super::finding::Finding;
use super::pointer::escape;
use serde_json::{Map, Value};

#[derive(Debug, Clone)]
pub struct Node<'d> {
    pub value: &'d Value,
    pub pointer: String,
}

impl<'d> Node<'d> {
    pub fn root(value: &'d Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// Returns the member `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<Node<'d>> {
        let value = self.value.get(key)?;
        Some(Node { value, pointer: format!("{}/{}", self.pointer, escape(key)) })
    }

    pub fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    pub fn object(&self) -> Result<&'d Map<String, Value>, Finding> {
        self.value.as_object().ok_or_else(|| self.expected("an object"))
    }

    /// Returns the members of an object with their pointers.
    pub fn members(&self) -> Result<Vec<(&'d str, Node<'d>)>, Finding> {
        let members = self.object()?.iter();
        Ok(members
            .map(|(key, value)| (key.as_str(), Node { value, pointer: format!("{}/{}", self.pointer, escape(key)) }))
            .collect())
    }

    /// Returns the items of an array with their pointers.
    pub fn items(&self) -> Result<Vec<Node<'d>>, Finding> {
        let items = self.value.as_array().ok_or_else(|| self.expected("an array"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(i, value)| Node { value, pointer: format!("{}/{i}", self.pointer) })
            .collect())
    }

    /// Returns the items of the member `key`. Empty if it is absent.
    pub fn items_of(&self, key: &str) -> Result<Vec<Node<'d>>, Finding> {
        self.get(key).map_or(Ok(Vec::new()), |node| node.items())
    }

    pub fn str(&self) -> Result<&'d str, Finding> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    /// Returns the string member `key`, if present. Another type is a finding.
    pub fn str_of(&self, key: &str) -> Result<Option<&'d str>, Finding> {
        self.get(key).map(|node| node.str()).transpose()
    }

    pub fn expected(&self, what: &str) -> Finding {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Finding::new(&self.pointer, format!("expected {what}, found {found}"))
    }
}
