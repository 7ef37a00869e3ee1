//! Instances as a later version of the service may send them: unknown fields, values and tags, nulls, missing tags, any
//! order of keys; and one wrong type where a test asks for it.

use crate::document::resolve;
use crate::sample::Sampler;
use serde_json::{Map, Value, json};

/// How deep objects are filled; a schema may refer to itself.
const DEPTH: usize = 8;
const TAG: &str = "resourceType";

/// What is sent and what has to come back: the same, but for nulls in known fields.
#[derive(Debug)]
pub struct Mutant {
    pub sent: Value,
    pub kept: Value,
    /// The field with the wrong type, if one was planted.
    pub wrong: Option<String>,
}

pub struct Breeder<'d> {
    document: &'d Value,
    random: Sampler<'d>,
    /// How many known fields to pass by before the wrong type is planted.
    wrong_in: Option<usize>,
    wrong: Option<String>,
}

impl<'d> Breeder<'d> {
    pub fn new(document: &'d Value, seed: u64) -> Self {
        Self { document, random: Sampler::new(document, seed), wrong_in: None, wrong: None }
    }

    /// An instance of the schema; with `wrong`, one field has another JSON type than the schema says.
    pub fn breed(&mut self, schema: &'d Value, wrong: bool) -> Mutant {
        self.wrong_in = wrong.then(|| self.random.below(12));
        self.wrong = None;
        let (sent, kept) = self.draw(schema, 0, true);
        Mutant { sent, kept, wrong: self.wrong.take() }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    /// `strict` is off where no type looks: below a tag that is not known.
    fn draw(&mut self, schema: &'d Value, depth: usize, strict: bool) -> (Value, Value) {
        let schema = resolve(self.document, schema);
        if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
            let member = self.random.below(members.len());
            return self.draw_member(&members[member], depth, strict, members.len() > 1);
        }
        let mut properties = Vec::new();
        self.random.properties(schema, &mut properties);
        if !properties.is_empty() {
            return self.object(&properties, depth, strict, false);
        }
        let value = match (schema.get("type").and_then(Value::as_str), schema.get("enum")) {
            (Some("string"), Some(_)) if self.chance(6) => "AValueOfTomorrow".into(),
            (Some("array"), _) => {
                let items = schema.get("items").unwrap();
                let items: Vec<_> = (0..self.random.below(3)).map(|_| self.draw(items, depth + 1, strict)).collect();
                let (sent, kept): (Vec<Value>, Vec<Value>) = items.into_iter().unzip();
                return (sent.into(), kept.into());
            }
            _ => self.random.instance(schema),
        };
        (value.clone(), value)
    }

    /// A member of a union; its tag decides whether any type looks at the rest.
    fn draw_member(&mut self, schema: &'d Value, depth: usize, strict: bool, tagged: bool) -> (Value, Value) {
        let schema = resolve(self.document, schema);
        let mut properties = Vec::new();
        self.random.properties(schema, &mut properties);
        match properties.is_empty() {
            true => self.draw(schema, depth, strict),
            false => self.object(&properties, depth, strict, tagged && properties.iter().any(|(name, _)| *name == TAG)),
        }
    }

    fn object(&mut self, all: &[(&'d String, &'d Value)], depth: usize, strict: bool, member: bool) -> (Value, Value) {
        let (mut sent, mut kept) = (Map::new(), Map::new());
        // Unions look at the tag: without a known one the object is kept as it is.
        let tag = if self.chance(5) { self.random.below(2) } else { 2 };
        let strict = strict && (!member || tag == 2);
        for (name, schema) in all {
            let known_tag = *name == TAG && member;
            if depth >= DEPTH || (!known_tag && self.chance(4)) {
                continue;
            }
            if *name == TAG && tag < 2 {
                if tag == 1 {
                    sent.insert((*name).clone(), "ATypeOfTomorrow".into());
                    kept.insert((*name).clone(), "ATypeOfTomorrow".into());
                }
                continue;
            }
            if strict && !known_tag && self.chance(12) {
                sent.insert((*name).clone(), Value::Null);
                continue;
            }
            if strict && self.plant(name) {
                sent.insert((*name).clone(), self.another_type(schema));
                continue;
            }
            let (value, back) = self.draw(schema, depth + 1, strict);
            // A known tag has one value; a list of several is an enum like any other.
            let (value, back) = if known_tag { (own_tag(schema), own_tag(schema)) } else { (value, back) };
            sent.insert((*name).clone(), value);
            kept.insert((*name).clone(), back);
        }
        if self.chance(2) {
            let unknown = json!({"deep": [1, -1.5, null, {"x": [], "y": ""}], "n": null});
            sent.insert("aFieldOfTomorrow".to_owned(), unknown.clone());
            kept.insert("aFieldOfTomorrow".to_owned(), unknown);
        }
        (sent.into(), kept.into())
    }

    /// Whether this is the field that gets the wrong type.
    fn plant(&mut self, name: &str) -> bool {
        match self.wrong_in {
            Some(0) => {
                self.wrong_in = None;
                self.wrong = Some(name.to_owned());
                true
            }
            Some(left) => {
                self.wrong_in = Some(left - 1);
                false
            }
            None => false,
        }
    }

    /// A value of a JSON type that the schema does not allow.
    fn another_type(&mut self, schema: &'d Value) -> Value {
        let schema = resolve(self.document, schema);
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => [json!(7), json!(true), json!({}), json!([])][self.random.below(4)].clone(),
            Some("array") => [json!(7), json!("x"), json!({"a": 1})][self.random.below(3)].clone(),
            _ => [json!("x"), json!([[7]])][self.random.below(2)].clone(),
        }
    }

    /// The text of a value with the keys of every object in a random order.
    pub fn shuffled(&mut self, value: &Value) -> String {
        match value {
            Value::Object(object) => {
                let mut members: Vec<_> = object.iter().collect();
                for i in (1..members.len()).rev() {
                    members.swap(i, self.random.below(i + 1));
                }
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), self.shuffled(value)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.shuffled(item)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }
}

fn own_tag(schema: &Value) -> Value {
    schema["enum"][0].clone()
}
