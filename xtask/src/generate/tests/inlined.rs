//! A document whose components were written in place of their references gives the same crate.

use super::Project;
use super::document::code_only;
use super::swagger2::{document, downgrade};
use serde_json::{Map, Value, json};

/// What a converter does with `allOf`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    Kept,
    Resolved,
}

/// Replaces each reference to a component of these kinds with its content, at every depth.
pub fn inline(node: &Value, document: &Value, kinds: &[&str]) -> Value {
    match node {
        Value::Array(items) => items.iter().map(|item| inline(item, document, kinds)).collect(),
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            if let Some(pointer) = target.and_then(|target| target.strip_prefix('#'))
                && kinds.iter().any(|kind| pointer.starts_with(kind))
            {
                return inline(document.pointer(pointer).unwrap(), document, kinds);
            }
            members
                .iter()
                .map(|(key, member)| (key.clone(), inline(member, document, kinds)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}

/// Replaces each `allOf` with one object.
fn resolve(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(resolve),
        Value::Object(members) => {
            members.values_mut().for_each(resolve);
            let Some(Value::Array(parts)) = members.remove("allOf") else { return };
            let mut properties = Map::new();
            for part in parts.iter().chain([&json!({"properties": members.get("properties")})]) {
                properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            }
            members.insert("type".to_owned(), "object".into());
            members.insert("properties".to_owned(), properties.into());
        }
        _ => {}
    }
}

const SHARED: [&str; 2] = ["/parameters/", "/responses/"];
const ALL: [&str; 3] = ["/parameters/", "/responses/", "/definitions/"];

/// The document as Swagger 2.0 without shared parameters and responses.
fn without_shared(kinds: &[&str]) -> Value {
    let older = downgrade(&document());
    let mut inlined = inline(&older, &older, kinds);
    let members = inlined.as_object_mut().unwrap();
    members.remove("parameters");
    members.remove("responses");
    inlined
}

/// Checks that the document gives the Rust of the committed one.
fn assert_same(what: &str, document: &Value) {
    let text = serde_json::to_string_pretty(document).unwrap();
    let files = Project::new().other_document(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (wanted, found) = (code_only(Project::plain()), code_only(&files));
    assert!(wanted.len() == found.len() && wanted.len() > 10);
    for ((path, wanted), (_, found)) in wanted.iter().zip(&found) {
        let difference = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
        assert!(wanted == found, "{what}: {path}: {difference:?}");
    }
}

#[test]
fn inlined_parameters_and_responses_give_the_same_crate() {
    let inlined = without_shared(&SHARED);
    assert!(!inlined.to_string().contains("#/parameters/"));
    assert_same("parameters and responses", &inlined);
}

#[test]
fn inlined_schemas_give_the_same_crate() {
    for (what, parts) in [("allOf kept", Parts::Kept), ("allOf resolved", Parts::Resolved)] {
        let mut inlined = without_shared(&ALL);
        if parts == Parts::Resolved {
            resolve(&mut inlined);
        }
        assert!(!inlined.to_string().contains("$ref"));
        assert_same(what, &inlined);
        // The definitions that nothing refers to are in the SDK, but not in such a document.
        inlined.as_object_mut().unwrap().remove("definitions");
        assert_same(&format!("{what}, no definitions"), &inlined);
    }
}

/// The same in OpenAPI 3.0.
#[test]
fn inlined_components_of_version_3_give_the_same_crate() {
    let document = document();
    let mut inlined = inline(&document, &document, &["/components/"]);
    assert!(!inlined.to_string().contains("$ref"));
    assert_same("OpenAPI 3.0", &inlined);
    inlined.as_object_mut().unwrap().remove("components");
    assert_same("OpenAPI 3.0, no components", &inlined);
}

/// An edited schema keeps its name: that of its definition, or that of the component that was at its place.
#[test]
fn edited_schemas_keep_their_names() {
    const BRANCH: &str = "Microsoft.Ingestion.Api.Models.Branches.Branch";
    let mut older = downgrade(&document());
    older["definitions"][BRANCH]["allOf"][1]["properties"]["colour"] = json!({"type": "string"});
    let inlined = inline(&older, &older, &ALL);
    let rust = |document: &Value| {
        let files = Project::new().other_document(document.to_string());
        files.map(|files| code_only(&files).into_iter().find(|(path, _)| path.ends_with("/types.rs")).unwrap().1)
    };
    let (wanted, found) = (rust(&older).unwrap(), rust(&inlined).unwrap());
    assert!(wanted.contains("colour") && wanted == found);
    let mut bare = inlined.clone();
    bare.as_object_mut().unwrap().remove("definitions");
    assert!(wanted == rust(&bare).unwrap());
}

/// Equal inline objects have one name: that of the first place, unless a row or a title names them.
#[test]
fn equal_inline_objects_have_one_name() {
    let project = Project::new();
    let document = project.changed(|document| {
        let inner = json!({"type": "object", "properties": {"x": {"type": "number"}}});
        let titled = json!({"type": "object", "title": "Gauge", "properties": {"y": {"type": "number"}}});
        let row = json!({"type": "object", "properties": {"z": {"type": "number"}}});
        for name in ["A.First", "A.Second"] {
            document["components"]["schemas"][name] =
                json!({"type": "object", "properties": {"inner": inner, "gauge": titled, "row": row}});
        }
    });
    project.replace("openapi/names.toml", "[schemas]\n", "[schemas]\n\"Second.row\" = \"Dial\"\n");
    let files = project.other_document(document).unwrap();
    let types = &files.iter().find(|(path, _)| path.ends_with("generated/types.rs")).unwrap().1;
    let count = |text: &str| types.matches(text).count();
    assert_eq!((count("pub inner: Option<FirstInner>"), count("pub gauge: Option<Gauge>")), (2, 2));
    assert_eq!((count("pub row: Option<FirstRow>"), count("pub row: Option<Dial>")), (1, 1));
    assert!(!types.contains("SecondInner") && !types.contains("SecondGauge"));
}

/// A problem inside a component that the document does not have is shown where its content is.
#[test]
fn problems_are_located_in_inlined_content() {
    let mut older = downgrade(&document());
    let pages = older["definitions"].as_object_mut().unwrap();
    let (_, page) = pages
        .iter_mut()
        .find(|(name, _)| name.ends_with("PagedCollection_Microsoft.Ingestion.Api.Models.Products.BaseProduct_"))
        .unwrap();
    page["allOf"][1]["properties"]["odd"] = json!({"type": "unheard-of"});
    let mut inlined = inline(&older, &older, &ALL);
    inlined.as_object_mut().unwrap().remove("definitions");
    let text = serde_json::to_string_pretty(&inlined).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("unheard-of")).unwrap();
    let error = Project::new().other_document(text).unwrap_err();
    assert!(error.contains(&format!("other.json:{line}:")) && error.contains("unknown type"), "line {line}: {error}");
}
