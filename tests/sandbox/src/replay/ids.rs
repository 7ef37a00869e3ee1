//! The ids, entity tags and upload addresses of a recording, and those that the sandbox issued instead.

use crate::message::pairs;
use serde_json::{Map, Value};
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Ids {
    /// Recorded texts and their replacements.
    texts: HashMap<String, String>,
    /// Paths of recorded upload addresses, and the addresses of this sandbox.
    uploads: HashMap<String, String>,
}

/// Properties that name a list item in every recording.
const NAMES: [&str; 6] = ["externalID", "fileName", "languageCode", "module", "friendlyName", "name"];

impl Ids {
    /// Compares a recorded response with that of the sandbox, and keeps what was issued differently.
    pub(super) fn learn(&mut self, recorded: &Value, own: &Value) {
        match (recorded, own) {
            (Value::Object(recorded), Value::Object(own)) => {
                for (name, value) in recorded {
                    if let Some(other) = own.get(name) {
                        self.learn(value, other);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(own)) => {
                for (at, item) in recorded.iter().enumerate() {
                    if let Some(other) = self.counterpart(item, at, own) {
                        self.learn(item, other);
                    }
                }
            }
            (Value::String(recorded), Value::String(own)) if recorded != own => self.learn_text(recorded, own),
            _ => {}
        }
    }

    fn learn_text(&mut self, recorded: &str, own: &str) {
        if let (Some(path), true) = (path_of(recorded), recorded.contains("sig=")) {
            self.uploads.insert(path.to_owned(), own.to_owned());
        } else if is_issued(recorded) {
            self.texts.insert(recorded.to_owned(), own.to_owned());
        }
    }

    /// Returns the item of a list that has the same name. Items without a name have the same position.
    fn counterpart<'v>(&self, item: &Value, at: usize, own: &'v [Value]) -> Option<&'v Value> {
        let name = |item: &Value, key: &str| Some(item.get(key)?.as_str()?.to_owned());
        // The branches of plans have the same module.
        let plan = name(item, "variantID").map(|plan| self.text(&plan));
        let same = |other: &&Value| {
            let named = NAMES.iter().filter(|key| item.get(**key).is_some()).collect::<Vec<_>>();
            !named.is_empty()
                && name(other, "variantID") == plan
                && named.iter().all(|key| item.get(**key) == other.get(**key))
        };
        own.iter().find(same).or_else(|| own.get(at))
    }

    /// Replaces a text that was issued.
    pub(super) fn text(&self, text: &str) -> String {
        self.texts.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }

    /// Replaces the ids in a path: whole segments, and arguments in parentheses.
    pub(super) fn path(&self, path: &str) -> String {
        let mut shown = String::with_capacity(path.len());
        for part in path.split_inclusive(['/', '(', ')', '=', ',']) {
            let end = part.len() - usize::from(part.ends_with(['/', '(', ')', '=', ',']));
            shown += &self.text(&part[..end]);
            shown += &part[end..];
        }
        shown
    }

    /// Replaces all ids in a body.
    pub(super) fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(object) => {
                let replaced = object.iter().map(|(name, value)| (name.clone(), self.json(value)));
                Value::Object(replaced.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// Returns path and query of the address that replaces a recorded upload address.
    pub(super) fn upload(&self, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let own = self.uploads.get(path)?;
        let query = own.split_once('?').map(|(_, query)| pairs(query)).unwrap_or_default();
        Some((path_of(own)?.to_owned(), query))
    }
}

/// Returns the path of an absolute URL.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    path.split('?').next()
}

/// Returns true if a service issues such a text: a GUID, an id of digits or an entity tag.
fn is_issued(text: &str) -> bool {
    let is_guid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    let is_number = text.len() >= 15 && text.chars().all(|c| c.is_ascii_digit());
    let is_tag = text.len() > 2 && (text.starts_with('"') || text.starts_with("W/\"")) && text.ends_with('"');
    let has_guid = text.get(..36).is_some_and(is_guid);
    is_guid(text) || is_number || is_tag || has_guid
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn issued_ids_are_replaced_everywhere() {
        let (old, new) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
        let mut ids = Ids::default();
        ids.learn(
            &json!({"id": old, "name": "a", "@odata.etag": "\"1\"", "fileSasUri": "https://a/c/b?sig=***&se=1"}),
            &json!({"id": new, "name": "b", "@odata.etag": "\"2\"", "fileSasUri": "http://x/y/z?sig=s&se=2"}),
        );
        assert_eq!(
            ids.path(&format!("/products/{old}/x(instanceID={old})")),
            format!("/products/{new}/x(instanceID={new})")
        );
        assert_eq!(ids.json(&json!([{"value": old, "name": "a"}])), json!([{"value": new, "name": "a"}]));
        assert_eq!(ids.text("\"1\""), "\"2\"");
        let signed = vec![("sig".to_owned(), "s".to_owned()), ("se".to_owned(), "2".to_owned())];
        assert_eq!(ids.upload("/c/b"), Some(("/y/z".to_owned(), signed)));
        assert_eq!(ids.upload("/c"), None);
    }

    #[test]
    fn list_items_are_matched_by_name() {
        let id = |number: u8| format!("{number}1111111-1111-4111-8111-111111111111");
        let mut ids = Ids::default();
        let recorded = json!([{"externalID": "a", "id": id(1)}, {"externalID": "b", "id": id(2)}]);
        let own = json!([{"externalID": "b", "id": id(3)}, {"externalID": "a", "id": id(4)}]);
        ids.learn(&recorded, &own);
        assert_eq!([ids.text(&id(1)), ids.text(&id(2))], [id(4), id(3)]);
    }
}
