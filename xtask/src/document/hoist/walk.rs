//! Goes through a document beside an earlier one, and replaces parameters, bodies and responses that equal a shared one.

use super::schema::Role;
use super::shape::{Schemas, Shape, Shapes, references};
use super::{add, members};
use crate::document::finding::Finding;
use crate::document::openapi31::METHODS;
use crate::document::pointer::{component, escape};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The names of schemas in the keyword of a component.
pub(super) const SCHEMAS: &str = "schemas";

pub struct Hoist<'d> {
    document: &'d Value,
    earlier: &'d Value,
    pub(super) shapes: Shapes,
    pub(super) own: Schemas<'d>,
    pub(super) known: Schemas<'d>,
    /// The components of each shape: first those of the document, then those of the earlier one.
    pub(super) candidates: HashMap<Shape, Vec<String>>,
    /// Whether a component of the earlier document means the same in this one.
    pub(super) adoptable: BTreeMap<String, bool>,
    /// Components of the earlier document that have another content in this one, which has it in their place only.
    pub(super) edited: BTreeMap<String, Shape>,
    pub(super) added: BTreeMap<&'static str, Map<String, Value>>,
    pub places: BTreeMap<String, String>,
    pub notices: Vec<Finding>,
}

impl<'d> Hoist<'d> {
    pub fn new(document: &'d Value, earlier: &'d Value) -> Self {
        let (mut own, mut known) = (Schemas::of(document), Schemas::of(earlier));
        let (mut shapes, mut candidates) = (Shapes::default(), HashMap::<Shape, Vec<String>>::new());
        shapes.add_recursive(&mut own);
        shapes.add_recursive(&mut known);
        for name in own.names() {
            candidates.entry(shapes.component(name, &mut own)).or_default().push(name.clone());
        }
        for name in known.names().filter(|name| own.get(name).is_none()) {
            candidates.entry(shapes.component(name, &mut known)).or_default().push(name.clone());
        }
        Self {
            document,
            earlier,
            shapes,
            own,
            known,
            candidates,
            adoptable: BTreeMap::new(),
            edited: BTreeMap::new(),
            added: BTreeMap::new(),
            places: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    pub fn document(&mut self) -> Value {
        let mut value = self.document.clone();
        let earlier = self.earlier;
        if let Some(paths) = value.get_mut("paths").and_then(Value::as_object_mut) {
            for (path, item) in paths.iter_mut().filter(|(path, _)| path.starts_with('/')) {
                let place = format!("/paths/{}", escape(path));
                self.path_item(item, earlier.get("paths").and_then(|paths| paths.get(path)), &place);
            }
        }
        for (kind, shared) in value.get_mut("components").and_then(Value::as_object_mut).into_iter().flatten() {
            for (name, node) in shared.as_object_mut().into_iter().flatten() {
                let place = format!("/components/{kind}/{}", escape(name));
                let guide = earlier.get("components").and_then(|all| all.get(kind)).and_then(|all| all.get(name));
                match kind.as_str() {
                    SCHEMAS => *node = self.component_schema(name, node, guide, &place),
                    "parameters" => self.schema_of(node, guide, &place),
                    "responses" | "requestBodies" => self.content(node, guide, &place),
                    _ => {}
                }
            }
        }
        self.add_unused();
        for (kind, added) in std::mem::take(&mut self.added) {
            add(&mut value, kind, added);
        }
        value
    }

    /// A document without schemas says nothing about those that no operation uses. They come from the earlier document.
    fn add_unused(&mut self) {
        if self.own.names().next().is_some() || self.known.names().next().is_none() {
            return;
        }
        let (mut used, mut open) = (BTreeSet::new(), BTreeSet::new());
        references(self.earlier.get("paths").unwrap_or(&Value::Null), &mut open);
        for kind in ["parameters", "responses", "requestBodies"] {
            references(self.earlier.get("components").and_then(|all| all.get(kind)).unwrap_or(&Value::Null), &mut open);
        }
        while let Some(name) = open.pop_first() {
            if let Some(schema) = self.known.get(&name).filter(|_| used.insert(name.clone())) {
                references(schema, &mut open);
            }
        }
        for name in self.known.names().filter(|name| !used.contains(*name)) {
            self.adopt(name, "/paths");
        }
    }

    fn path_item(&mut self, item: &mut Value, guide: Option<&'d Value>, place: &str) {
        self.parameters(item, &[guide], place);
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else { continue };
            let (place, beside) = (format!("{place}/{method}"), guide.and_then(|guide| guide.get(method)));
            self.parameters(operation, &[beside, guide], &place);
            if let Some(body) = operation.get_mut("requestBody") {
                let beside = beside.and_then(|guide| guide.get("requestBody"));
                self.holder("requestBodies", body, beside, &format!("{place}/requestBody"));
            }
            for (status, response) in
                operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten()
            {
                let beside = beside.and_then(|guide| guide.get("responses")?.get(status));
                self.holder("responses", response, beside, &format!("{place}/responses/{}", escape(status)));
            }
        }
    }

    /// A parameter is found in the earlier document by its name, because converters change the order.
    fn parameters(&mut self, holder: &mut Value, guides: &[Option<&'d Value>], place: &str) {
        let guides: Vec<&Value> =
            guides.iter().filter_map(|guide| guide.as_ref()?.get("parameters")?.as_array()).flatten().collect();
        let list = holder.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for (at, param) in list.enumerate().filter(|(_, param)| param.get("$ref").is_none()) {
            let same = |other: &Value| other["name"] == param["name"] && other["in"] == param["in"];
            let guide = guides.iter().find(|guide| self.target("parameters", guide).is_some_and(same)).copied();
            let shared = self.earlier.pointer("/components/parameters");
            let known = members(shared).find(|(_, other)| guide.is_none() && same(other)).map(|(name, _)| name.clone());
            let known = known.or_else(|| guide.and_then(|guide| reference_to("parameters", guide)));
            match known.filter(|name| self.is_shared("parameters", name, param)) {
                Some(name) => *param = self.shared("parameters", &name),
                None => {
                    let guide = guide.and_then(|guide| self.target("parameters", guide));
                    self.schema_of(param, guide, &format!("{place}/parameters/{at}"));
                }
            }
        }
    }

    /// A body or a response.
    fn holder(&mut self, kind: &'static str, node: &mut Value, guide: Option<&'d Value>, place: &str) {
        if node.get("$ref").is_some() {
            return;
        }
        let known = guide.and_then(|guide| reference_to(kind, guide));
        match known.filter(|name| self.is_shared(kind, name, node)) {
            Some(name) => *node = self.shared(kind, &name),
            None => {
                let guide = guide.and_then(|guide| self.target(kind, guide));
                self.content(node, guide, place);
            }
        }
    }

    fn content(&mut self, node: &mut Value, guide: Option<&'d Value>, place: &str) {
        let content = node.get_mut("content").and_then(Value::as_object_mut);
        for (media, inside) in content.into_iter().flatten() {
            let beside = guide.and_then(|guide| guide.get("content")?.get(media));
            self.schema_of(inside, beside, &format!("{place}/content/{}", escape(media)));
        }
    }

    fn schema_of(&mut self, holder: &mut Value, guide: Option<&'d Value>, place: &str) {
        if let Some(schema) = holder.get_mut("schema") {
            let guide = guide.and_then(|guide| guide.get("schema"));
            *schema = self.schema(schema, guide, &format!("{place}/schema"), Role::Value);
        }
    }

    /// The parameter, body or response of the earlier document that a reference points to.
    fn target(&self, kind: &str, node: &'d Value) -> Option<&'d Value> {
        match reference_to(kind, node) {
            Some(name) => self.earlier.get("components")?.get(kind)?.get(&name),
            None => Some(node),
        }
    }

    /// Returns true if a parameter, body or response says what the shared one of this name says. Headers of responses are not
    /// compared: nothing is generated from them.
    fn is_shared(&mut self, kind: &str, name: &str, node: &Value) -> bool {
        let find = |document: &'d Value| document.get("components")?.get(kind)?.get(name);
        let (own, known) = (find(self.document), find(self.earlier));
        let shape = part_shape(node, &mut self.shapes, &mut self.own);
        match (own, known) {
            (Some(own), _) => part_shape(own, &mut self.shapes, &mut self.own) == shape,
            (None, Some(known)) => {
                let mut targets = BTreeSet::new();
                references(known, &mut targets);
                part_shape(known, &mut self.shapes, &mut self.known) == shape
                    && targets.iter().all(|target| self.is_adoptable(target))
            }
            (None, None) => false,
        }
    }

    /// Returns the reference to a shared part, which the document gets from the earlier one if it is missing.
    fn shared(&mut self, kind: &'static str, name: &str) -> Value {
        if let Some(known) = self.earlier.get("components").and_then(|all| all.get(kind)?.get(name)) {
            self.added.entry(kind).or_default().insert(name.to_owned(), known.clone());
            let mut targets = BTreeSet::new();
            references(known, &mut targets);
            targets.iter().for_each(|target| self.adopt(target, ""));
        }
        json!({"$ref": format!("#/components/{kind}/{}", escape(name))})
    }
}

/// What a parameter, body or response says, with shapes instead of schemas.
fn part_shape(node: &Value, shapes: &mut Shapes, schemas: &mut Schemas<'_>) -> Value {
    let mut said = Map::new();
    for (key, value) in members(Some(node)) {
        let value = match key.as_str() {
            "description" | "example" | "examples" | "headers" | "summary" => continue,
            _ if key.starts_with("x-") || (key == "required" && value == false) => continue,
            "schema" => shapes.of(value, schemas).into(),
            "content" => {
                let schemas = members(Some(value)).map(|(media, inside)| {
                    let shape = inside.get("schema").map(|schema| shapes.of(schema, schemas));
                    (media.clone(), shape.into())
                });
                schemas.collect::<Map<_, _>>().into()
            }
            _ => value.clone(),
        };
        said.insert(key.clone(), value);
    }
    said.into()
}

/// The name of the component of this kind that a node refers to.
pub(super) fn reference_to(kind: &str, node: &Value) -> Option<String> {
    component(node.get("$ref")?.as_str()?, kind)
}
