//! Verifies the levels of changes: compiles a crate written for the current SDK with the SDK of an edited document.

use crate::diff::rule::Users;
use crate::diff::tests::{Edit, at, corrected_changes, document};
use crate::diff::users::worst;
use crate::document::load;
use crate::generate::tests::{Project, compiler};
use crate::report::Report;
use crate::update::{Options, Proof, changelog, prepare};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::LazyLock;

const SETUP: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProductSetup/properties";
const PACKAGE_PATH: &str = "/paths/~1products~1{productID}~1packages~1{packageID}";
const PRODUCT_PATH: &str = "/paths/~1products~1{productID}";
const SETUP_PATH: &str = "/paths/~1products~1{productID}~1setup";

/// Code of a downstream author: yesterday's user crate.
pub(crate) const CODE: &str = r#"//! Uses items that the document may remove.
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error};

pub fn sold(setup: &AzureProductSetup) -> &'static str {
    match &setup.selling_option {
        Some(SellingOption::ListingOnly) => "listed",
        Some(SellingOption::ListAndSell) => "sold",
        _ => "otherwise",
    }
}

pub fn asks(setup: &AzureProductSetup) -> bool {
    setup.call_to_action == Some(CallToAction::ContactMe)
}

pub fn trial(setup: AzureProductSetup) -> Option<String> {
    setup.set_trial_uri("https://contoso.example").trial_uri
}

pub fn contacts(listing: &AzureListing) -> Vec<Option<String>> {
    listing.listing_contacts.iter().flatten().map(|contact: &ListingContact| contact.name.clone()).collect()
}

pub fn to_sales_force(lead: &LeadConfiguration) -> Option<&SalesForceLeadConfiguration> {
    lead.as_sales_force()
}

pub async fn setup(client: &Client) -> Result<AzureProductSetup, Error> {
    Ok(client.get_product_setup("a product").send().await?.into_inner())
}
"#;

/// Code that uses what the edits add.
const NEW_CODE: &str = r#"//! Uses the new parameters.
use partner_ingestion_sdk::{Client, Error, types::*};

pub async fn setup(client: &Client) -> Result<AzureProductSetup, Error> {
    let call = client.get_product_setup("a product").x_publisher_id("a publisher").x_level(2);
    let call = call.ids(vec!["a".to_owned(), "b".to_owned()]).names(["c".to_owned()]);
    Ok(call.send().await?.into_inner())
}
"#;

/// Code of a downstream author that `BREAKING` breaks.
const BROKEN: &str = r#"//! Uses the changed items.
use partner_ingestion_sdk::types::AzureProductSetup;
use partner_ingestion_sdk::{Client, Error};

pub fn test_drive(setup: &AzureProductSetup) -> Option<bool> {
    setup.enable_test_drive
}

pub async fn delete(client: &Client) -> Result<(), Error> {
    client.delete_package("a product", "a package").send().await.map(drop)
}

pub async fn delete_product(client: &Client) -> Result<(), Error> {
    Ok(client.delete_product("a product").send().await?.into_inner())
}
"#;

/// Edits that must not break a build.
fn harmless(document: &mut Value) {
    at(document, SETUP)["sellingOption"]["enum"][0] = "Listed-Only".into();
    at(document, SETUP)["callToAction"]["enum"].as_array_mut().unwrap().retain(|value| value != "contact-me");
    at(document, SETUP).as_object_mut().unwrap().remove("trialUri").unwrap();
    at(document, SETUP)["aNew"] = json!({"type": "string"});
    // Items without a valid Rust name, without properties, or with another name in Rust.
    at(document, SETUP)["²"] = json!({"type": "string", "enum": ["²", "1", "c++"]});
    at(document, SETUP)["anOddity"] = json!({"type": "object", "properties": {
        "b": {"type": "object", "properties": {"٣": {"type": "number"}, "größe": {"type": "integer"}}},
        "empty": {"$ref": "#/components/schemas/A.IOTEmpty"},
    }});
    at(document, "/components/schemas")["A.IOTEmpty"] = json!({"type": "object", "properties": {}});
    let schemas = at(document, "/components/schemas").as_object_mut().unwrap();
    let lost: Vec<String> = schemas
        .keys()
        .filter(|name| name.ends_with(".ListingContact") || name.ends_with(".SalesForceLeadConfiguration"))
        .cloned()
        .collect();
    assert_eq!(lost.len(), 2);
    lost.iter().for_each(|name| drop(schemas.remove(name)));
    without(document, &lost);
    let get = &mut at(document, SETUP_PATH)["get"];
    get["parameters"]
        .as_array_mut()
        .unwrap()
        .push(json!({"in": "query", "name": "$top", "schema": {"type": "integer"}}));
    let parameters = get["parameters"].as_array_mut().unwrap();
    parameters.push(json!({"in": "header", "name": "X-Publisher-Id", "schema": {"type": "string"}}));
    parameters.push(json!({"in": "header", "name": "x-level", "schema": {"type": "integer"}}));
    let list = json!({"type": "array", "items": {"type": "string"}});
    parameters.push(json!({"in": "query", "name": "ids", "schema": list}));
    parameters.push(json!({"in": "query", "name": "names", "explode": false, "schema": list}));
    get["responses"]["202"] = get["responses"]["200"].clone();
}

/// Removes references to these schemas: members of unions, and properties.
pub(super) fn without(node: &mut Value, lost: &[String]) {
    let refers = |value: &Value| {
        let own = |value: &Value| {
            value["$ref"]
                .as_str()
                .is_some_and(|reference| lost.iter().any(|name| reference.ends_with(&format!("/{name}"))))
        };
        own(value) || own(&value["items"])
    };
    match node {
        Value::Object(members) => {
            members.retain(|_, value| !refers(value));
            members.values_mut().for_each(|value| without(value, lost));
        }
        Value::Array(items) => {
            items.retain(|item| !refers(item));
            items.iter_mut().for_each(|item| without(item, lost));
        }
        _ => {}
    }
}

/// Edits that break the crate. Each of them has the level source.
const BREAKING: [Edit; 3] = [
    |document| drop(at(document, PACKAGE_PATH).as_object_mut().unwrap().remove("delete")),
    |document| at(document, SETUP)["enableTestDrive"]["type"] = "string".into(),
    |document| {
        // The DELETE answers 204. With this edit it may also answer with a body.
        let product = json!({"$ref": "#/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProduct"});
        at(document, PRODUCT_PATH)["delete"]["responses"]["202"] =
            json!({"description": "", "content": {"application/json": {"schema": product}}});
    },
];

/// Compiles code with the SDK of a document that has all edits.
fn compile(code: &str) -> Result<(), String> {
    static SDK: LazyLock<(Project, PathBuf)> = LazyLock::new(|| {
        let mut edited = document();
        harmless(&mut edited);
        BREAKING.iter().for_each(|edit| edit(&mut edited));
        let project = Project::generated();
        project.write(changelog::FILE, "");
        let options = Options {
            document: "edited.json".as_ref(),
            dry_run: true,
            allow_broken: &[],
            proof: Proof::Compiles,
            day: "2027-01-31",
        };
        let document = load::from_bytes("edited.json", edited.to_string().into_bytes()).unwrap();
        let inputs = prepare(project.root(), &document, &options, &Report::quiet()).unwrap().unwrap();
        inputs.write(project.root()).unwrap();
        project.run(|_| {}).unwrap();
        compiler::copy_sdk(project.root());
        let metadata = compiler::check_sdk(project.root(), &["client"]).unwrap();
        (project, metadata)
    });
    compiler::check_user(&SDK.1, code)
}

#[test]
fn changes_below_the_level_source_compile() {
    let base = document();
    let mut edited = base.clone();
    harmless(&mut edited);
    let changes = corrected_changes(&base, &edited);
    assert_eq!(worst(&changes.users), Some(Users::Behaviour), "{:?}", changes.users);
    for id in ["enum-value-renamed", "enum-value-removed", "property-removed", "schema-removed", "union-member-removed"]
    {
        assert!(changes.wire.iter().any(|change| change.rule.id == id), "{id} is reported");
    }
    for item in ["SellingOption::ListingOnly", "CallToAction::ContactMe", "AzureProductSetup.trial_uri"] {
        let found = changes.users.iter().find(|change| change.item == item && change.id == "deprecated");
        assert_eq!(found.unwrap().level, Users::Behaviour, "{item}");
    }
    compile(CODE).unwrap();
    compile(NEW_CODE).unwrap();
    // Removed items are reported as deprecated.
    let error = compile(&format!("#![deny(deprecated)]\n{CODE}")).unwrap_err();
    for what in ["ListingOnly", "ContactMe", "trial_uri", "ListingContact", "as_sales_force"] {
        assert!(error.contains("use of deprecated") && error.contains(what), "{what}: {error}");
    }
    assert!(error.contains("removed from the document of 2027-01-31; use `ListedOnly`"), "{error}");
}

#[test]
fn changes_of_the_level_source_break_the_build() {
    let base = document();
    for edit in BREAKING {
        let mut edited = base.clone();
        edit(&mut edited);
        assert_eq!(worst(&corrected_changes(&base, &edited).users), Some(Users::Source));
    }
    let error = compile(BROKEN).unwrap_err();
    for wanted in ["delete_package", "mismatched types", "Option<AzureProduct>"] {
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
    assert_eq!(
        error.lines().filter(|line| line.starts_with("error[")).count(),
        3,
        "there are no other errors: {error}"
    );
}
