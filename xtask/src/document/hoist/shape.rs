//! What a schema says, without the form in which it says it: references followed, `allOf` merged, prose left out. Two schemas with
//! the same shape describe the same values.

use crate::document::pointer::component;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A shape. Equal numbers are equal shapes.
pub type Shape = usize;

/// Members that describe a schema to people.
const PROSE: [&str; 5] = ["description", "example", "examples", "externalDocs", "title"];

/// The keywords of a shape, with shapes instead of schemas.
type Keywords = BTreeMap<String, Value>;

/// All shapes, of one or more documents.
#[derive(Default)]
pub struct Shapes {
    numbers: HashMap<String, Shape>,
    keywords: Vec<Keywords>,
    /// A recursive component by the shape of its content.
    recursive: BTreeMap<Shape, Shape>,
}

/// The schemas of one document, and the shapes found so far.
pub struct Schemas<'d> {
    schemas: Option<&'d Map<String, Value>>,
    recursive: BTreeSet<String>,
    known: BTreeMap<String, Shape>,
    /// The components that are being followed, to end at a circular composition.
    open: Vec<String>,
}

impl<'d> Schemas<'d> {
    pub fn of(document: &'d Value) -> Self {
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        let mut targets: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (name, schema) in schemas.into_iter().flatten() {
            let mut found = BTreeSet::new();
            references(schema, &mut found);
            targets.insert(name, found);
        }
        let recursive = targets.keys().filter(|name| reaches_itself(name, &targets)).map(|name| (*name).to_owned());
        Self { schemas, recursive: recursive.collect(), known: BTreeMap::new(), open: Vec::new() }
    }

    pub fn get(&self, name: &str) -> Option<&'d Value> {
        self.schemas?.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &'d String> + use<'d> {
        self.schemas.into_iter().flatten().map(|(name, _)| name)
    }
}

/// Adds the components that a schema refers to.
pub fn references(node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).and_then(|text| component(text, "schemas")));
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

fn reaches_itself(name: &str, targets: &BTreeMap<&str, BTreeSet<String>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = vec![name];
    while let Some(next) = open.pop() {
        for target in targets.get(next).into_iter().flatten() {
            if target == name {
                return true;
            }
            if seen.insert(target.as_str()) {
                open.push(target);
            }
        }
    }
    false
}

impl Shapes {
    /// Registers the recursive components of a document. Their references cannot be replaced by their content.
    pub fn add_recursive(&mut self, schemas: &mut Schemas<'_>) {
        for name in schemas.recursive.clone() {
            let Some(schema) = schemas.get(&name) else { continue };
            schemas.open.push(name.clone());
            let content = self.of(schema, schemas);
            schemas.open.pop();
            let reference = self.number(Keywords::from([("$ref".to_owned(), name.into())]));
            self.recursive.insert(content, reference);
        }
    }

    /// The shape of a component.
    pub fn component(&mut self, name: &str, schemas: &mut Schemas<'_>) -> Shape {
        if let Some(known) = schemas.known.get(name) {
            return *known;
        }
        let shape = match schemas.get(name).filter(|_| !schemas.recursive.contains(name) && schemas.open.len() < 64) {
            Some(schema) => {
                schemas.open.push(name.to_owned());
                let shape = self.of(schema, schemas);
                schemas.open.pop();
                shape
            }
            // A broken reference is reported by a later check.
            None => return self.number(Keywords::from([("$ref".to_owned(), name.into())])),
        };
        schemas.known.insert(name.to_owned(), shape);
        shape
    }

    /// The shape of a schema of this document.
    pub fn of(&mut self, schema: &Value, schemas: &mut Schemas<'_>) -> Shape {
        let Value::Object(members) = schema else {
            return self.number(Keywords::from([("=".to_owned(), schema.clone())]));
        };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            return match component(reference, "schemas") {
                Some(name) => self.component(&name, schemas),
                None => self.number(Keywords::from([("$ref".to_owned(), reference.into())])),
            };
        }
        let mut all = Keywords::new();
        for (key, value) in members {
            if PROSE.contains(&key.as_str()) || key.starts_with("x-") || key == "allOf" {
                continue;
            }
            let value = match (key.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    let shapes =
                        properties.iter().map(|(name, schema)| (name.clone(), self.of(schema, schemas).into()));
                    shapes.collect::<Map<_, _>>().into()
                }
                ("items" | "additionalProperties" | "not", Value::Object(_)) => self.of(value, schemas).into(),
                ("oneOf" | "anyOf", Value::Array(list)) => list.iter().map(|schema| self.of(schema, schemas)).collect(),
                ("required", Value::Array(names)) => sorted(names),
                _ => value.clone(),
            };
            all.insert(key.clone(), value);
        }
        let parts = members.get("allOf").and_then(Value::as_array);
        let parts: Vec<Shape> = parts.into_iter().flatten().map(|part| self.of(part, schemas)).collect();
        if let ([only], true) = (parts.as_slice(), all.is_empty()) {
            return *only;
        }
        for part in parts.into_iter().rev() {
            merge(&mut all, &self.keywords[part]);
        }
        if all.contains_key("properties") {
            all.entry("type".to_owned()).or_insert_with(|| "object".into());
        }
        if all.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            all.remove("required");
        }
        let shape = self.number(all);
        self.recursive.get(&shape).copied().unwrap_or(shape)
    }

    /// Returns true for objects with properties, and for lists of two or more values: what a component is made for.
    pub fn is_named(&self, shape: Shape) -> bool {
        let keywords = &self.keywords[shape];
        let properties = keywords.get("properties").and_then(Value::as_object);
        let values = keywords.get("enum").and_then(Value::as_array);
        let is_reference = keywords.len() == 1 && keywords.contains_key("$ref");
        is_reference || properties.is_some_and(|all| !all.is_empty()) || values.is_some_and(|all| all.len() > 1)
    }

    pub fn is_object(&self, shape: Shape) -> bool {
        self.keywords[shape].get("properties").and_then(Value::as_object).is_some_and(|all| !all.is_empty())
    }

    fn number(&mut self, keywords: Keywords) -> Shape {
        let text = serde_json::to_string(&keywords).unwrap_or_default();
        let next = self.keywords.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.keywords.push(keywords);
        }
        number
    }
}

/// Adds the keywords of a part of `allOf`. Those of the whole and of later parts override them.
fn merge(all: &mut Keywords, part: &Keywords) {
    for (key, value) in part {
        match (all.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(other)) if key == "properties" => {
                for (name, shape) in other {
                    own.entry(name.clone()).or_insert_with(|| shape.clone());
                }
            }
            (Some(Value::Array(own)), Value::Array(other)) if key == "required" => {
                own.extend(other.iter().cloned());
                let whole = sorted(own);
                all.insert(key.clone(), whole);
            }
            (Some(_), _) => {}
            (None, value) => drop(all.insert(key.clone(), value.clone())),
        }
    }
}

fn sorted(names: &[Value]) -> Value {
    let names: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
    names.into_iter().collect()
}
