//! `openapi/partner-ingestion.tools.json` has what other tools need, and nothing else.

use super::{Project, schema};
use crate::document::{load, names};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn tools() -> Value {
    of(Project::plain())
}

fn of(files: &[(PathBuf, String)]) -> Value {
    let (_, text) = files.iter().find(|(path, _)| path.ends_with("partner-ingestion.tools.json")).unwrap();
    load::parse(text.as_bytes()).unwrap()
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
}

fn visit<'d>(node: &'d Value, f: &mut impl FnMut(&'d Value)) {
    f(node);
    match node {
        Value::Object(members) => members.values().for_each(|member| visit(member, f)),
        Value::Array(items) => items.iter().for_each(|item| visit(item, f)),
        _ => {}
    }
}

#[test]
fn operations_have_the_names_of_the_crate_and_a_declared_tag() {
    let document = tools();
    let names = names::read(&Project::new().path("openapi/names.toml")).unwrap();
    let wanted: BTreeSet<&str> = names.operations.values().map(String::as_str).collect();
    let found: Vec<&str> = operations(&document).map(|op| op["operationId"].as_str().unwrap()).collect();
    assert_eq!(found.len(), wanted.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let used: BTreeSet<&str> = operations(&document).map(|op| op["tags"][0].as_str().unwrap()).collect();
    assert_eq!(used, tags);
    assert!(operations(&document).all(|op| op["tags"].as_array().unwrap().len() == 1));
}

#[test]
fn one_security_scheme_replaces_the_header_of_the_token() {
    let document = tools();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.len(), 1);
    let (name, scheme) = schemes.iter().next().unwrap();
    let flows = scheme["flows"].as_object().unwrap();
    assert_eq!((flows.len(), scheme["type"].as_str()), (1, Some("oauth2")));
    let scopes = flows["clientCredentials"]["scopes"].as_object().unwrap();
    assert!(scopes.contains_key("https://api.partner.microsoft.com/.default"), "{scopes:?}");
    let address = flows["clientCredentials"]["tokenUrl"].as_str().unwrap();
    assert!(!address.contains("/common/") && !address.contains(['{', '}', ' ']), "{address}");
    let tenant = address.split('/').nth(3).unwrap();
    assert!(scheme["description"].as_str().unwrap().contains(&format!("`{tenant}`")), "{scheme}");
    assert_eq!(document["security"][0][name][0].as_str(), scopes.keys().next().map(String::as_str));
    visit(&document, &mut |node| {
        assert!(node["name"] != "Authorization" && node["$ref"] != "#/components/parameters/Authorization", "{node}");
    });
}

#[test]
fn alternatives_have_a_discriminator_that_maps_every_member() {
    let document = tools();
    let mut unions = 0;
    visit(&document, &mut |node| {
        let Some(members) = node.get("oneOf").and_then(Value::as_array) else { return };
        let references: BTreeSet<&str> = members.iter().filter_map(|member| member["$ref"].as_str()).collect();
        if references.len() < members.len() || members.len() < 2 {
            return;
        }
        unions += 1;
        let mapping = node["discriminator"]["mapping"].as_object().unwrap_or_else(|| panic!("no mapping in {node}"));
        assert_eq!(mapping.values().filter_map(Value::as_str).collect::<BTreeSet<_>>(), references);
        for (value, target) in mapping {
            let schema = document.pointer(target.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
            let property = node["discriminator"]["propertyName"].as_str().unwrap();
            assert!(schema.to_string().contains(&format!("\"{property}\"")), "{target} has no {property}");
            assert!(schema.to_string().contains(&format!("\"{value}\"")), "{target} is not {value}");
        }
    });
    // Each of the crate, in one place.
    assert_eq!(unions, 3);
}

#[test]
fn every_component_is_used_and_has_a_short_name() {
    let document = tools();
    let mut used = BTreeSet::new();
    visit(&document, &mut |node| used.extend(node.get("$ref").and_then(Value::as_str)));
    for target in &used {
        assert!(document.pointer(&target[1..]).is_some(), "{target} does not exist");
    }
    let mut count = 0;
    for kind in ["headers", "parameters", "responses", "schemas"] {
        for name in document["components"][kind].as_object().into_iter().flatten().map(|(name, _)| name) {
            count += 1;
            assert!(used.contains(format!("#/components/{kind}/{name}").as_str()), "{kind}/{name} is unused");
            assert!(!name.contains("Microsoft."), "{name}");
        }
    }
    assert!(count > 80, "{count}");
}

/// Enums, objects and alternatives have a name: other generators would invent one for those that are inline.
#[test]
fn only_tags_lists_and_components_are_inline() {
    let document = tools();
    let mut values = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema.get("allOf").is_none(), "{name} has a base");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            visit(schema, &mut |node| {
                assert!(node.get("properties").is_none() && node.get("oneOf").is_none(), "{name}.{property}: {node}");
                let tag = node["enum"].as_array().is_none_or(|values| values.len() == 1 && property == "resourceType");
                assert!(tag, "{name}.{property}: {node}");
            });
        }
        if let Some(names) = schema["x-enum-varnames"].as_array() {
            values += names.len();
            assert_eq!(schema["enum"].as_array().unwrap().len(), names.len(), "{name}");
        }
    }
    assert!(values > 100, "{values}");
    visit(&document["paths"], &mut |node| {
        assert!(
            node.get("oneOf").is_none() && node.get("enum").is_none() && node.get("properties").is_none(),
            "{node}"
        );
        assert!(node.get("requestBody").is_none_or(|body| body["required"] == true), "{node}");
    });
}

#[test]
fn objects_are_open_and_references_have_no_siblings() {
    let document = tools();
    let mut objects = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if schema.get("properties").is_some() {
            objects += 1;
            assert_eq!(schema["additionalProperties"], true, "{name}");
        }
    }
    assert!(objects > 80, "{objects}");
    // A property with the name of a keyword stays a property.
    assert_eq!(document["components"]["schemas"]["FeatureAvailability"]["properties"]["properties"]["type"], "array");
    visit(&document, &mut |node| {
        assert!(node.get("$ref").is_none() || node.as_object().is_some_and(|members| members.len() == 1), "{node}");
    });
}

#[test]
fn members_of_a_union_require_its_tag() {
    let document = tools();
    let members = document["components"]["schemas"]["LeadConfiguration"]["oneOf"].as_array().unwrap();
    for member in members {
        let schema = document.pointer(&member["$ref"].as_str().unwrap()[1..]).unwrap();
        assert_eq!(schema["required"], json!(["resourceType"]), "{member}");
    }
    assert_eq!(document["components"]["schemas"]["AzureProduct"].get("required"), None);
}

#[test]
fn components_with_the_names_of_the_crate_are_kept() {
    let project = Project::new();
    let path = "/paths/~1products~1{productID}~1leadconfiguration/get/responses/200/content/application~1json/schema";
    let document = project.changed(|document| {
        let place = document.pointer_mut(path).unwrap();
        let union = std::mem::replace(place, json!({"$ref": "#/components/schemas/LeadConfiguration"}));
        document["components"]["schemas"]["LeadConfiguration"] = union;
        // Has the name of an enum of the crate, and cannot give it up.
        let setup = schema(document, ".AzureProductSetup");
        setup["properties"]["other"] = json!({"$ref": "#/components/schemas/VariantState"});
        document["components"]["schemas"]["VariantState"] = json!({"type": "string", "format": "date-time"});
    });
    let document = of(&project.other_document(document).unwrap());
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["LeadConfiguration"]["oneOf"].as_array().map(Vec::len),
        Some(6),
        "{}",
        schemas["LeadConfiguration"]
    );
    assert_eq!(schemas["VariantState"]["format"], "date-time");
    assert_eq!(schemas["AzureSkuVariant"]["properties"]["state"]["enum"], json!(["Inactive", "Active"]));
}
