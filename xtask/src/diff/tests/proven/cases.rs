//! The edits of one document, and code of users for each kind of change that they cause.

use super::at;
use crate::diff::rule::Users::{self, Additive, Behaviour, Doc};
use crate::diff::tests::{SETUP, SETUP_PATH};
use serde_json::{Value, json};

const MODELS: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.";
/// A path whose operations keep their names, by rows of `names.toml`.
pub(super) const MOVED: (&str, &str) =
    ("/products/{productID}/properties/{propertyID}", "/products/{productID}/moved/properties/{propertyID}");
const PRODUCT: &str = "/paths/~1products~1{productID}";

/// Makes all changes.
pub(super) fn edit(d: &mut Value) {
    let schema = |name: &str| json!({"$ref": format!("#{MODELS}{name}")});
    let body = |schema: Value| json!({"description": "", "content": {"application/json": {"schema": schema}}});
    breaking(d, &schema, &body);
    behaviour(d);
    // Additions.
    let top = json!({"in": "query", "name": "$top", "schema": {"type": "integer"}});
    at(d, SETUP_PATH)["get"]["parameters"].as_array_mut().unwrap().push(top);
    at(d, "/components/schemas")["A.New"] = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    at(d, SETUP)["properties"]["aNew"] = json!({"$ref": "#/components/schemas/A.New"});
    at(d, SETUP)["properties"]["sellingOption"]["enum"].as_array_mut().unwrap().push("Rent".into());
    at(d, &format!("{MODELS}Availabilities.Trial/properties"))["id"] = json!({"type": "string"});
    let product = json!({"in": "path", "name": "productID", "required": true, "schema": {"type": "string"}});
    at(d, "/paths")["/products/{productID}/branches"] = json!({"post": {
        "parameters": [product],
        "requestBody": {"content": {"application/json": {"schema": schema("Branches.Branch")}}},
        "responses": {"204": {"description": ""}},
    }});
    let mut other = at(d, &format!("{MODELS}Variants.AzureTestDriveVariant")).clone();
    other["allOf"][1]["properties"]["resourceType"]["enum"][0] = "AzureOtherVariant".into();
    at(d, "/components/schemas")["Microsoft.Ingestion.Api.Models.Variants.AzureOtherVariant"] = other;
    let known = schema("Variants.AzureTestDriveVariant");
    add_member(d, &known, &schema("Variants.AzureOtherVariant"));
}

fn breaking(d: &mut Value, schema: &dyn Fn(&str) -> Value, body: &dyn Fn(Value) -> Value) {
    drop(at(d, &format!("{PRODUCT}~1packages~1{{packageID}}")).as_object_mut().unwrap().remove("delete"));
    at(d, PRODUCT)["delete"]["responses"]["202"] = body(schema("Products.AzureProduct"));
    let force = json!({"in": "query", "name": "force", "required": true, "schema": {"type": "boolean"}});
    let properties = &format!("{PRODUCT}~1properties");
    at(d, properties)["post"]["parameters"].as_array_mut().unwrap().push(force);
    let listings = at(d, &format!("{PRODUCT}~1listings~1getByInstanceID(instanceID={{instanceID}})"));
    let listings = listings["get"]["responses"]["200"].clone();
    at(d, properties)["get"]["responses"]["200"] = listings;
    let parameters = at(d, &format!("{PRODUCT}~1variants"))["get"]["parameters"].as_array_mut().unwrap();
    parameters.retain(|parameter| parameter["name"] != "$skipToken");
    named(at(d, &format!("{PRODUCT}~1submissions/get")), "$filter")["schema"] = json!({"type": "integer"});
    at(d, SETUP)["properties"]["enableTestDrive"]["type"] = "string".into();
    at(d, &format!("{MODELS}Availabilities.PreviewMarketplaceGroup/oneOf/0/items"))["type"] = "integer".into();
    // The same variant of a union with another type.
    let name = "Microsoft.Ingestion.Api.Models.LeadManagement.Marketo";
    *d = serde_json::from_str(&d.to_string().replace(&format!("{name}LeadConfiguration"), name)).unwrap();
}

fn behaviour(d: &mut Value) {
    *at(d, "/servers/0/url") = "https://other.example/v1".into();
    *at(d, "/info/version") = "2.0".into();
    at(d, SETUP)["description"] = "Other words.".into();
    named(at(d, &format!("{PRODUCT}~1submissions~1{{submissionID}}/get")), "$expand")["name"] = "expand".into();
    let put = at(d, &format!("{PRODUCT}~1productavailabilities~1{{productAvailabilityID}}/put"));
    put["parameters"].as_array_mut().unwrap().retain(|parameter| parameter["name"] != "If-Match");
    let setup = at(d, SETUP)["properties"].as_object_mut().unwrap();
    let uri = setup.remove("trialUri").unwrap();
    setup.insert("trialURI".to_owned(), uri);
    setup["sellingOption"]["enum"][0] = "listing_only".into();
    setup["callToAction"]["enum"].as_array_mut().unwrap().retain(|value| value != "contact-me");
    let sales = &format!("{MODELS}LeadManagement.SalesForceLeadConfiguration/allOf/1/properties/resourceType/enum/0");
    *at(d, sales) = "SalesForce".into();
    let paths = at(d, "/paths").as_object_mut().unwrap();
    let item = paths.remove(MOVED.0).unwrap();
    paths.insert(MOVED.1.to_owned(), item);
    // A type, and the only field that has it.
    let schemas = at(d, "/components/schemas").as_object_mut().unwrap();
    let name = "Microsoft.Ingestion.Api.Models.Availabilities.IncludedBaseQuantity";
    schemas.remove(name).unwrap();
    super::super::compiled::without(d, &[name.to_owned()]);
}

fn named<'d>(operation: &'d mut Value, name: &str) -> &'d mut Value {
    operation["parameters"].as_array_mut().unwrap().iter_mut().find(|parameter| parameter["name"] == name).unwrap()
}

/// Adds a member to every union that has the known one.
fn add_member(node: &mut Value, known: &Value, new: &Value) {
    match node {
        Value::Object(members) => members.values_mut().for_each(|member| add_member(member, known, new)),
        Value::Array(items) if items.contains(known) => items.push(new.clone()),
        Value::Array(items) => items.iter_mut().for_each(|item| add_member(item, known, new)),
        _ => {}
    }
}

/// The kind, the item, code that compiles with the old version only, and a part of the compiler's message.
pub(super) const BREAKING: [(&str, &str, &str, &str); 9] = [
    (
        "operation-removed",
        "Client::delete_package",
        "pub async fn f(c: &Client) -> Result<(), Error> { c.delete_package(\"a\", \"b\").send().await.map(drop) }",
        "no method named `delete_package`",
    ),
    (
        "return-type-changed",
        "Client::delete_product",
        "pub async fn f(c: &Client) -> Result<(), Error> { Ok(c.delete_product(\"a\").send().await?.into_inner()) }",
        "mismatched types",
    ),
    (
        "arguments-changed",
        "Client::create_property",
        "pub fn f(c: &Client) { drop(c.create_property(\"a\", AzureProperty::default())); }",
        "this method takes 3 arguments but 2 arguments were supplied",
    ),
    (
        "stream-changed",
        "Client::list_properties",
        "pub fn f(c: &Client) { let _: partner_ingestion_sdk::Items<PropertyPage> = c.list_properties(\"a\").stream(); }",
        "mismatched types",
    ),
    (
        "option-removed",
        "Client::list_variants, skip_token",
        "pub fn f(c: &Client) { drop(c.list_variants(\"a\").skip_token(\"b\")); }",
        "no method named `skip_token`",
    ),
    (
        "option-changed",
        "Client::list_submissions, filter",
        "pub fn f(c: &Client) { drop(c.list_submissions(\"a\").filter(\"b\")); }",
        "`i64: From<&str>` is not satisfied",
    ),
    (
        "field-type-changed",
        "AzureProductSetup.enable_test_drive",
        "pub fn f(setup: &AzureProductSetup) -> Option<bool> { setup.enable_test_drive }",
        "mismatched types",
    ),
    (
        "alternatives-changed",
        "PreviewMarketplaceGroup",
        "pub fn f() -> PreviewMarketplaceGroup { PreviewMarketplaceGroup::List(vec![String::new()]) }",
        "mismatched types",
    ),
    (
        "member-type-changed",
        "LeadConfiguration::Marketo",
        "pub fn f(lead: &LeadConfiguration) -> Option<&MarketoLeadConfiguration> { lead.as_marketo() }",
        "mismatched types",
    ),
];

/// The kinds and items of an addition and of its removal, code that compiles with the new version only, and a part of the message.
pub(super) const ADDED: [(&str, &str, &str, &str, &str, &str); 8] = [
    (
        "operation-added",
        "operation-removed",
        "Client::create_branches",
        "Client::create_branches",
        "pub fn f(c: &Client) { drop(c.create_branches(\"a\", Branch::default())); }",
        "no method named `create_branches`",
    ),
    (
        "option-added",
        "option-removed",
        "Client::get_product_setup, top",
        "Client::get_product_setup, top",
        "pub fn f(c: &Client) { drop(c.get_product_setup(\"a\").top(1)); }",
        "no method named `top`",
    ),
    ("type-added", "type-removed", "New", "New", "pub fn f(_: &New) {}", "cannot find type `New`"),
    (
        "field-added",
        "field-removed",
        "AzureProductSetup.a_new",
        "AzureProductSetup.a_new",
        "pub fn f(setup: &AzureProductSetup) -> bool { setup.a_new.is_some() }",
        "no field `a_new`",
    ),
    (
        "variant-added",
        "variant-removed",
        "SellingOption::Rent",
        "SellingOption::Rent",
        "pub fn f() -> SellingOption { SellingOption::Rent }",
        "named `Rent`",
    ),
    (
        "member-added",
        "member-removed",
        "Variant::AzureOther",
        "Variant::AzureOther",
        "pub fn f(variant: &Variant) -> bool { variant.as_azure_other().is_some() }",
        "no method named `as_azure_other`",
    ),
    (
        "setters-added",
        "setter-removed",
        "Branch",
        "Branch::set_friendly_name(String)",
        "pub fn f() -> Branch { Branch::default().set_friendly_name(\"a\") }",
        "no method named `set_friendly_name`",
    ),
    (
        "implementation-added",
        "implementation-removed",
        "Trial: Resource id",
        "Trial: Resource id",
        "pub fn f(trial: &Trial) -> bool { fn id(of: &impl Resource) -> bool { of.id().is_some() } id(trial) }",
        "Trial: partner_ingestion_sdk::Resource` is not satisfied",
    ),
];

/// The kind, the item, its level, an expression, and what it prints with the old and with the new version.
type Running = (&'static str, &'static str, Users, &'static str, (&'static str, &'static str));

pub(super) const RUNNING: [Running; 12] = [
    (
        "server-changed",
        "the document",
        Behaviour,
        "client().build().unwrap().base_url().host_str().unwrap_or_default().to_owned()",
        ("api.partner.microsoft.com", "other.example"),
    ),
    (
        "option-renamed",
        "Client::get_submission, expand",
        Behaviour,
        "request(\"get \", |c| async move { c.get_submission(\"a\", \"1\").expand(\"x\").send().await.is_ok() })",
        ("get /products/a/submissions/1?%24expand=x http/1.1", "get /products/a/submissions/1?expand=x http/1.1"),
    ),
    (
        "precondition-changed",
        "Client::replace_product_availability",
        Behaviour,
        "let mut body = ProductAvailability::default();
         body.etag = Some(\"\\\"1\\\"\".to_owned());
         request(\"if-match\", |c| async move { c.replace_product_availability(\"a\", \"b\", body).send().await.is_ok() })",
        ("if-match: \"1\"", ""),
    ),
    (
        "field-renamed",
        "AzureProductSetup.trial_uri",
        Behaviour,
        "let answer = serde_json::from_str::<AzureProductSetup>(r#\"{\"trialUri\":\"u\"}\"#).unwrap();
         format!(\"{:?} {}\", answer.trial_uri, serde_json::to_string(&answer).unwrap())",
        ("Some(\"u\") {\"trialUri\":\"u\"}", "None {\"trialUri\":\"u\"}"),
    ),
    (
        "value-changed",
        "SellingOption::ListingOnly",
        Behaviour,
        "let answer = serde_json::from_str::<AzureProductSetup>(r#\"{\"sellingOption\":\"ListingOnly\"}\"#).unwrap();
         answer.selling_option == Some(SellingOption::ListingOnly)",
        ("true", "false"),
    ),
    (
        "tag-changed",
        "LeadConfiguration::SalesForce",
        Behaviour,
        "let answer = r#\"{\"resourceType\":\"SalesForceLeadConfiguration\"}\"#;
         serde_json::from_str::<LeadConfiguration>(answer).unwrap().as_sales_force().is_some()",
        ("true", "false"),
    ),
    // The value is still known, and the service no longer sends it.
    (
        "deprecated",
        "CallToAction::ContactMe",
        Behaviour,
        "let answer = serde_json::from_str::<AzureProductSetup>(r#\"{\"callToAction\":\"contact-me\"}\"#).unwrap();
         answer.call_to_action == Some(CallToAction::ContactMe)",
        ("true", "true"),
    ),
    (
        "deprecated",
        "CustomMeter.included_base_quantities",
        Behaviour,
        "CustomMeter::default().included_base_quantities.is_none()",
        ("true", "true"),
    ),
    (
        "deprecated",
        "IncludedBaseQuantity",
        Additive,
        "IncludedBaseQuantity::default().is_infinite.is_none()",
        ("true", "true"),
    ),
    ("version-changed", "the document", Doc, "client().build().is_ok()", ("true", "true")),
    (
        "documentation-changed",
        "AzureProductSetup",
        Doc,
        "AzureProductSetup::default().test_drive_type.is_none()",
        ("true", "true"),
    ),
    (
        "request-changed",
        "Client::get_property",
        Behaviour,
        "request(\"get \", |c| async move { c.get_property(\"a\", \"b\").send().await.is_ok() })",
        ("get /products/a/properties/b http/1.1", "get /products/a/moved/properties/b http/1.1"),
    ),
];
