//! Validates a body against the corrected document and normalizes its property names.
//!
//! The service ignores the case of property names and of enum values in requests, and returns its own spelling. Unknown fields
//! are kept.

use serde_json::{Map, Value};
use std::cell::RefCell;

pub(crate) struct Schemas<'d> {
    document: &'d Value,
    notes: RefCell<Vec<String>>,
}

/// A validation error and its location in the body.
pub(crate) struct Problem {
    pub(crate) place: String,
    pub(crate) message: String,
}

type Checked = Result<Value, Problem>;

impl<'d> Schemas<'d> {
    pub(crate) fn new(document: &'d Value) -> Self {
        let notes = RefCell::default();
        Self { document, notes }
    }

    /// Returns notes on the deviations that were accepted.
    pub(crate) fn into_notes(self) -> Vec<String> {
        self.notes.into_inner()
    }

    /// Validates a body and returns it with the service's spelling.
    pub(crate) fn check(&self, schema: &Value, body: &Value, place: &str) -> Checked {
        let schema = self.resolve(schema);
        // Clients send explicit nulls, which mean absent.
        if body.is_null() {
            return Ok(Value::Null);
        }
        if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
            return self.check_union(members, body, place);
        }
        if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            let Value::Object(object) = body else {
                return problem(place, "an object is expected");
            };
            return self.check_object(schema, object, place);
        }
        self.check_scalar(schema, body, place)
    }

    fn check_scalar(&self, schema: &Value, body: &Value, place: &str) -> Checked {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let fits = match text("type") {
            Some("string") => body.is_string(),
            Some("boolean") => body.is_boolean(),
            Some("integer") => body.is_i64() || body.is_u64(),
            Some("number") => body.is_number(),
            Some("array") => body.is_array(),
            Some("object") => body.is_object(),
            _ => true,
        };
        if let (Some("boolean"), Some(text)) = (text("type"), body.as_str())
            && let Ok(truth) = text.to_ascii_lowercase().parse::<bool>()
        {
            // The service accepts this: a client sends `canEnableCustomerActions` as a string.
            let note = format!("{place}: string {body} accepted as {truth}, but the document has a boolean");
            self.notes.borrow_mut().push(note);
            return Ok(truth.into());
        }
        if !fits {
            return problem(place, &format!("{} is expected", text("type").unwrap_or_default()));
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            // An exact match first, in case two values differ only in case.
            let known = values.iter().find(|value| *value == body).or_else(|| values.iter().find(|v| same(v, body)));
            return match known {
                Some(known) => Ok(known.clone()),
                None => problem(place, &format!("{body} is not one of {}", Value::from(values.clone()))),
            };
        }
        match (body, schema.get("items")) {
            (Value::Array(items), Some(schema)) => {
                let items = items.iter().enumerate();
                items.map(|(i, item)| self.check(schema, item, &format!("{place}[{i}]"))).collect()
            }
            _ => Ok(body.clone()),
        }
    }

    fn check_object(&self, schema: &Value, object: &Map<String, Value>, place: &str) -> Checked {
        let properties = self.properties(schema);
        let mut checked = Map::new();
        for (name, value) in object {
            let known = properties.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match known {
                Some((known, schema)) => {
                    let value = self.check(schema, value, &join(place, known))?;
                    checked.insert((*known).clone(), value);
                }
                None => drop(checked.insert(name.clone(), value.clone())),
            }
        }
        Ok(Value::Object(checked))
    }

    /// Validates against the union member with the body's tag. Without a tag, against the first member that accepts the body.
    fn check_union(&self, members: &[Value], body: &Value, place: &str) -> Checked {
        let tag = body.as_object().and_then(|object| field(object, "resourceType")).and_then(Value::as_str);
        let Some(tag) = tag else {
            let mut last = None;
            for member in members {
                match self.check(member, body, place) {
                    Ok(checked) => return Ok(checked),
                    Err(problem) => last = Some(problem),
                }
            }
            return last.map_or_else(|| Ok(body.clone()), Err);
        };
        let has_tag = |member: &&Value| self.tag(member).is_some_and(|known| known.eq_ignore_ascii_case(tag));
        let member = members.iter().find(has_tag);
        match member {
            Some(member) => self.check(member, body, place),
            None => problem(&join(place, "resourceType"), &format!("{tag} is not allowed here")),
        }
    }

    /// Returns the only value of `resourceType` that a schema allows.
    pub(crate) fn tag(&self, schema: &Value) -> Option<String> {
        let properties = self.properties(self.resolve(schema));
        let (_, tag) = properties.iter().rev().find(|(name, _)| *name == "resourceType")?;
        match tag.get("enum")?.as_array()?.as_slice() {
            [Value::String(value)] => Some(value.clone()),
            _ => None,
        }
    }

    /// Returns the properties of an object, those of its base schemas first.
    fn properties(&self, schema: &'d Value) -> Vec<(&'d String, &'d Value)> {
        let schema = self.resolve(schema);
        let mut all = Vec::new();
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            all.extend(self.properties(part));
        }
        all.extend(schema.get("properties").and_then(Value::as_object).into_iter().flatten());
        all
    }

    pub(crate) fn resolve<'s>(&self, schema: &'s Value) -> &'s Value
    where
        'd: 's,
    {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        match reference.and_then(|pointer| self.document.pointer(pointer)) {
            Some(target) => self.resolve(target),
            None => schema,
        }
    }
}

/// Returns a field by its name, ignoring case.
pub(crate) fn field<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Compares values ignoring case: `AzureOfferID` equals `AzureOfferId`.
fn same(known: &Value, sent: &Value) -> bool {
    match (known.as_str(), sent.as_str()) {
        (Some(known), Some(sent)) => known.eq_ignore_ascii_case(sent),
        _ => known == sent,
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn problem(place: &str, message: &str) -> Checked {
    let place = if place.is_empty() { "body" } else { place };
    Err(Problem { place: place.to_owned(), message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accepts_a_boolean_as_string_with_a_note() {
        let schemas = Schemas::new(&Value::Null);
        let schema = json!({"properties": {"canEnable": {"type": "boolean"}}});
        let check = |body: Value| schemas.check(&schema, &body, "").map_err(|problem| problem.message);
        assert_eq!(check(json!({"CanEnable": "True"})), Ok(json!({"canEnable": true})));
        assert_eq!(check(json!({"canEnable": "yes"})), Err("boolean is expected".to_owned()));
        let note = "canEnable: string \"True\" accepted as true, but the document has a boolean";
        assert_eq!(schemas.into_notes(), [note]);
    }

    #[test]
    fn enum_values_get_the_spelling_of_the_schema() {
        let schemas = Schemas::new(&Value::Null);
        let one_of = |tag: &str| {
            json!({"properties": {
                "resourceType": {"type": "string", "enum": [tag]},
                "states": {"type": "array", "items": {"type": "string", "enum": ["On", "Off", "OFF"]}},
            }})
        };
        let schema = json!({"oneOf": [one_of("First"), one_of("Second")]});
        let check = |body: Value| schemas.check(&schema, &body, "").map_err(|problem| problem.message);
        let sent = json!({"resourcetype": "SECOND", "States": ["on", "off", "OFF", "On"]});
        let kept = json!({"resourceType": "Second", "states": ["On", "Off", "OFF", "On"]});
        assert_eq!(check(sent), Ok(kept));
        let unknown = check(json!({"resourceType": "first", "states": ["open"]}));
        assert_eq!(unknown, Err("\"open\" is not one of [\"On\",\"Off\",\"OFF\"]".to_owned()));
    }
}
