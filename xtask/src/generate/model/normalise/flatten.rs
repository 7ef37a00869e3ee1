//! Rule: an object has the properties of all schemas in its `allOf`. Its own properties override theirs.

use super::Normaliser;
use crate::document::finding::Finding;
use crate::document::node::Node;
use crate::document::pointer::component;
use std::collections::BTreeSet;

/// The maximum depth of composition and references; a deeper document is circular or hostile.
const MAX_DEPTH: usize = 32;

/// A property and the place of its declaration, in the notation of `names.toml`.
pub struct Property<'d> {
    pub wire: String,
    pub node: Node<'d>,
    pub place: String,
}

/// Collects the properties of an object.
#[derive(Default)]
struct Composition<'d> {
    found: Vec<Property<'d>>,
    /// The schemas that are being followed, outermost first, to detect cycles.
    open: Vec<String>,
    /// Schemas already followed: following a shared base each time could take exponential time.
    done: BTreeSet<String>,
}

impl<'d> Normaliser<'d> {
    pub(super) fn is_object(&self, node: &Node<'d>) -> bool {
        let mut node = node.clone();
        // A cycle is reported at its use.
        for _ in 0..MAX_DEPTH {
            if node.has("properties") {
                return true;
            }
            let members = node.get("allOf").and_then(|all| all.items().ok()).unwrap_or_default();
            let [only] = members.as_slice() else { return members.len() > 1 };
            // Elsewhere it is the type of its target, with a description.
            let is_component =
                node.pointer.starts_with("/components/schemas/") && node.pointer.matches('/').count() == 3;
            if !is_component {
                return false;
            }
            let Ok((target, _)) = self.target(only) else { return false };
            node = target;
        }
        false
    }

    /// Returns all properties of an object, those of its bases first.
    pub(super) fn properties(&self, node: &Node<'d>, place: &str) -> Result<Vec<Property<'d>>, Finding> {
        let mut composition = Composition::default();
        self.collect(node, place, &mut composition)?;
        Ok(composition.found)
    }

    fn collect(&self, part: &Node<'d>, place: &str, composition: &mut Composition<'d>) -> Result<(), Finding> {
        let (node, place) = match part.has("$ref") {
            true => self.target(part)?,
            false => (part.clone(), place.to_owned()),
        };
        if composition.open.contains(&node.pointer) || composition.open.len() > MAX_DEPTH {
            return Err(Finding::new(&part.pointer, "composition is circular or nested too deeply"));
        }
        if !composition.done.insert(node.pointer.clone()) {
            return Ok(());
        }
        composition.open.push(node.pointer.clone());
        for part in node.items_of("allOf")? {
            self.collect(&part, &place, composition)?;
        }
        composition.open.pop();
        let found = &mut composition.found;
        let Some(own) = node.get("properties") else {
            return Ok(());
        };
        for (wire, schema) in own.members()? {
            found.retain(|property| property.wire != wire);
            found.push(Property { wire: wire.to_owned(), node: schema, place: format!("{place}.{wire}") });
        }
        Ok(())
    }

    /// Returns the target of a `$ref` (or the node itself) and its short name.
    pub(super) fn target(&self, node: &Node<'d>) -> Result<(Node<'d>, String), Finding> {
        let mut node = node.clone();
        let mut short = String::new();
        for _ in 0..MAX_DEPTH {
            let Some(reference) = node.str_of("$ref")? else {
                return Ok((node, short));
            };
            let full = component(reference, "schemas").unwrap_or_default();
            let target = self.document.get("components").and_then(|c| c.get("schemas")).and_then(|s| s.get(&full));
            let (Some(name), Some(target)) = (self.schemas.get(&full), target) else {
                return Err(Finding::new(format!("{}/$ref", node.pointer), format!("{reference} is not a schema"))
                    .help("only references to a whole schema of components/schemas are followed"));
            };
            short = name.short.clone();
            node = target;
        }
        Err(Finding::new(&node.pointer, "references are circular, or pass through too many others"))
    }
}
