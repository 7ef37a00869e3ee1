//! What a closure changed in a resource, and whether the service has it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The property with the entity tag, which every PUT changes.
const ETAG: &str = "@odata.etag";

/// A JSON value whose numbers and strings keep their text.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object(BTreeMap<String, Node>),
    List(Vec<Node>),
    Text(String),
}

impl Node {
    /// Reads a resource without its entity tag. `None` if the resource cannot be serialized.
    fn of(resource: &impl Serialize) -> Option<Self> {
        let text = serde_json::to_string(resource).ok()?;
        let mut node = Self::read(&text)?;
        if let Self::Object(fields) = &mut node {
            fields.remove(ETAG);
        }
        Some(node)
    }

    fn read(text: &str) -> Option<Self> {
        fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Option<T> {
            serde_json::from_str(text).ok()
        }
        Some(match text.as_bytes().first()? {
            b'{' => {
                let fields: BTreeMap<String, &RawValue> = parse(text)?;
                let read = fields.into_iter().map(|(name, value)| Some((name, Self::read(value.get())?)));
                Self::Object(read.collect::<Option<_>>()?)
            }
            b'[' => {
                let items: Vec<&RawValue> = parse(text)?;
                Self::List(items.into_iter().map(|item| Self::read(item.get())).collect::<Option<_>>()?)
            }
            _ => Self::Text(text.to_owned()),
        })
    }

    /// Returns true for the values that the service omits or fills in.
    fn is_blank(&self) -> bool {
        match self {
            Self::Object(fields) => fields.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Text(text) => text == "null" || text == "\"\"",
        }
    }

    /// Returns true if two values are the same to the service, which spells enum values and numbers in its own way.
    fn is_respelled(&self, other: &Self) -> bool {
        let (Self::Text(left), Self::Text(right)) = (self, other) else { return false };
        let number = |text: &str| text.parse::<f64>().ok();
        left.eq_ignore_ascii_case(right) || number(left).is_some_and(|value| number(right) == Some(value))
    }
}

/// The change that a closure made to a resource.
pub(super) struct Change {
    before: Node,
    after: Node,
}

impl Change {
    /// Compares the states before and after the closure. `None` if one of them cannot be serialized.
    pub(super) fn between(before: &impl Serialize, after: &impl Serialize) -> Option<Self> {
        Some(Self { before: Node::of(before)?, after: Node::of(after)? })
    }

    /// Returns true if nothing but the entity tag differs.
    pub(super) fn is_empty(&self) -> bool {
        self.before == self.after
    }

    /// Returns true if the resource has nothing of what the closure changed: everything that it changed is as before.
    pub(super) fn is_missing_in(&self, resource: &impl Serialize) -> bool {
        Node::of(resource).is_some_and(|there| lacks(Some(&self.before), Some(&self.after), Some(&there)))
    }

    /// Returns true if the resource has everything that the closure changed, whatever else was changed by others.
    pub(super) fn is_in(&self, resource: &impl Serialize) -> bool {
        Node::of(resource).is_some_and(|there| has(Some(&self.before), Some(&self.after), Some(&there)))
    }
}

/// Returns true if `there` has the change from `before` to `after`. Absent values are `None`.
fn has(before: Option<&Node>, after: Option<&Node>, there: Option<&Node>) -> bool {
    if before == after || after == there {
        return true;
    }
    // Equal apart from the spelling does not count if nothing was changed.
    let is_changed = before != there;
    match (after, there) {
        (Some(Node::Object(after)), Some(Node::Object(there))) => {
            let empty = BTreeMap::new();
            let before = if let Some(Node::Object(before)) = before { before } else { &empty };
            let mut names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
            names.all(|name| has(before.get(name), after.get(name), there.get(name)))
        }
        (Some(Node::List(after)), Some(Node::List(there))) => {
            let before = if let Some(Node::List(before)) = before { before.as_slice() } else { &[] };
            match after.len() == there.len() {
                true => {
                    let mut items = after.iter().zip(there).enumerate();
                    items.all(|(at, (after, there))| has(before.get(at), Some(after), Some(there)))
                }
                false => has_items(before, after, there),
            }
        }
        (Some(after), Some(there)) => is_changed && after.is_respelled(there),
        (Some(after), None) => is_changed && after.is_blank(),
        (None, Some(there)) => is_changed && there.is_blank(),
        (None, None) => true,
    }
}

/// Returns true if `there` has no part of the change from `before` to `after`.
fn lacks(before: Option<&Node>, after: Option<&Node>, there: Option<&Node>) -> bool {
    if before == after || before == there {
        return true;
    }
    match (before, after, there) {
        (Some(Node::Object(before)), Some(Node::Object(after)), Some(Node::Object(there))) => {
            let mut names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
            names.all(|name| lacks(before.get(name), after.get(name), there.get(name)))
        }
        // None of the added items is there, and all of the removed ones are.
        (Some(Node::List(before)), Some(Node::List(after)), Some(Node::List(there))) => has_items(after, before, there),
        (None, _, Some(there)) => there.is_blank(),
        (Some(before), _, None) => before.is_blank(),
        _ => false,
    }
}

/// Returns true if a list of another length has all items that were added, and none that was removed.
fn has_items(before: &[Node], after: &[Node], there: &[Node]) -> bool {
    let count = |list: &[Node], item: &Node| list.iter().filter(|other| *other == item).count();
    before.iter().chain(after).all(|item| {
        let (old, new, now) = (count(before, item), count(after, item), count(there, item));
        match new.cmp(&old) {
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => now >= new,
            std::cmp::Ordering::Less => now <= new,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn is_in(before: &Value, after: &Value, there: &Value) -> bool {
        Change::between(before, after).unwrap().is_in(there)
    }

    #[test]
    fn only_what_was_changed_is_compared() {
        let before = json!({"order": 1, "fileSasUri": "a?sp=rwl", "@odata.etag": "1", "texts": {"a": "x", "b": "y"}});
        let after = json!({"order": 2, "fileSasUri": "a?sp=rwl", "@odata.etag": "1", "texts": {"a": "z", "b": "y"}});
        let changed_elsewhere = json!({"order": 2, "fileSasUri": "a?sp=rl", "@odata.etag": "2", "texts": {"a": "z", "b": "other"}, "new": true});
        assert!(is_in(&before, &after, &changed_elsewhere));
        for (name, value) in
            [("order", json!(1)), ("order", json!(3)), ("texts", json!({"a": "x"})), ("texts", json!(null))]
        {
            let mut there = changed_elsewhere.clone();
            there[name] = value;
            assert!(!is_in(&before, &after, &there), "{there}");
        }
        assert!(!is_in(&before, &after, &before));
    }

    #[test]
    fn values_in_the_spelling_of_the_service_are_the_same() {
        let before = json!({"visibility": "Public", "price": 1});
        let there = json!({"visibility": "Private", "price": 2.5});
        let text: Value = serde_json::from_str(r#"{"visibility": "private", "price": 2.50}"#).unwrap();
        assert!(is_in(&before, &text, &there));
        // A closure that changes the case of a text only.
        assert!(!is_in(&json!({"title": "One"}), &json!({"title": "ONE"}), &json!({"title": "One"})));
        // The service omits blank values and fills in absent ones.
        assert!(is_in(&json!({"uri": "a"}), &json!({"uri": ""}), &json!({})));
        assert!(is_in(&json!({"words": ["a"]}), &json!({}), &json!({"words": []})));
        assert!(!is_in(&json!({"words": ["a"]}), &json!({}), &json!({"words": ["a"]})));
    }

    #[test]
    fn lists_are_compared_by_the_items_that_were_added_and_removed() {
        let list = |items: &[&str]| json!({"keywords": items});
        let (before, after) = (list(&["a"]), list(&["a", "once"]));
        assert!(is_in(&before, &after, &list(&["a", "once", "other"])));
        assert!(!is_in(&before, &after, &list(&["a", "other", "third"])));
        assert!(!is_in(&list(&["a", "once"]), &list(&["a", "once", "once"]), &list(&["a", "once"])));
        assert!(is_in(&list(&["a", "b"]), &list(&["b"]), &list(&["b", "c"])));
        assert!(!is_in(&list(&["a", "b"]), &list(&["b"]), &list(&["a", "b"])));
        // The service adds ids to the items of a list.
        let priced = |id: Option<&str>| json!({"schedules": [{"market": "US"}, {"market": "DE", "id": id}]});
        assert!(is_in(&json!({}), &json!({"schedules": [{"market": "US"}, {"market": "DE"}]}), &priced(Some("7"))));
    }

    #[test]
    fn a_change_is_missing_if_everything_it_changed_is_as_before() {
        let is_missing =
            |before: &Value, after: &Value, there: &Value| Change::between(before, after).unwrap().is_missing_in(there);
        let (before, after) = (json!({"order": 1, "words": ["a"]}), json!({"order": 2, "words": ["a", "b"]}));
        assert!(is_missing(&before, &after, &json!({"order": 1, "words": ["a", "other"], "new": true})));
        for there in [
            json!({"order": 2, "words": ["a"]}),
            json!({"order": 3, "words": ["a"]}),
            json!({"order": 1, "words": ["a", "b"]}),
            after.clone(),
        ] {
            assert!(!is_missing(&before, &after, &there), "{there}");
        }
        assert!(is_missing(&json!({}), &json!({"words": ["a"]}), &json!({"words": []})));
    }

    #[test]
    fn a_change_within_the_precision_of_a_decimal_is_a_change() {
        let number = |text: &str| serde_json::from_str::<Box<RawValue>>(text).unwrap();
        let (one, two) = (number("0.12345678901234567890123456"), number("0.12345678901234567890123457"));
        assert!(!Change::between(&one, &two).unwrap().is_empty());
        assert!(Change::between(&one, &one).unwrap().is_empty());
    }
}
