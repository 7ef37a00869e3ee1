//! The Overlay format, rule by rule: what an action does, and what is refused because it would do nothing or two things.

use crate::generate::overlay::parse;
use serde_json::{Value, json};

/// An overlay of these actions, below a place that targets may name.
fn apply(actions: &str, schemas: Value) -> Result<Value, String> {
    let text = format!("overlay: 1.1.0\ninfo: {{title: a, version: '1'}}\nactions:\n{actions}");
    let file = parse("a.overlay.yaml", &text).map_err(|error| format!("{error:#}"))?;
    let mut document = json!({"components": {"schemas": schemas}});
    for action in &file.actions {
        action.apply(&mut document).map_err(|error| format!("{error:#}"))?;
    }
    Ok(document["components"]["schemas"].take())
}

#[test]
fn what_actions_do() {
    let cases: [(&str, &str, Value, Value); 14] = [
        (
            "objects merge, and go on inside",
            "- {target: \"$.components.schemas.A\", update: {b: {d: 2}}}",
            json!({"A": {"b": {"c": 1}}}),
            json!({"A": {"b": {"c": 1, "d": 2}}}),
        ),
        (
            "a primitive takes the place of a primitive",
            "- {target: \"$.components.schemas.A\", update: {b: 2}}",
            json!({"A": {"b": 1}}),
            json!({"A": {"b": 2}}),
        ),
        (
            "arrays are put together",
            "- {target: \"$.components.schemas.A\", update: {b: [2]}}",
            json!({"A": {"b": [1]}}),
            json!({"A": {"b": [1, 2]}}),
        ),
        (
            "an array that is the target grows",
            "- {target: \"$.components.schemas.A.b\", update: [2]}",
            json!({"A": {"b": [1]}}),
            json!({"A": {"b": [1, 2]}}),
        ),
        (
            "what is there already is not added again",
            "- {target: \"$.components.schemas.A.b\", update: [2]}",
            json!({"A": {"b": [1, 2]}}),
            json!({"A": {"b": [1, 2]}}),
        ),
        (
            "a member is removed",
            "- {target: \"$.components.schemas.A.b\", remove: true}",
            json!({"A": {"b": 1, "c": 2}}),
            json!({"A": {"c": 2}}),
        ),
        (
            "an entry of a list is removed",
            "- {target: \"$.components.schemas.A.enum[?@=='old' || @=='older']\", remove: true}",
            json!({"A": {"enum": ["a", "old", "b", "older", "c"]}}),
            json!({"A": {"enum": ["a", "b", "c"]}}),
        ),
        (
            "a value that is the target is replaced",
            "- {target: \"$.components.schemas.A.enum[0]\", update: new}",
            json!({"A": {"enum": ["old"]}}),
            json!({"A": {"enum": ["new"]}}),
        ),
        (
            "each action sees what the one before it did",
            "- {target: \"$.components.schemas.A\", update: {b: {}}}\n- {target: \"$.components.schemas.A.b\", update: {c: 1}}",
            json!({"A": {}}),
            json!({"A": {"b": {"c": 1}}}),
        ),
        (
            "every match is changed",
            "- {target: \"$.components.schemas[*]\", update: {x: 1}}",
            json!({"A": {}, "B": {}}),
            json!({"A": {"x": 1}, "B": {"x": 1}}),
        ),
        (
            "a filter chooses",
            "- {target: \"$.components.schemas[?@.type=='object']\", update: {x: 1}}",
            json!({"A": {"type": "object"}, "B": {"type": "string"}}),
            json!({"A": {"type": "object", "x": 1}, "B": {"type": "string"}}),
        ),
        (
            "no match changes nothing; the correction around it says so",
            "- {target: \"$.components.schemas.Z\", update: {x: 1}}",
            json!({"A": {}}),
            json!({"A": {}}),
        ),
        (
            "extensions are kept out of the document",
            "- {target: \"$.components.schemas.A\", update: {b: 1}, x-correction: {id: a}}",
            json!({"A": {}}),
            json!({"A": {"b": 1}}),
        ),
        (
            "null is a value",
            "- {target: \"$.components.schemas.A\", update: {b: null}}",
            json!({"A": {"b": 1}}),
            json!({"A": {"b": null}}),
        ),
    ];
    for (rule, actions, before, after) in cases {
        assert_eq!(apply(actions, before).unwrap(), after, "{rule}");
    }
}

#[test]
fn what_is_refused() {
    let cases = [
        ("an object does not merge with a primitive", "- {target: \"$.components.schemas[*]\", update: {b: {c: 1}}}"),
        ("a target is a JSONPath", "- {target: \"$.components.schemas[\", update: {}}"),
        ("a target is narrow", "- {target: \"$..A\", update: {}}"),
        ("an action does something", "- {description: nothing}"),
    ];
    for (rule, actions) in cases {
        assert!(apply(actions, json!({"A": {"b": 1}, "B": [1]})).is_err(), "{rule}");
    }
    for text in ["", "overlay: 1.1.0", "overlay: 1.1.0\ninfo: {title: a, version: '1'}\nactions: []", "{", "- a"] {
        assert!(parse("a.overlay.yaml", text).is_err(), "{text:?} is no overlay");
    }
}
