//! Rule: an object has the properties of everything it is composed of; a nearer one overrides.

use super::Normaliser;
use crate::generate::finding::Finding;
use crate::generate::node::{Node, last_segment};

/// How deep composition and references may be nested; a document that goes deeper is cyclic or hostile.
const MAX_DEPTH: usize = 32;

/// One property with the place that declares it, as `names.toml` writes it.
pub struct Property<'d> {
    pub wire: String,
    pub node: Node<'d>,
    pub place: String,
}

impl<'d> Normaliser<'d> {
    pub(super) fn is_object(&self, node: &Node<'d>) -> bool {
        if node.has("properties") {
            return true;
        }
        match node.get("allOf").and_then(|all| all.items().ok()) {
            Some(members) if members.len() == 1 && node.pointer.starts_with("/components/schemas/") => {
                self.target(&members[0]).is_ok_and(|(target, _)| self.is_object(&target))
            }
            Some(members) => members.len() > 1,
            None => false,
        }
    }

    /// All properties of an object, those of its bases first.
    pub(super) fn properties(&self, node: &Node<'d>, place: &str) -> Result<Vec<Property<'d>>, Finding> {
        let mut found = Vec::new();
        self.collect(node, place, &mut found, 0)?;
        Ok(found)
    }

    fn collect(
        &self,
        node: &Node<'d>,
        place: &str,
        found: &mut Vec<Property<'d>>,
        depth: usize,
    ) -> Result<(), Finding> {
        if depth > MAX_DEPTH {
            return Err(Finding::new(&node.pointer, "composition goes in circles or is nested too deeply"));
        }
        let (node, place) = match node.has("$ref") {
            true => self.target(node)?,
            false => (node.clone(), place.to_owned()),
        };
        for part in node.items_of("allOf")? {
            self.collect(&part, &place, found, depth + 1)?;
        }
        let Some(own) = node.get("properties") else {
            return Ok(());
        };
        for (wire, schema) in own.members()? {
            found.retain(|property| property.wire != wire);
            found.push(Property { wire: wire.to_owned(), node: schema, place: format!("{place}.{wire}") });
        }
        Ok(())
    }

    /// The component that a `$ref` names (or the node itself), and its short name.
    pub(super) fn target(&self, node: &Node<'d>) -> Result<(Node<'d>, String), Finding> {
        let mut node = node.clone();
        let mut short = String::new();
        for _ in 0..MAX_DEPTH {
            let Some(reference) = node.str_of("$ref")? else {
                return Ok((node, short));
            };
            let full = last_segment(reference);
            let known = reference.strip_prefix("#/components/schemas/").and_then(|_| self.schemas.get(&full));
            let target = self.document.get("components").and_then(|c| c.get("schemas")).and_then(|s| s.get(&full));
            let (Some(name), Some(target)) = (known, target) else {
                return Err(Finding::new(format!("{}/$ref", node.pointer), format!("{reference} does not exist")));
            };
            short = name.short.clone();
            node = target;
        }
        Err(Finding::new(&node.pointer, "references go in circles, or over too many others"))
    }
}
