//! Instances of schemas with every property, and with values that lossy types would change.

use crate::document::resolve;
use serde_json::{Map, Value, json};

/// Maximum depth of objects, because a schema may refer to itself.
const DEPTH: usize = 8;

/// Generates instances of schemas. The same seed gives the same instances.
pub struct Sampler<'d> {
    document: &'d Value,
    state: u64,
    secret: Option<String>,
}

impl<'d> Sampler<'d> {
    pub fn new(document: &'d Value, seed: u64) -> Self {
        Self { document, state: seed.wrapping_mul(2).wrapping_add(1), secret: None }
    }

    /// Sets the text of every secret property and of every property without a type.
    #[must_use]
    pub fn with_secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Returns a random number below `bound` (xorshift).
    pub fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % bound.max(1) as u64) as usize
    }

    pub fn instance(&mut self, schema: &'d Value) -> Value {
        self.draw(schema, 0)
    }

    fn draw(&mut self, schema: &'d Value, depth: usize) -> Value {
        let schema = resolve(self.document, schema);
        if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
            let member = self.below(members.len());
            return self.draw(&members[member], depth);
        }
        let mut properties = Vec::new();
        self.properties(schema, &mut properties);
        if !properties.is_empty() {
            return self.object(&properties, depth);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values[self.below(values.len())].clone();
        }
        let format = schema.get("format").and_then(Value::as_str);
        if let Some(secret) =
            self.secret.as_ref().filter(|_| format == Some("password") || schema.get("type").is_none())
        {
            return secret.as_str().into();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => json!(self.below(2) == 0),
            Some("integer") => json!(self.below(1000)),
            // Fractions that `f32` would change, and integers that `f64` would print with a decimal point.
            Some("number") => [json!(9.99), json!(10), json!(0.1), json!(1e300), json!(-7)][self.below(5)].clone(),
            Some("array") => {
                let items = schema.get("items").unwrap();
                (0..self.below(3)).map(|_| self.draw(items, depth + 1)).collect()
            }
            Some("string") if format == Some("date-time") => {
                ["2022-08-04T10:37:37.4038218", "0001-01-01T00:00:00", "1601-01-01T00:00:00Z"][self.below(3)].into()
            }
            Some("string") => ["", "*", "text", "1152921505696700141", "\u{fc}\u{1f600} \"q\""][self.below(5)].into(),
            _ => json!({"free": [1, null, "form"]}),
        }
    }

    fn object(&mut self, properties: &[(&'d String, &'d Value)], depth: usize) -> Value {
        let mut object = Map::new();
        if depth < DEPTH {
            for (name, schema) in properties {
                object.insert((*name).clone(), self.draw(schema, depth + 1));
            }
        }
        Value::Object(object)
    }

    /// Collects the properties of the schema and its bases. Properties of the schema override those of its bases.
    pub fn properties(&self, schema: &'d Value, found: &mut Vec<(&'d String, &'d Value)>) {
        let schema = resolve(self.document, schema);
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.properties(part, found);
        }
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            found.retain(|(known, _)| *known != name);
            found.push((name, property));
        }
    }
}
