//! The shape of a body: the names and types of its properties. Values are not compared.

use serde_json::Value;

/// Returns where a body has another shape than the recorded one. Items of a list are compared with all recorded items.
pub(super) fn compare(recorded: &Value, own: &Value, place: &str) -> Vec<String> {
    let at = if place.is_empty() { "body" } else { place };
    match (recorded, own) {
        (Value::Object(recorded), Value::Object(own)) => {
            let mut found = Vec::new();
            for (name, value) in recorded {
                match own.get(name) {
                    Some(other) => found.extend(compare(value, other, &format!("{place}/{name}"))),
                    None => found.push(format!("{place}/{name} is missing")),
                }
            }
            let unknown = own.keys().filter(|name| !recorded.contains_key(*name));
            found.extend(unknown.map(|name| format!("{place}/{name} is not in the recording")));
            found
        }
        (Value::Array(recorded), Value::Array(own)) => {
            if recorded.is_empty() != own.is_empty() {
                return vec![format!("{at} has {} items, recorded {}", own.len(), recorded.len())];
            }
            let items = own.iter().enumerate().filter_map(|(index, item)| {
                let place = format!("{place}/{index}");
                // The recorded item that is most similar.
                recorded.iter().map(|known| compare(known, item, &place)).min_by_key(Vec::len)
            });
            items.flatten().collect()
        }
        _ if kind(recorded) == kind(own) => Vec::new(),
        _ => vec![format!("{at} is {}, recorded {}", kind(own), kind(recorded))],
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null or empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_types_are_compared_but_not_values() {
        for (recorded, own, expected) in [
            (json!({"a": 1}), json!({"a": 2}), &[][..]),
            (json!({"a": 1}), json!({"a": "1"}), &["/a is a string, recorded a number"]),
            (
                json!({"a": 1, "b": {"c": null}}),
                json!({"b": {"d": 1}}),
                &["/a is missing", "/b/c is missing", "/b/d is not in the recording"],
            ),
            (json!({"value": []}), json!({"value": [1]}), &["/value has 1 items, recorded 0"]),
            (
                json!([{"a": 1}, {"b": 1}]),
                json!([{"b": 2}, {"b": 3}, {"c": 1, "b": 2}]),
                &["/2/c is not in the recording"],
            ),
            (json!("text"), Value::Null, &["body is null or empty, recorded a string"]),
        ] {
            assert_eq!(compare(&recorded, &own, ""), expected, "{recorded} {own}");
        }
    }
}
