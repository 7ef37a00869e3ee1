use super::hoist;
use serde_json::{Value, json};

fn document(schemas: Value, bodies: Value) -> Value {
    let operations = bodies.as_object().unwrap().iter().map(|(path, schema)| {
        let content = json!({"application/json": {"schema": schema}});
        (path.clone(), json!({"get": {"operationId": "getIt", "responses": {"200": {"content": content}}}}))
    });
    let paths: serde_json::Map<_, _> = operations.collect();
    json!({"paths": paths, "components": {"schemas": schemas}})
}

fn body<'d>(document: &'d Value, path: &str) -> &'d Value {
    &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn schemas() -> Value {
    json!({
        "Base": {"type": "object", "properties": {"id": {"type": "string"}}},
        "Pet": {"allOf": [reference("Base"), {"properties": {"state": reference("State"), "next": reference("Node")}}]},
        "State": {"type": "string", "enum": ["on", "off"]},
        "Node": {"type": "object", "properties": {"children": {"type": "array", "items": reference("Node")}}},
    })
}

/// Kept or resolved `allOf`, prose, order and implied types do not matter. A recursive component is recognized with its reference.
#[test]
fn copies_of_a_component_become_references() {
    let node = json!({"type": "object", "properties": {"children": {"type": "array", "items": reference("Node")}}});
    let state = json!({"type": "string", "enum": ["on", "off"], "description": "Whether it runs."});
    let flat = json!({"properties": {"state": state, "next": node, "id": {"type": "string"}}, "description": "A pet."});
    let kept = json!({"allOf": [schemas()["Base"], {"properties": {"next": reference("Node"), "state": state}}]});
    let list = json!({"type": "array", "items": flat});
    let hoisted =
        hoist(&document(schemas(), json!({"/a": flat, "/b": kept, "/c": list, "/d": node, "/e": state})), None);
    for (path, wanted) in [("/a", "Pet"), ("/b", "Pet"), ("/d", "Node"), ("/e", "State")] {
        assert_eq!(body(&hoisted.value, path), &reference(wanted), "{path}");
    }
    assert_eq!(body(&hoisted.value, "/c"), &json!({"type": "array", "items": reference("Pet")}));
    assert_eq!(hoisted.value["components"]["schemas"], schemas(), "components stay as they are");
    assert!(hoisted.notices.is_empty() && hoisted.places.is_empty());
}

/// What differs in a value, a requirement or a format is another schema.
#[test]
fn other_schemas_stay_inline() {
    let bodies = json!({
        "/a": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}},
        "/b": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "/c": {"type": "string", "enum": ["on", "off", "broken"]},
        "/d": {"type": "object", "properties": {}},
        "/e": {"allOf": [reference("Pet")], "description": "Its prose stays."},
    });
    let document = document(schemas(), bodies);
    assert_eq!(hoist(&document, None).value, document);
}

#[test]
fn the_earlier_document_decides_between_equal_components() {
    let twin = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    let both = json!({"First": twin, "Second": twin});
    let copied = document(both.clone(), json!({"/a": twin, "/b": twin}));
    let earlier = document(both, json!({"/a": reference("Second")}));
    let hoisted = hoist(&copied, Some(&earlier));
    assert_eq!(body(&hoisted.value, "/a"), &reference("Second"));
    assert_eq!(body(&hoisted.value, "/b"), &reference("First"));
    let [notice] = hoisted.notices.as_slice() else { panic!("{:?}", hoisted.notices) };
    assert!(notice.pointer.starts_with("/paths/~1b/get/") && notice.message.contains("First, Second"), "{notice}");
}

/// A component that means something else by now is not taken from the earlier document.
#[test]
fn changed_components_are_not_mixed_up() {
    let earlier = document(schemas(), json!({"/a": reference("Pet")}));
    let mut changed = schemas();
    changed["State"]["enum"] = json!(["on"]);
    let pet = changed.as_object_mut().unwrap().remove("Pet").unwrap();
    let old = json!({"properties": {"state": schemas()["State"], "next": reference("Node"), "id": {"type": "string"}}});
    // The pet of the earlier document, which cannot come back beside another state.
    let hoisted = hoist(&document(changed.clone(), json!({"/b": old, "/c": {"type": "string"}})), Some(&earlier));
    assert_eq!(body(&hoisted.value, "/b"), &old);
    // At its place, the object is the new pet.
    let hoisted = hoist(&document(changed.clone(), json!({"/a": pet})), Some(&earlier));
    assert_eq!(body(&hoisted.value, "/a"), &reference("Pet"));
    assert_eq!(hoisted.value["components"]["schemas"]["Pet"], pet);
    assert_eq!(hoisted.value["components"]["schemas"]["State"], changed["State"]);
}

#[test]
fn the_committed_document_stays_as_it_is() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["partner-ingestion.json", "partner-ingestion.openapi.json"] {
        let text = std::fs::read_to_string(path.join("openapi").join(name)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for earlier in [None, Some(&document)] {
            let hoisted = hoist(&document, earlier);
            assert!(hoisted.value == document && hoisted.notices.is_empty(), "{name}: {:?}", hoisted.notices);
        }
    }
}

/// Shared bases that double at each level have exponentially large content.
#[test]
fn deep_documents_take_no_exponential_time() {
    let mut schemas = json!({"S0": {"type": "object", "properties": {"a": {"type": "string"}}}});
    for level in 1..60 {
        let below = reference(&format!("S{}", level - 1));
        schemas[format!("S{level}")] = json!({"type": "object", "properties": {"a": below, "b": below}});
    }
    let top = schemas["S59"].clone();
    let hoisted = hoist(&document(schemas, json!({"/a": top})), None);
    assert_eq!(body(&hoisted.value, "/a"), &reference("S59"));
}
