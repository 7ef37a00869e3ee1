//! Makes each kind of change to the committed document and checks that `diff` reports only this change.

pub(crate) mod compiled;
mod history;
mod proven;
mod users;

use super::change::{Change, Direction};
use super::compare::compare;
use super::edition::{Edition, Tables};
use super::rule::{RULES, Users, Wire};
use super::{Changes, level, render};
use crate::document::overlay;
use crate::generate::model::hand_written;
use crate::generate::retained::Retained;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SETUP: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProductSetup";
const SETUP_PATH: &str = "/paths/~1products~1{productID}~1setup";
const LISTING_PUT: &str = "/paths/~1products~1{productID}~1listings~1{listingID}/put";
const LEAD_POST: &str = "/paths/~1products~1{productID}~1leadconfiguration/post";

pub(crate) fn document() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/partner-ingestion.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Compares two documents as `diff` does: with the corrections and names of the project.
fn corrected_changes(old: &Value, new: &Value) -> Changes {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut overlays = overlay::read_all(&root.join("openapi/overlays")).unwrap();
    overlays.retain(|file| file.name != "docs.overlay.yaml");
    let names = std::fs::read_to_string(root.join("openapi/names.toml")).unwrap();
    let tables = Tables { names, retained: Retained::default() };
    let sdk = hand_written::read(root).unwrap();
    let edition = |document: &Value| Edition::of(document.clone(), &overlays, &tables, &sdk).unwrap().0;
    edition(old).changes_to(edition(new), "2027-01-31")
}

/// Compares two documents that are already corrected.
fn changes(old: &Value, new: &Value) -> Changes {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = std::fs::read_to_string(root.join("openapi/names.toml")).unwrap();
    let tables = Tables { names, retained: Retained::default() };
    let sdk = hand_written::read(root).unwrap();
    let edition = |document: &Value| Edition::corrected(document.clone(), &tables, &sdk).unwrap();
    edition(old).changes_to(edition(new), "2027-01-31")
}

/// The corrected document without descriptions of the project.
fn corrected() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/partner-ingestion.openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn ids(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().map(|change| change.rule.id).collect()
}

pub(crate) fn at<'d>(document: &'d mut Value, pointer: &str) -> &'d mut Value {
    document.pointer_mut(pointer).unwrap_or_else(|| panic!("the document has no {pointer}"))
}

pub(crate) type Edit = fn(&mut Value);

/// Edits with the rule of the change and the rule of its reversal.
pub(crate) fn edits() -> Vec<(&'static str, &'static str, Edit)> {
    vec![
        ("server-changed", "server-changed", |d| *at(d, "/servers/0/url") = "https://other.example".into()),
        ("document-version-changed", "document-version-changed", |d| *at(d, "/info/version") = "2.0".into()),
        ("operation-removed", "operation-added", |d| drop(at(d, SETUP_PATH).as_object_mut().unwrap().remove("get"))),
        ("operation-deprecated", "", |d| at(d, SETUP_PATH)["get"]["deprecated"] = true.into()),
        ("operation-id-changed", "operation-id-changed", |d| {
            at(d, SETUP_PATH)["get"]["operationId"] = "getSetup".into()
        }),
        ("operation-tags-changed", "operation-tags-changed", |d| at(d, SETUP_PATH)["get"]["tags"] = json!(["Other"])),
        ("path-renamed", "path-renamed", |d| {
            let paths = at(d, "/paths").as_object_mut().unwrap();
            let cosell = paths.remove("/products/{productID}/cosellAssets/{cosellAssetID}").unwrap();
            let once = cosell["get"].clone();
            paths.insert("/products/{productID}/cosellassets/{cosellAssetID}".to_owned(), json!({"get": once}));
            let others = cosell.as_object().unwrap().iter().filter(|(method, _)| *method != "get");
            let others: serde_json::Map<_, _> = others.map(|(method, node)| (method.clone(), node.clone())).collect();
            paths.insert("/products/{productID}/cosellAssets/{cosellAssetID}".to_owned(), others.into());
        }),
        ("parameter-added", "parameter-removed", |d| {
            let parameter = json!({"in": "query", "name": "$top", "schema": {"type": "integer"}});
            at(d, LISTING_PUT)["parameters"].as_array_mut().unwrap().push(parameter);
        }),
        ("required-parameter-added", "parameter-removed", |d| {
            let parameter =
                json!({"in": "header", "name": "x-publisher", "required": true, "schema": {"type": "string"}});
            at(d, LISTING_PUT)["parameters"].as_array_mut().unwrap().push(parameter);
        }),
        ("parameter-became-optional", "parameter-became-required", |d| {
            let parameters = at(d, LISTING_PUT)["parameters"].as_array_mut().unwrap();
            let if_match = parameters.iter_mut().find(|parameter| parameter["name"] == "If-Match").unwrap();
            if_match["required"] = false.into();
        }),
        ("body-removed", "body-added", |d| drop(at(d, LISTING_PUT).as_object_mut().unwrap().remove("requestBody"))),
        ("body-became-required", "body-became-optional", |d| {
            at(d, LISTING_PUT)["requestBody"]["required"] = true.into()
        }),
        ("media-type-added", "media-type-removed", |d| {
            at(d, LISTING_PUT)["requestBody"]["content"]["text/json"] = json!({"schema": {"type": "string"}});
        }),
        ("success-added", "success-removed", |d| {
            at(d, LISTING_PUT)["responses"]["202"] = json!({"description": "Accepted"})
        }),
        ("success-body-removed", "success-body-added", |d| {
            drop(at(d, LISTING_PUT)["responses"]["200"].as_object_mut().unwrap().remove("content"));
        }),
        ("error-response-removed", "error-response-added", |d| {
            drop(at(d, LISTING_PUT)["responses"].as_object_mut().unwrap().remove("409"));
        }),
        ("response-header-added", "response-header-removed", |d| {
            at(d, LISTING_PUT)["responses"]["200"]["headers"] = json!({"ETag": {"schema": {"type": "string"}}});
        }),
        ("schema-added", "schema-removed", |d| at(d, "/components/schemas")["A.New"] = json!({"type": "object"})),
        ("type-changed", "type-changed", |d| at(d, SETUP)["properties"]["trialUri"]["type"] = "integer".into()),
        ("format-changed", "format-changed", |d| at(d, SETUP)["properties"]["trialUri"]["format"] = "uri".into()),
        ("property-added", "property-removed", |d| at(d, SETUP)["properties"]["aNew"] = json!({"type": "string"})),
        ("property-renamed", "property-renamed", |d| {
            let properties = at(d, SETUP)["properties"].as_object_mut().unwrap();
            let uri = properties.remove("trialUri").unwrap();
            properties.insert("trialURI".to_owned(), uri);
        }),
        ("property-became-required", "property-became-optional", |d| at(d, SETUP)["required"] = json!(["trialUri"])),
        ("became-nullable", "became-not-nullable", |d| {
            at(d, SETUP)["properties"]["trialUri"]["nullable"] = true.into()
        }),
        ("enum-value-added", "enum-value-removed", |d| {
            at(d, SETUP)["properties"]["sellingOption"]["enum"].as_array_mut().unwrap().push("Rent".into());
        }),
        ("enum-value-renamed", "enum-value-renamed", |d| {
            at(d, SETUP)["properties"]["sellingOption"]["enum"][0] = "listing_only".into();
        }),
        ("values-opened", "values-closed", |d| {
            drop(at(d, SETUP)["properties"]["sellingOption"].as_object_mut().unwrap().remove("enum"));
        }),
        ("union-member-removed", "union-member-added", |d| {
            let schema = at(d, LEAD_POST).pointer_mut("/requestBody/content/application~1json/schema/oneOf");
            drop(schema.unwrap().as_array_mut().unwrap().remove(0));
        }),
        ("base-removed", "base-added", |d| {
            let page =
                "Microsoft.Ingestion.Api.Models.Common.PagedCollection_Microsoft.Ingestion.Api.Models.Branches.Branch_";
            let bases = at(d, "/components/schemas")[page]["allOf"].as_array_mut().unwrap();
            bases.retain(|base| base.get("$ref").is_none());
        }),
        ("constraint-changed", "constraint-changed", |d| {
            at(d, SETUP)["properties"]["trialUri"]["maxLength"] = 9.into()
        }),
        ("text-changed", "text-changed", |d| at(d, SETUP)["description"] = "Other words.".into()),
    ]
}

#[test]
fn each_edit_is_reported_and_nothing_else() {
    let base = document();
    let mut covered = BTreeSet::new();
    for (forth, back, edit) in edits() {
        let mut edited = base.clone();
        edit(&mut edited);
        assert_eq!(ids(&compare(&base, &edited)), [forth], "{forth}");
        let taken_back: Vec<&str> = [back].into_iter().filter(|id| !id.is_empty()).collect();
        assert_eq!(ids(&compare(&edited, &base)), taken_back, "{forth}, taken back");
        covered.extend([forth, back]);
    }
    // Occurs only together with other changes. The history tests cover it.
    covered.insert("property-inherited");
    let missing: Vec<&str> = RULES.iter().map(|rule| rule.id).filter(|id| !covered.contains(id)).collect();
    assert!(missing.is_empty(), "no edit for {missing:?}");
}

#[test]
fn reordered_document_has_no_changes() {
    let base = document();
    assert!(compare(&base, &base).is_empty());
    let none = changes(&corrected(), &corrected());
    assert_eq!(render::screen(&none, false), "no changes\n");
    assert_eq!(render::bump(super::users::worst(&none.users)), "users notice nothing");
    let mut shuffled = base.clone();
    for item in at(&mut shuffled, "/paths").as_object_mut().unwrap().values_mut() {
        for operation in item.as_object_mut().unwrap().values_mut() {
            if let Some(parameters) = operation.get_mut("parameters") {
                parameters.as_array_mut().unwrap().reverse();
            }
        }
    }
    assert!(compare(&base, &shuffled).is_empty(), "the order of parameters is irrelevant");
}

/// The level of a change differs between requests and responses.
#[test]
fn wire_level_depends_on_the_direction() {
    let base = document();
    let mut edited = base.clone();
    at(&mut edited, SETUP)["properties"]["sellingOption"]["enum"].as_array_mut().unwrap().remove(0);
    let change = &compare(&base, &edited)[0];
    assert_eq!((change.direction, change.wire()), (Direction::Both, Wire::Breaking));
    assert_eq!(change.subject, "AzureProductSetup.sellingOption");
    assert!(change.pointer.ends_with("AzureProductSetup/properties/sellingOption/enum"), "{}", change.pointer);
    let name = "/components/schemas/Microsoft.Ingestion.Api.Models.Branches.Branch/allOf/1/properties/friendlyName";
    let mut edited = base.clone();
    at(&mut edited, name)["enum"] = json!(["Listing"]);
    let change = &compare(&base, &edited)[0];
    assert_eq!((change.rule.id, change.direction, change.wire()), ("values-closed", Direction::Response, Wire::Safe));
    assert_eq!(change.pointer, format!("{name}/enum"), "the place in the new document");
    assert_eq!(change.subject, "Branch.friendlyName");
}

#[test]
fn changes_are_rendered_for_a_terminal_and_as_markdown() {
    let base = corrected();
    let mut edited = base.clone();
    for (_, _, edit) in edits().into_iter().filter(|(id, _, _)| ["property-added", "operation-removed"].contains(id)) {
        edit(&mut edited);
    }
    let changes = changes(&base, &edited);
    let screen = anstream::adapter::strip_str(&render::screen(&changes, false)).to_string();
    assert!(screen.starts_with("\nsource: code may no longer compile (1)\n"), "{screen}");
    assert!(screen.contains("  operation-removed  Client::get_product_setup\n"), "{screen}");
    assert!(screen.contains("on the wire, breaking (1)"), "{screen}");
    assert!(screen.contains("  both      operation-removed  GET /products/{productID}/setup"), "{screen}");
    let (source, additive) = (screen.find("source:").unwrap(), screen.find("additive:").unwrap());
    assert!(source < additive, "the most severe change is first");
    let page = render::markdown(&changes);
    assert!(
        page.contains("| safe | both | `property-added` | AzureProductSetup.aNew | string | `/components/"),
        "{page}"
    );
    assert!(page.contains("| `field-added` | `AzureProductSetup.a_new` | String |"), "{page}");
    assert!(render::bump(Some(Users::Source)).contains("minor version before 1.0"));
    assert_eq!(level("additive").unwrap(), Users::Additive);
    assert!(level("all").unwrap_err().to_string().contains("source, behaviour, additive, doc"));
}

/// Many changed descriptions do not hide other changes.
#[test]
fn many_documentation_changes_are_counted() {
    let base = corrected();
    let mut edited = base.clone();
    for schema in at(&mut edited, "/components/schemas").as_object_mut().unwrap().values_mut() {
        schema["description"] = "Other words.".into();
    }
    at(&mut edited, SETUP)["properties"]["aNew"] = json!({"type": "string"});
    let changes = changes(&base, &edited);
    let lines = |all| anstream::adapter::strip_str(&render::screen(&changes, all)).to_string().lines().count();
    assert!(lines(false) < 30 && lines(true) > 200, "{} and {}", lines(false), lines(true));
    let screen = anstream::adapter::strip_str(&render::screen(&changes, false)).to_string();
    assert!(screen.contains("AzureProductSetup.a_new") && screen.contains("text-changed  "), "{screen}");
}

#[test]
fn rule_ids_are_unique() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
}

/// Circular references, bases that double and long chains of references are compared quickly.
#[test]
fn circular_and_exponential_documents_are_compared_quickly() {
    let mut nested = document();
    let reference = |name: String| json!({"$ref": format!("#/components/schemas/{name}")});
    let schemas = at(&mut nested, "/components/schemas");
    for step in 0..30 {
        let next = reference(format!("A.Base{}", step + 1));
        schemas[format!("A.Base{step}")] = json!({"allOf": [next, next]});
    }
    schemas["A.Base30"] = json!({"properties": {"text": {"type": "string"}, "self": reference("A.Base0".to_owned())}});
    for step in 0..20_000 {
        schemas[format!("A.Step{step}")] = reference(format!("A.Step{}", step + 1));
    }
    schemas["A.Step20000"] = json!({"properties": {"base": reference("A.Base0".to_owned())}});
    nested["components"]["responses"]["Circle"] = json!({"$ref": "#/components/responses/Circle"});
    at(&mut nested, SETUP_PATH)["get"]["responses"]["200"] = json!({"$ref": "#/components/responses/Circle"});
    at(&mut nested, SETUP_PATH)["get"]["responses"]["201"] =
        json!({"content": {"application/json": {"schema": reference("A.Step0".to_owned())}}});
    let mut less = nested.clone();
    drop(at(&mut less, "/components/schemas/A.Base30/properties").as_object_mut().unwrap().remove("text"));
    at(&mut less, "/components/schemas")["A.Base0"]["properties"] = json!({"other": {"type": "string"}});
    assert_eq!(ids(&compare(&nested, &nested)), Vec::<&str>::new());
    assert!(ids(&compare(&nested, &less)).contains(&"property-removed"));
    assert!(!compare(&document(), &nested).is_empty() && !compare(&nested, &document()).is_empty());
}
