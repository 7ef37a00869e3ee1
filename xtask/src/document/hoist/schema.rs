//! Replaces schemas that equal a component.

use super::shape::{Shape, references};
use super::walk::{Hoist, SCHEMAS, reference_to};
use crate::document::finding::Finding;
use crate::document::pointer::escape;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The role of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The content of a component.
    Component,
    /// A part of `allOf`: a base, or the last part with the object's own properties.
    Base,
    Last,
    /// A single part of `allOf` only adds a description to its target, if the earlier document does not say otherwise.
    Wrapper,
    Value,
}

impl<'d> Hoist<'d> {
    /// The content of a component. One whose `allOf` was resolved gets the form of the earlier document, whose corrections have places
    /// in it.
    pub(super) fn component_schema(
        &mut self,
        name: &str,
        node: &Value,
        guide: Option<&'d Value>,
        place: &str,
    ) -> Value {
        let is_flat = node.get("allOf").is_none() && guide.is_some_and(|guide| guide.get("allOf").is_some());
        if let Some(guide) = guide.filter(|_| is_flat)
            && self.shapes.component(name, &mut self.own) == self.shapes.component(name, &mut self.known)
        {
            let mut restored = guide.clone();
            let mut targets = BTreeSet::new();
            references(guide, &mut targets);
            if targets.iter().all(|target| self.is_adoptable(target)) {
                targets.iter().for_each(|target| self.adopt(target, place));
                describe(&mut restored, node);
                return restored;
            }
        }
        self.schema(node, guide, place, Role::Component)
    }

    pub(super) fn schema(&mut self, node: &Value, guide: Option<&'d Value>, place: &str, role: Role) -> Value {
        let Some(object) = node.as_object().filter(|object| !object.contains_key("$ref")) else { return node.clone() };
        let is_wrapper = object.get("allOf").and_then(Value::as_array).is_some_and(|parts| parts.len() == 1);
        if role != Role::Component
            && let Some(name) = self.name_of(node, guide, place, if is_wrapper { Role::Wrapper } else { role })
        {
            self.adopt(&name, place);
            return json!({"$ref": format!("#/components/schemas/{}", escape(&name))});
        }
        let guide = guide.and_then(|guide| self.resolved(guide));
        let mut changed = object.clone();
        for (key, member) in &mut changed {
            let place = format!("{place}/{key}");
            match (key.as_str(), member) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties.iter_mut() {
                        let beside = guide.and_then(|guide| self.property(guide, name, 0));
                        *property = self.schema(property, beside, &format!("{place}/{}", escape(name)), Role::Value);
                    }
                }
                (key @ ("items" | "additionalProperties" | "not"), member) => {
                    *member = self.schema(member, guide.and_then(|guide| guide.get(key)), &place, Role::Value);
                }
                (key @ ("allOf" | "oneOf" | "anyOf"), Value::Array(parts)) => {
                    let count = parts.len();
                    for (at, part) in parts.iter_mut().enumerate() {
                        let beside = guide.and_then(|guide| guide.get(key)?.get(at));
                        let role = match key {
                            "allOf" if at + 1 == count && count > 1 => Role::Last,
                            "allOf" => Role::Base,
                            _ => Role::Value,
                        };
                        *part = self.schema(part, beside, &format!("{place}/{at}"), role);
                    }
                }
                _ => {}
            }
        }
        changed.into()
    }

    /// The component that an inline schema is a copy of.
    fn name_of(&mut self, node: &Value, guide: Option<&'d Value>, place: &str, role: Role) -> Option<String> {
        let shape = self.shapes.of(node, &mut self.own);
        if let Some(guide) = guide {
            match reference_to(SCHEMAS, guide) {
                Some(name) if self.means(&name, shape) || self.edit(&name, shape, node, guide, place) => {
                    return Some(name);
                }
                None if self.shapes.of(guide, &mut self.known) == shape => return None,
                _ => {}
            }
        }
        if matches!(role, Role::Last | Role::Wrapper) || !self.shapes.is_named(shape) {
            return None;
        }
        let names = self.candidates.get(&shape)?.clone();
        let names: Vec<String> = names.into_iter().filter(|name| self.means(name, shape)).collect();
        let first = names.first()?.clone();
        if names.len() > 1 {
            let message = format!("equal to the components {}; taken as {first}", names.join(", "));
            self.notices.push(Finding::new(place, message));
        }
        Some(first)
    }

    /// Makes an edited object the content of the component that was at its place, if the document has no other content for it.
    fn edit(&mut self, name: &str, shape: Shape, node: &Value, guide: &'d Value, place: &str) -> bool {
        let is_adopted = self.added.get(SCHEMAS).is_some_and(|added| added.contains_key(name));
        if self.own.get(name).is_some() || is_adopted || self.edited.contains_key(name) || !self.shapes.is_object(shape)
        {
            return false;
        }
        self.edited.insert(name.to_owned(), shape);
        // Components that refer to this one do not mean the same any more.
        self.adoptable.clear();
        self.candidates.entry(shape).or_default().push(name.to_owned());
        self.places.insert(format!("/components/schemas/{}", escape(name)), place.to_owned());
        let content = self.schema(node, Some(guide), place, Role::Component);
        self.added.entry(SCHEMAS).or_default().insert(name.to_owned(), content);
        true
    }

    /// Returns true if a reference to this component would have the shape.
    fn means(&mut self, name: &str, shape: Shape) -> bool {
        if let Some(edited) = self.edited.get(name) {
            return *edited == shape;
        }
        match self.own.get(name) {
            Some(_) => self.shapes.component(name, &mut self.own) == shape,
            None => self.shapes.component(name, &mut self.known) == shape && self.is_adoptable(name),
        }
    }

    /// Returns true if the document has the component with the same shape, or can get it with all that it refers to.
    pub(super) fn is_adoptable(&mut self, name: &str) -> bool {
        if let Some(known) = self.adoptable.get(name) {
            return *known;
        }
        if self.edited.contains_key(name) {
            return false;
        }
        // Ends at a circular reference.
        self.adoptable.insert(name.to_owned(), true);
        let is_adoptable = match (self.own.get(name), self.known.get(name)) {
            (Some(_), Some(_)) => {
                self.shapes.component(name, &mut self.own) == self.shapes.component(name, &mut self.known)
            }
            (Some(_), None) => false,
            (None, Some(schema)) => {
                let mut targets = BTreeSet::new();
                references(schema, &mut targets);
                targets.iter().all(|target| self.is_adoptable(target))
            }
            (None, None) => false,
        };
        self.adoptable.insert(name.to_owned(), is_adoptable);
        is_adoptable
    }

    /// Adds a component of the earlier document, and those that it refers to, if the document lacks them.
    pub(super) fn adopt(&mut self, name: &str, place: &str) {
        let is_known =
            self.own.get(name).is_some() || self.added.get(SCHEMAS).is_some_and(|added| added.contains_key(name));
        let Some(schema) = self.known.get(name).filter(|_| !is_known) else { return };
        self.added.entry(SCHEMAS).or_default().insert(name.to_owned(), schema.clone());
        self.places.insert(format!("/components/schemas/{}", escape(name)), place.to_owned());
        let mut targets = BTreeSet::new();
        references(schema, &mut targets);
        targets.iter().for_each(|target| self.adopt(target, place));
    }

    /// A schema of the earlier document, its reference followed.
    fn resolved(&self, guide: &'d Value) -> Option<&'d Value> {
        match reference_to(SCHEMAS, guide) {
            Some(name) => self.known.get(&name),
            None => Some(guide),
        }
    }

    /// A property of a schema of the earlier document, or of its bases.
    fn property(&self, guide: &'d Value, name: &str, depth: usize) -> Option<&'d Value> {
        let guide = self.resolved(guide).filter(|_| depth < 32)?;
        let own = guide.get("properties").and_then(|properties| properties.get(name));
        let parts = guide.get("allOf").and_then(Value::as_array).into_iter().flatten().rev();
        own.or_else(|| parts.into_iter().find_map(|part| self.property(part, name, depth + 1)))
    }
}

/// Moves the descriptions of a flat schema to a schema with parts.
fn describe(restored: &mut Value, flat: &Value) {
    let described = |node: &mut Value, text: Option<&Value>| {
        if let (Some(node), Some(text)) = (node.as_object_mut(), text) {
            node.insert("description".to_owned(), text.clone());
        }
    };
    described(restored, flat.get("description"));
    let Some(parts) = restored.get_mut("allOf").and_then(Value::as_array_mut) else { return };
    for properties in parts.iter_mut().filter_map(|part| part.get_mut("properties")?.as_object_mut()) {
        for (name, property) in properties.iter_mut().filter(|(_, property)| property.get("$ref").is_none()) {
            described(property, flat.get("properties").and_then(|all| all.get(name)?.get("description")));
        }
    }
}
