//! The levels are correct: compiles a crate written for the current SDK against the SDK of an edited document.

use crate::diff::compare::compare;
use crate::diff::rule::Users;
use crate::diff::tests::{Edit, at, document};
use crate::diff::worst;
use crate::document::load;
use crate::generate::tests::{Project, compiler};
use crate::report::Report;
use crate::update::{changelog, prepare};
use serde_json::{Value, json};
use std::path::PathBuf;

const SETUP: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProductSetup/properties";
const SETUP_PATH: &str = "/paths/~1products~1{productID}~1setup";

/// The code of a downstream author.
const CODE: &str = r#"//! Uses what the document may lose.
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

/// Everything that a document may lose or gain without breaking a build.
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
    get["responses"]["202"] = json!({"description": "Accepted"});
}

/// Removes what refers to these schemas: members of unions, and properties.
fn without(node: &mut Value, lost: &[String]) {
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

/// The SDK of an edited document, compiled.
struct Sdk {
    project: Project,
    metadata: PathBuf,
}

impl Sdk {
    fn of(edited: &Value) -> Self {
        let project = Project::new();
        project.write(changelog::FILE, "");
        let document = load::from_bytes("edited.json", edited.to_string().into_bytes()).unwrap();
        let inputs = prepare(project.root(), &document, "2027-01-31", &Report::quiet()).unwrap().unwrap();
        inputs.write(project.root()).unwrap();
        project.run(|_| {}).unwrap();
        compiler::copy_sdk(project.root());
        let metadata = compiler::check_sdk(project.root(), &["client"]).unwrap();
        Self { project, metadata }
    }

    /// Compiles the downstream crate against it.
    fn compile(&self, code: &str) -> Result<(), String> {
        compiler::check_user(self.project.root(), &self.metadata, code)
    }
}

#[test]
fn a_crate_compiles_below_the_level_source() {
    let base = document();
    let mut edited = base.clone();
    harmless(&mut edited);
    let changes = compare(&base, &edited);
    assert!(worst(&changes) < Users::Source, "{changes:?}");
    for id in ["enum-value-renamed", "enum-value-removed", "property-removed", "schema-removed", "union-member-removed"]
    {
        assert!(changes.iter().any(|change| change.rule.id == id), "{id} is among them");
    }
    let sdk = Sdk::of(&edited);
    sdk.compile(CODE).unwrap();
    // Removed items are reported as deprecated.
    let error = sdk.compile(&format!("#![deny(deprecated)]\n{CODE}")).unwrap_err();
    for what in ["ListingOnly", "ContactMe", "trial_uri", "ListingContact", "as_sales_force"] {
        assert!(error.contains("use of deprecated") && error.contains(what), "{what}: {error}");
    }
    assert!(error.contains("removed from the document of 2027-01-31; use `ListedOnly`"), "{error}");
}

#[test]
fn a_change_at_the_level_of_source_breaks_a_crate() {
    let base = document();
    let edits: [Edit; 2] = [
        |document| drop(at(document, SETUP_PATH).as_object_mut().unwrap().remove("get")),
        |document| at(document, SETUP)["trialUri"]["type"] = "integer".into(),
    ];
    let mut both = base.clone();
    for edit in edits {
        let mut edited = base.clone();
        edit(&mut edited);
        assert_eq!(worst(&compare(&base, &edited)), Users::Source);
        edit(&mut both);
    }
    // One build for both: the compiler reports each where it is used.
    let error = Sdk::of(&both).compile(CODE).unwrap_err();
    for wanted in ["get_product_setup", "mismatched types"] {
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}
