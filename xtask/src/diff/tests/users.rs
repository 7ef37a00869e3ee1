//! The levels for users: each kind of change of the generated crate, from an edit of the document.

use super::{Edit, LISTING_PUT, SETUP, SETUP_PATH, at, changes, corrected};
use crate::diff::rule::Users::{self, Additive, Behaviour, Doc, Source};
use serde_json::{Value, json};

const DELETE: &str = "/paths/~1products~1{productID}~1packages~1{packageID}/delete";
const PRODUCT: &str = "#/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProduct";

fn json_body(schema: &Value) -> Value {
    json!({"description": "", "content": {"application/json": {"schema": schema}}})
}

/// Edits, each with one change that it must cause. The edit taken back must cause the last column, if it has one.
type Case = (Edit, (Users, &'static str, &'static str), Option<(Users, &'static str)>);

const CASES: [Case; 21] = [
    // A DELETE answers 204, and may now answer 202 with a body.
    (
        |d| at(d, DELETE)["responses"]["202"] = json_body(&json!({"$ref": PRODUCT})),
        (Source, "return-type-changed", "Client::delete_package"),
        Some((Source, "return-type-changed")),
    ),
    (
        |d| at(d, SETUP_PATH)["get"]["responses"]["204"] = json!({"description": "None"}),
        (Source, "return-type-changed", "Client::get_product_setup"),
        Some((Source, "return-type-changed")),
    ),
    (
        |d| drop(at(d, DELETE.strip_suffix("/delete").unwrap()).as_object_mut().unwrap().remove("delete")),
        (Source, "operation-removed", "Client::delete_package"),
        Some((Additive, "operation-added")),
    ),
    (
        |d| drop(at(d, SETUP_PATH).as_object_mut().unwrap().remove("get")),
        (Source, "operation-removed", "Client::get_product_setup"),
        Some((Additive, "operation-added")),
    ),
    (
        |d| {
            at(d, LISTING_PUT)["parameters"]
                .as_array_mut()
                .unwrap()
                .push(json!({"in": "query", "name": "force", "required": true, "schema": {"type": "boolean"}}));
        },
        (Source, "arguments-changed", "Client::replace_listing"),
        Some((Source, "arguments-changed")),
    ),
    (
        |d| {
            at(d, LISTING_PUT)["parameters"]
                .as_array_mut()
                .unwrap()
                .push(json!({"in": "query", "name": "force", "schema": {"type": "boolean"}}));
        },
        (Additive, "option-added", "Client::replace_listing, force"),
        Some((Source, "option-removed")),
    ),
    (
        |d| drop(at(d, LISTING_PUT).as_object_mut().unwrap().remove("requestBody")),
        (Source, "arguments-changed", "Client::replace_listing"),
        Some((Source, "arguments-changed")),
    ),
    (
        |d| at(d, SETUP)["properties"]["trialUri"]["type"] = "integer".into(),
        (Source, "field-type-changed", "AzureProductSetup.trial_uri"),
        Some((Source, "field-type-changed")),
    ),
    (
        |d| at(d, SETUP)["properties"]["aNew"] = json!({"type": "string"}),
        (Additive, "field-added", "AzureProductSetup.a_new"),
        Some((Behaviour, "deprecated")),
    ),
    (
        |d| {
            let properties = at(d, SETUP)["properties"].as_object_mut().unwrap();
            let uri = properties.remove("trialUri").unwrap();
            properties.insert("trialURI".to_owned(), uri);
        },
        (Behaviour, "field-renamed", "AzureProductSetup.trial_uri"),
        Some((Behaviour, "field-renamed")),
    ),
    (
        |d| at(d, SETUP)["properties"]["sellingOption"]["enum"].as_array_mut().unwrap().push("Rent".into()),
        (Additive, "variant-added", "SellingOption::Rent"),
        Some((Behaviour, "deprecated")),
    ),
    (
        |d| at(d, SETUP)["properties"]["sellingOption"]["enum"][0] = "Listed-Only".into(),
        (Behaviour, "deprecated", "SellingOption::ListingOnly"),
        Some((Behaviour, "deprecated")),
    ),
    // The same variant for another text.
    (
        |d| at(d, SETUP)["properties"]["sellingOption"]["enum"][0] = "listing_only".into(),
        (Behaviour, "value-changed", "SellingOption::ListingOnly"),
        Some((Behaviour, "value-changed")),
    ),
    (
        |d| drop(at(d, SETUP)["properties"]["sellingOption"].as_object_mut().unwrap().remove("enum")),
        (Source, "field-type-changed", "AzureProductSetup.selling_option"),
        Some((Source, "field-type-changed")),
    ),
    (
        |d| {
            let post = at(d, "/paths/~1products~1{productID}~1leadconfiguration/post");
            let schema = post.pointer_mut("/requestBody/content/application~1json/schema/oneOf").unwrap().clone();
            let all = |d: &mut Value| {
                let text = d.to_string().replace(&schema[0].to_string(), "{\"$ref\":\"\"}");
                *d = serde_json::from_str(&text).unwrap();
            };
            all(d);
            without_empty_references(d);
        },
        (Behaviour, "deprecated", ""),
        None,
    ),
    (
        |d| at(d, "/components/schemas")["A.New"] = json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        (Additive, "type-added", "New"),
        Some((Additive, "deprecated")),
    ),
    (
        |d| *at(d, "/servers/0/url") = "https://other.example".into(),
        (Behaviour, "server-changed", "the document"),
        Some((Behaviour, "server-changed")),
    ),
    (|d| *at(d, "/info/version") = "2.0".into(), (Doc, "version-changed", "the document"), None),
    (
        |d| at(d, SETUP)["description"] = "Other words.".into(),
        (Doc, "documentation-changed", "AzureProductSetup"),
        Some((Doc, "documentation-changed")),
    ),
    (
        |d| {
            let item = at(d, "/paths").as_object_mut().unwrap().remove("/products/{productID}/setup").unwrap();
            at(d, "/paths")["/products/{productID}/offersetup"] = item;
        },
        (Source, "operation-removed", "Client::get_product_setup"),
        None,
    ),
    (
        |d| {
            let parameters = at(d, LISTING_PUT)["parameters"].as_array_mut().unwrap();
            parameters.retain(|parameter| parameter["name"] != "If-Match");
        },
        (Behaviour, "precondition-changed", "Client::replace_listing"),
        Some((Behaviour, "precondition-changed")),
    ),
];

fn without_empty_references(node: &mut Value) {
    match node {
        Value::Array(items) => {
            items.retain(|item| item["$ref"] != "");
            items.iter_mut().for_each(without_empty_references);
        }
        Value::Object(members) => members.values_mut().for_each(without_empty_references),
        _ => {}
    }
}

#[test]
fn levels_come_from_the_generated_crate() {
    let base = corrected();
    for (edit, (level, id, item), back) in CASES {
        let mut edited = base.clone();
        edit(&mut edited);
        let all = changes(&base, &edited).users;
        let found = all.iter().find(|change| change.id == id && (item.is_empty() || change.item == item));
        let found = found.unwrap_or_else(|| panic!("{id} of {item} is missing in {all:#?}"));
        assert_eq!(found.level, level, "{id} of {item}");
        let Some((level, id)) = back else { continue };
        let all = changes(&edited, &base).users;
        assert!(all.iter().any(|c| c.id == id && c.level == level), "{id} of {item}, taken back: {all:#?}");
    }
}

/// Nothing that is generated changes.
#[test]
fn changes_without_effect_on_the_crate_have_no_level() {
    let edits: [Edit; 5] = [
        |d| at(d, LISTING_PUT)["responses"]["202"] = at(d, LISTING_PUT)["responses"]["200"].clone(),
        |d| at(d, SETUP)["required"] = json!(["trialUri"]),
        |d| at(d, SETUP)["properties"]["trialUri"]["maxLength"] = 9.into(),
        |d| at(d, LISTING_PUT)["operationId"] = "x".into(),
        |d| drop(at(d, LISTING_PUT)["responses"].as_object_mut().unwrap().remove("409")),
    ];
    let base = corrected();
    for (number, edit) in edits.into_iter().enumerate() {
        let mut edited = base.clone();
        edit(&mut edited);
        let found = changes(&base, &edited);
        assert_eq!((found.users.as_slice(), found.wire.len()), (&[][..], 1), "{number}: {:?}", found.wire);
    }
}
