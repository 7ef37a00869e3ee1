//! The rules of the Overlay format: the effect of each action, and rejected actions.

use super::parse;
use serde_json::{Value, json};

/// Applies an overlay with these actions to these schemas.
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
fn actions_have_the_specified_effect() {
    let cases: [(&str, &str, Value, Value); 17] = [
        (
            "objects merge recursively",
            "- {target: \"$.components.schemas.A\", update: {b: {d: 2}}}",
            json!({"A": {"b": {"c": 1}}}),
            json!({"A": {"b": {"c": 1, "d": 2}}}),
        ),
        (
            "a primitive replaces a primitive",
            "- {target: \"$.components.schemas.A\", update: {b: 2}}",
            json!({"A": {"b": 1}}),
            json!({"A": {"b": 2}}),
        ),
        (
            "arrays are concatenated",
            "- {target: \"$.components.schemas.A\", update: {b: [2]}}",
            json!({"A": {"b": [1]}}),
            json!({"A": {"b": [1, 2]}}),
        ),
        (
            "an update of an array appends to it",
            "- {target: \"$.components.schemas.A.b\", update: [2]}",
            json!({"A": {"b": [1]}}),
            json!({"A": {"b": [1, 2]}}),
        ),
        (
            "existing items are not added again",
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
            "an update of a primitive replaces it",
            "- {target: \"$.components.schemas.A.enum[0]\", update: new}",
            json!({"A": {"enum": ["old"]}}),
            json!({"A": {"enum": ["new"]}}),
        ),
        (
            "actions are applied in order",
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
            "a copied primitive replaces a primitive",
            "- {target: \"$.components.schemas.A.b\", copy: \"$.components.schemas.B.c\"}",
            json!({"A": {"b": 1}, "B": {"c": 2}}),
            json!({"A": {"b": 2}, "B": {"c": 2}}),
        ),
        (
            "copied items are not added again",
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
            "a filter selects values",
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
            "extensions are not added to the document",
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
        ("a target must be a JSONPath", "- {target: \"$.components.schemas[\", update: {}}"),
        ("a target must be specific", "- {target: \"$..A\", update: {}}"),
        ("a copy must select one value", "- {target: \"$.components.schemas.A\", copy: \"$.components.schemas[*]\"}"),
        ("the source of a copy must exist", "- {target: \"$.components.schemas.A\", copy: \"$.components.schemas.Z\"}"),
        ("a copy must be a JSONPath", "- {target: \"$.components.schemas.A\", copy: \"$.[\"}"),
        (
            "an action cannot copy and update",
            "- {target: \"$.components.schemas.A\", copy: \"$.components\", update: {}}",
        ),
        ("an action must have an effect", "- {description: nothing}"),
    ];
    for (rule, actions) in cases {
        assert!(apply(actions, json!({"A": {"b": 1}, "B": [1]})).is_err(), "{rule}");
    }
    for text in ["", "overlay: 1.1.0", "overlay: 1.1.0\ninfo: {title: a, version: '1'}\nactions: []", "{", "- a"] {
        assert!(parse("a.overlay.yaml", text).is_err(), "{text:?} is not an overlay");
    }
}

/// A copy of an object into its own member doubles the document, so a few actions would exhaust the memory or the stack.
#[test]
fn document_growth_is_limited() {
    let deeper = "- {target: \"$.components.schemas.A\", update: {a: {a: {}}}}\n";
    let double = "- {target: \"$.components.schemas..a\", copy: \"$.components.schemas.A\"}\n";
    let actions = format!("{deeper}{}", double.repeat(30));
    let error = apply(&actions, json!({"A": {}})).unwrap_err();
    assert!(error.contains("levels; the limit is 128"), "{error}");

    let wide = "- {target: \"$.components.schemas..*\", update: {a: {}, b: {}}}\n";
    let error = apply(&wide.repeat(40), json!({"A": {}})).unwrap_err();
    assert!(error.contains("the limit is 100000"), "{error}");
}

/// The JSONPath parser would take minutes or overflow the stack for such a query.
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
    assert!(apply(&brackets, json!({"A": {}})).is_ok(), "brackets in a quoted name do not count");
}
