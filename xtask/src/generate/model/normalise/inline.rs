//! Rule: an inline object has the name of its row, else that of an equal object, else its title, else one from its place.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::hoist::shape::{Schemas, Shape, Shapes};
use crate::document::node::Node;
use crate::document::words;
use crate::generate::model::api::Type;
use serde_json::Value;
use std::collections::HashMap;

/// The inline objects that have a name without a row.
pub struct Inline<'d> {
    shapes: Shapes,
    schemas: Schemas<'d>,
    names: HashMap<Shape, String>,
}

impl<'d> Inline<'d> {
    pub fn of(document: &'d Value) -> Self {
        let (mut shapes, mut schemas) = (Shapes::default(), Schemas::of(document));
        shapes.add_recursive(&mut schemas);
        Self { shapes, schemas, names: HashMap::new() }
    }
}

impl<'d> Normaliser<'d> {
    /// Adds a struct for an inline object, unless an equal one was named by its place.
    pub(super) fn hoist(&mut self, node: &Node<'d>, place: &str, name: &str) -> Type {
        if let Some(row) = self.names.schema(place) {
            return self.inline_struct(node, place, row.to_owned());
        }
        let Inline { shapes, schemas, names } = &mut self.inline;
        let shape = shapes.of(node.value, schemas);
        if let Some(known) = names.get(&shape).filter(|_| shapes.is_object(shape)) {
            return Type::Struct(known.clone());
        }
        let title = node.value.get("title").and_then(Value::as_str).filter(|title| words::is_type_name(title));
        let title = title.filter(|title| !self.api.structs.contains_key(*title));
        let rust = title.unwrap_or(name).to_owned();
        names.insert(shape, rust.clone());
        // A member of a union is named after the union.
        let is_member = node.pointer.rsplit('/').nth(1).is_some_and(|parent| matches!(parent, "anyOf" | "oneOf"));
        if !is_member {
            let message = format!("{place} has no component and no row in names.toml [schemas]; named {rust}");
            self.api.notices.push(Finding::new(&node.pointer, message));
        }
        self.inline_struct(node, place, rust)
    }

    fn inline_struct(&mut self, node: &Node<'d>, place: &str, rust: String) -> Type {
        let known = self.api.structs.get(&rust).is_some_and(|known| known.pointer == node.pointer);
        if !known {
            self.add_struct(node, place, rust.clone());
        }
        Type::Struct(rust)
    }
}
