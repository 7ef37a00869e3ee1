//! The Overlay format, rule by rule: what an action does, and which actions are rejected.

use super::parse;
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
    let cases: [(&str, &str, Value, Value); 17] = [
        (
            "objects merge recursively",
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
            "a copy merges the value of another place",
            "- {target: \"$.components.schemas.A\", copy: \"$.components.schemas.B\"}",
            json!({"A": {"a": 1, "b": {"c": 1}}, "B": {"b": {"d": 2}}}),
            json!({"A": {"a": 1, "b": {"c": 1, "d": 2}}, "B": {"b": {"d": 2}}}),
        ),
        (
            "a copied value takes the place of a value",
            "- {target: \"$.components.schemas.A.b\", copy: \"$.components.schemas.B.c\"}",
            json!({"A": {"b": 1}, "B": {"c": 2}}),
            json!({"A": {"b": 2}, "B": {"c": 2}}),
        ),
        (
            "what was copied already is not added again",
            "- {target: \"$.components.schemas.A.b\", copy: \"$.components.schemas.B.b\"}",
            json!({"A": {"b": [1, 2]}, "B": {"b": [2]}}),
            json!({"A": {"b": [1, 2]}, "B": {"b": [2]}}),
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
            "no match changes nothing; its correction reports that",
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
fn invalid_actions_are_rejected() {
    let cases = [
        ("an object does not merge with a primitive", "- {target: \"$.components.schemas[*]\", update: {b: {c: 1}}}"),
        ("a target is a JSONPath", "- {target: \"$.components.schemas[\", update: {}}"),
        ("a target is narrow", "- {target: \"$..A\", update: {}}"),
        ("a copy is one value", "- {target: \"$.components.schemas.A\", copy: \"$.components.schemas[*]\"}"),
        ("a copy is there", "- {target: \"$.components.schemas.A\", copy: \"$.components.schemas.Z\"}"),
        ("a copy is a JSONPath", "- {target: \"$.components.schemas.A\", copy: \"$.[\"}"),
        ("an action does one thing", "- {target: \"$.components.schemas.A\", copy: \"$.components\", update: {}}"),
        ("an action does something", "- {description: nothing}"),
    ];
    for (rule, actions) in cases {
        assert!(apply(actions, json!({"A": {"b": 1}, "B": [1]})).is_err(), "{rule}");
    }
    for text in ["", "overlay: 1.1.0", "overlay: 1.1.0\ninfo: {title: a, version: '1'}\nactions: []", "{", "- a"] {
        assert!(parse("a.overlay.yaml", text).is_err(), "{text:?} is no overlay");
    }
}

/// Copies of a whole into its part double it: a few lines would make a document that no stack and no memory can hold.
#[test]
fn a_document_does_not_grow_without_bounds() {
    let deeper = "- {target: \"$.components.schemas.A\", update: {a: {a: {}}}}\n";
    let double = "- {target: \"$.components.schemas..a\", copy: \"$.components.schemas.A\"}\n";
    let actions = format!("{deeper}{}", double.repeat(30));
    let error = apply(&actions, json!({"A": {}})).unwrap_err();
    assert!(error.contains("levels; the limit is 128"), "{error}");

    let wide = "- {target: \"$.components.schemas..*\", update: {a: {}, b: {}}}\n";
    let error = apply(&wide.repeat(40), json!({"A": {}})).unwrap_err();
    assert!(error.contains("the limit is 100000"), "{error}");
}

/// The JSONPath parser would need minutes or the whole stack for such a query.
#[test]
fn deep_queries_are_rejected() {
    let deep = |open: &str, close: &str, depth: usize| {
        let filter = format!("{}@.a{}", open.repeat(depth), close.repeat(depth));
        let action = format!("- {{target: \"$.components.schemas[?{filter}]\", update: {{x: 1}}}}");
        apply(&action, json!({"A": {"a": {}}}))
    };
    let pairs = [("(", ")"), ("!(", ")"), ("length(", ")"), ("@[?", "]"), ("(", "")];
    for (open, close) in pairs {
        for depth in [12, 40, 5_000] {
            let error = deep(open, close, depth).unwrap_err();
            assert!(error.contains("nested brackets"), "{open} {depth}: {error}");
        }
    }
    assert_eq!(deep("(", ")", 10).unwrap(), json!({"A": {"a": {}, "x": 1}}));
    let brackets = format!("- {{target: \"$.components.schemas['{}']\", update: {{x: 1}}}}", "(".repeat(40));
    assert!(apply(&brackets, json!({"A": {}})).is_ok(), "brackets in a name are none");
}
