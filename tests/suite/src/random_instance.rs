//! Random instances as a later version of the service may send them: with unknown fields, values and tags, nulls, missing tags and
//! any order of keys. On request, one field has a wrong type.

use crate::document::resolve;
use crate::sample::Sampler;
use serde_json::{Map, Value, json};

/// Maximum depth of objects, because a schema may refer to itself.
const DEPTH: usize = 8;
const TAG: &str = "resourceType";

/// An instance and the expected result of decoding and encoding it: the same, except for nulls in known fields.
#[derive(Debug)]
pub struct RandomInstance {
    pub sent: Value,
    pub expected: Value,
    /// The field with a wrong type, if there is one.
    pub wrong_field: Option<String>,
}

/// Generates random instances.
pub struct InstanceGenerator<'d> {
    document: &'d Value,
    random: Sampler<'d>,
    /// Number of known fields before the one that gets a wrong type.
    fields_before_wrong: Option<usize>,
    wrong_field: Option<String>,
}

impl<'d> InstanceGenerator<'d> {
    pub fn new(document: &'d Value, seed: u64) -> Self {
        Self { document, random: Sampler::new(document, seed), fields_before_wrong: None, wrong_field: None }
    }

    /// Returns an instance of the schema. With `wrong_type`, one field has a JSON type that the schema does not allow.
    pub fn generate(&mut self, schema: &'d Value, wrong_type: bool) -> RandomInstance {
        self.fields_before_wrong = wrong_type.then(|| self.random.below(12));
        self.wrong_field = None;
        let (sent, expected) = self.draw(schema, 0, true);
        RandomInstance { sent, expected, wrong_field: self.wrong_field.take() }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    /// Returns an instance as sent and as expected. `strict` is false below an unknown tag, where the value is kept as JSON.
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
            (Some("string"), Some(_)) if self.chance(6) => "UnknownValue".into(),
            (Some("array"), _) => {
                let items = schema.get("items").unwrap();
                let items: Vec<_> = (0..self.random.below(3)).map(|_| self.draw(items, depth + 1, strict)).collect();
                let (sent, expected): (Vec<Value>, Vec<Value>) = items.into_iter().unzip();
                return (sent.into(), expected.into());
            }
            _ => self.random.instance(schema),
        };
        (value.clone(), value)
    }

    /// Returns an instance of a union member. Its tag determines how it is decoded.
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
        let (mut sent, mut expected) = (Map::new(), Map::new());
        // Without a known tag, a union keeps the object unchanged.
        let tag = if self.chance(5) { self.random.below(2) } else { 2 };
        let strict = strict && (!member || tag == 2);
        for (name, schema) in all {
            let known_tag = *name == TAG && member;
            if depth >= DEPTH || (!known_tag && self.chance(4)) {
                continue;
            }
            if *name == TAG && tag < 2 {
                if tag == 1 {
                    sent.insert((*name).clone(), "UnknownType".into());
                    expected.insert((*name).clone(), "UnknownType".into());
                }
                continue;
            }
            if strict && !known_tag && self.chance(12) {
                sent.insert((*name).clone(), Value::Null);
                continue;
            }
            if strict && self.is_wrong_field(name) {
                sent.insert((*name).clone(), self.wrong_type_value(schema));
                continue;
            }
            let (value, decoded) = self.draw(schema, depth + 1, strict);
            // A known tag has exactly one value.
            let (value, decoded) = if known_tag { (own_tag(schema), own_tag(schema)) } else { (value, decoded) };
            sent.insert((*name).clone(), value);
            expected.insert((*name).clone(), decoded);
        }
        if self.chance(2) {
            let unknown = json!({"deep": [1, -1.5, null, {"x": [], "y": ""}], "n": null});
            sent.insert("unknownField".to_owned(), unknown.clone());
            expected.insert("unknownField".to_owned(), unknown);
        }
        (sent.into(), expected.into())
    }

    /// Returns true if this field gets the wrong type.
    fn is_wrong_field(&mut self, name: &str) -> bool {
        match self.fields_before_wrong {
            Some(0) => {
                self.fields_before_wrong = None;
                self.wrong_field = Some(name.to_owned());
                true
            }
            Some(left) => {
                self.fields_before_wrong = Some(left - 1);
                false
            }
            None => false,
        }
    }

    /// Returns a value of a JSON type that the schema does not allow.
    fn wrong_type_value(&mut self, schema: &'d Value) -> Value {
        let schema = resolve(self.document, schema);
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => [json!(7), json!(true), json!({}), json!([])][self.random.below(4)].clone(),
            Some("array") => [json!(7), json!("x"), json!({"a": 1})][self.random.below(3)].clone(),
            _ => [json!("x"), json!([[7]])][self.random.below(2)].clone(),
        }
    }

    /// Returns the text of a value with the keys of every object in random order.
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
