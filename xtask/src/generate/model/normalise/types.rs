//! Rule: the Rust type of a schema. All properties are optional, numbers and date-times keep their text, secrets have their own type.

use super::Normaliser;
use super::flatten::Property;
use crate::document::finding::Finding;
use crate::document::node::Node;
use crate::document::pointer::last_segment;
use crate::document::words;
use crate::generate::model::api::{Field, Type};
use serde_json::Value;
use std::collections::BTreeMap;

impl<'d> Normaliser<'d> {
    pub(super) fn field(&mut self, property: &Property<'d>, owner: &str) -> Result<Field, Finding> {
        let wire = &property.wire;
        let rust = self.names.field(wire).map_or_else(|| words::snake(wire), str::to_owned);
        let name = words::type_name(&format!("{owner}{}", words::camel(wire)));
        let ty = match self.tag_value(wire, &property.node) {
            Some(value) => Type::Tag(value),
            None => self.type_of(&property.node, &property.place, &name)?,
        };
        let ty = match (self.names.id(&property.place), ty) {
            (Some(id), Type::Text) => Type::Id(id.to_owned()),
            (_, ty) => ty,
        };
        let doc = self.description(&property.node);
        Ok(Field {
            wire: wire.clone(),
            rust,
            ty,
            doc,
            pointer: property.node.pointer.clone(),
            aliases: self.names.spellings(wire).to_vec(),
            deprecation: None,
        })
    }

    /// Returns the value of the tag, if this property is the tag.
    pub(super) fn tag_value(&self, wire: &str, node: &Node<'d>) -> Option<String> {
        one_value(node).filter(|_| self.tag.as_deref() == Some(wire))
    }

    /// Finds the tag: the property with one value that most objects have.
    pub(super) fn find_tag(&mut self) {
        let schemas = self.document.get("components").and_then(|c| c.get("schemas"));
        let schemas = schemas.and_then(|s| s.members().ok()).unwrap_or_default();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, schema) in &schemas {
            let parts = schema.items_of("allOf").unwrap_or_default();
            let properties = parts.iter().chain([schema]).filter_map(|part| part.get("properties")?.members().ok());
            for (wire, property) in properties.flatten() {
                if one_value(&property).is_some() {
                    *counts.entry(wire).or_default() += 1;
                }
            }
        }
        self.tag = counts.into_iter().max_by_key(|(_, count)| *count).map(|(wire, _)| wire.to_owned());
    }

    /// Returns the type of the schema at `place`. `name` is the name of an inline object or enum without a row.
    pub(super) fn type_of(&mut self, node: &Node<'d>, place: &str, name: &str) -> Result<Type, Finding> {
        if let Some(reference) = node.str_of("$ref")? {
            return self.type_of_component(node, reference);
        }
        for key in ["oneOf", "anyOf"] {
            if node.has(key) {
                return self.union(node, &node.items_of(key)?, place, name);
            }
        }
        if self.is_object(node) {
            return Ok(self.hoist(node, place, name));
        }
        if let [single] = node.items_of("allOf")?.as_slice() {
            return self.type_of(single, place, name);
        }
        let format = node.str_of("format")?.unwrap_or_default();
        Ok(match node.str_of("type")? {
            Some("string") => match (format, values(node)) {
                (_, Some(values)) => {
                    self.enums.add(place, name, values, &node.pointer, self.description(node));
                    Type::Enum(place.to_owned())
                }
                ("password", None) => Type::Secret,
                ("date-time", None) => Type::Timestamp,
                _ => Type::Text,
            },
            Some("boolean") => Type::Bool,
            Some("integer") => Type::Integer,
            Some("number") => Type::Decimal,
            Some("array") => match node.get("items") {
                Some(items) => Type::List(Box::new(self.type_of(&items, place, name)?)),
                None => Type::List(Box::new(Type::Any)),
            },
            Some("object") => match node.get("additionalProperties") {
                Some(values) if values.value.is_object() => Type::Map(Box::new(self.type_of(&values, place, name)?)),
                _ => Type::Map(Box::new(Type::Any)),
            },
            None => Type::Any,
            Some(other) => {
                return Err(Finding::new(format!("{}/type", node.pointer), format!("unknown type {other:?}")));
            }
        })
    }

    fn type_of_component(&mut self, node: &Node<'d>, reference: &str) -> Result<Type, Finding> {
        let (target, short) = self.target(node)?;
        let rust = self.schemas[&last_segment(&target.pointer)].rust.clone();
        if self.is_object(&target) {
            return Ok(Type::Struct(rust));
        }
        if let Some(known) = self.aliases.get(&target.pointer) {
            return Ok(known.clone());
        }
        // Stops at a circular alias.
        if self.resolving.contains(&target.pointer) || self.resolving.len() > 64 {
            return Err(Finding::new(
                &node.pointer,
                format!("{reference} is circular, or passes through too many others"),
            ));
        }
        self.resolving.push(target.pointer.clone());
        let ty = self.type_of(&target, &short, &rust);
        self.resolving.pop();
        self.aliases.extend(ty.iter().map(|ty| (target.pointer.clone(), ty.clone())));
        ty
    }
}

/// Returns the values of a string enum without `null`, which only means that the field may be absent.
fn values(node: &Node<'_>) -> Option<Vec<String>> {
    let values = node.value.get("enum")?.as_array()?;
    let texts: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    (!texts.is_empty()).then_some(texts)
}

/// Returns the only allowed value of a property.
fn one_value(node: &Node<'_>) -> Option<String> {
    let is_string = node.value.get("type").and_then(Value::as_str) == Some("string");
    let mut values = values(node).filter(|_| is_string)?;
    values.dedup();
    let value = values.pop()?;
    (values.is_empty() && !value.is_empty()).then_some(value)
}
