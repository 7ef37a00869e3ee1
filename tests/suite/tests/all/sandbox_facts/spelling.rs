//! Values of enums are accepted without regard to case, returned in the service's spelling, and select the same behavior.

use super::{Http, STEP, text};
use partner_ingestion_sdk::reqwest::Method;
use partner_tests::document::{CORRECTED, resolve};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A body with one value of each enum of a schema: in the service's spelling, and with the case of every letter swapped.
type Spellings = (Value, Value);

/// Returns the `round`th value of each enum. `None` if the schema has no enums. `covered` gets the enums.
fn spellings(schema: &Value, round: usize, covered: &mut BTreeSet<String>) -> Option<Spellings> {
    let schema = resolve(&CORRECTED, schema);
    if let Some(values) = schema["enum"].as_array() {
        covered.insert(schema["enum"].to_string());
        let value = values[round % values.len()].as_str()?;
        return Some((value.into(), swapped(value).into()));
    }
    if schema["type"] == "array" {
        let (kept, sent) = spellings(&schema["items"], round, covered)?;
        return Some((json!([kept]), json!([sent])));
    }
    let (mut kept, mut sent) = (Map::new(), Map::new());
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let Some((Value::Object(more_kept), Value::Object(more_sent))) = spellings(part, round, covered) else {
            continue;
        };
        kept.extend(more_kept);
        sent.extend(more_sent);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some((one_kept, one_sent)) = spellings(property, round, covered) {
            kept.insert(name.clone(), one_kept);
            sent.insert(name.clone(), one_sent);
        }
    }
    (!kept.is_empty()).then(|| (kept.into(), sent.into()))
}

fn swapped(text: &str) -> String {
    text.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

/// Returns true if every field of `part` has the same value in `whole`.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/Microsoft.Ingestion.Api.Models.{name}")})
}

/// Sends bodies with every value of every enum of a schema. `complete` adds the fields that the service requires.
async fn check(
    http: &Http,
    (method, path): (Method, &str),
    name: &str,
    covered: &mut BTreeSet<String>,
    mut complete: impl FnMut(usize, &mut Value),
) {
    let schema = schema(name);
    // The longest enum of the document has fewer values.
    for round in 0..20 {
        let (mut kept, mut sent) = spellings(&schema, round, covered).unwrap();
        complete(round, &mut sent);
        // The service sets the state of a new file.
        if method == Method::POST && sent.get("fileName").is_some() {
            kept.as_object_mut().unwrap().remove("state");
        }
        let response = http.ok(method.clone(), path, sent.clone()).await;
        assert!(contains(&response, &kept), "{name}: sent {sent}, expected {kept}, got {response}");
        // A created resource has its own path, unless there is only one.
        let own = match (&method, response["id"].as_str()) {
            (&Method::POST, Some(id)) => format!("{path}/{id}"),
            _ => path.to_owned(),
        };
        let read = http.get(&own).await.json();
        assert!(contains(&read, &kept), "{name}: stored {read}, expected {kept}");
    }
}

/// The enums come from the document, so that those of a new version are included.
#[tokio::test]
async fn every_enum_value_is_stored_in_the_services_spelling() {
    let http = Http::start().await;
    let app = http.offer("AzureApplication", "app").await;
    let managed = http.plan(&app, "managed", "managed-application").await;
    let template = http.plan(&app, "template", "solution-template").await;
    let central = http.offer("AzureDynamics365BusinessCentral", "central").await;
    let engagement = http.offer("AzureDynamics365ForCustomerEngagement", "engagement").await;
    let operations = http.offer("AzureDynamics365ForOperations", "operations").await;
    http.sandbox.advance(STEP);
    let mut covered = BTreeSet::new();

    check(&http, (Method::POST, "products"), "Products.AzureProduct", &mut covered, |round, body| {
        body["name"] = "n".into();
        body["externalIDs"] = json!([{"type": "azureofferid", "value": format!("offer-{round}")}]);
    })
    .await;
    for (path, name) in
        [("setup", "Products.AzureProductSetup"), ("resellerConfiguration", "Reseller.ResellerConfiguration")]
    {
        check(&http, (Method::POST, &format!("{app}/{path}")), name, &mut covered, |_, _| {}).await;
    }
    for name in
        ["AzureBlob", "AzureTable", "DynamicsCustomerRelationshipManagement", "HttpsEndpoint", "Marketo", "SalesForce"]
    {
        let name = format!("LeadManagement.{name}LeadConfiguration");
        check(&http, (Method::POST, &format!("{app}/leadconfiguration")), &name, &mut covered, |_, _| {}).await;
    }
    check(
        &http,
        (Method::POST, &format!("{app}/variants")),
        "Variants.AzureSkuVariant",
        &mut covered,
        |round, body| {
            body["friendlyName"] = "n".into();
            body["externalID"] = format!("plan-{round}").into();
        },
    )
    .await;
    let drafts = [
        (&app, "Property", "properties", None, "Properties.AzureProperty"),
        (&app, "Listing", "listings", None, "Listings.AzureListing"),
        (&app, "Availability", "productavailabilities", None, "Availabilities.ProductAvailability"),
        (&app, "Availability", "featureavailabilities", Some(&managed), "Availabilities.FeatureAvailability"),
        (
            &app,
            "Package",
            "packageconfigurations",
            Some(&managed),
            "Packages.AzureManagedApplicationPackageConfiguration",
        ),
        (
            &app,
            "Package",
            "packageconfigurations",
            Some(&template),
            "Packages.AzureSolutionTemplatePackageConfiguration",
        ),
        (&central, "Package", "packageconfigurations", None, "Packages.Dynamics365BusinessCentralPackageConfiguration"),
        (
            &engagement,
            "Package",
            "packageconfigurations",
            None,
            "Packages.Dynamics365CustomerEngagementPackageConfiguration",
        ),
        (&operations, "Package", "packageconfigurations", None, "Packages.Dynamics365OperationsPackageConfiguration"),
    ];
    for (offer, module, collection, plan, name) in drafts {
        let resource = http.resource(offer, module, collection, plan.map(String::as_str)).await;
        let expand = match collection {
            "featureavailabilities" => "?$expand=MarketStates,Trial,PriceSchedules",
            _ => "",
        };
        let path = format!("{offer}/{collection}/{}{expand}", text(&resource, "id"));
        check(&http, (Method::PUT, &path), name, &mut covered, |_, _| {}).await;
    }
    let listing = http.resource(&app, "Listing", "listings", None).await;
    let listing = format!("{app}/listings/{}", text(&listing, "id"));
    for (path, name) in [
        (format!("{app}/packages"), "Packages.AzurePackage"),
        (format!("{listing}/images"), "Listings.ListingImage"),
        (format!("{listing}/assets"), "Listings.ListingAsset"),
    ] {
        check(&http, (Method::POST, &path), name, &mut covered, |_, body| body["fileName"] = "a.zip".into()).await;
    }
    assert!(covered.len() > 50, "{}: {covered:?}", covered.len());
}

#[tokio::test]
async fn offer_and_plan_types_select_their_drafts_without_case() {
    let http = Http::start().await;
    let offer = http.offer("AZUREAPPLICATION", "app").await;
    assert_eq!(text(&http.get(&offer).await.json(), "resourceType"), "AzureApplication");
    let managed = http.plan(&offer, "managed", "Managed-Application").await;
    let plan = http.get(&format!("{offer}/variants/{managed}")).await.json();
    assert_eq!(text(&plan, "subType"), "managed-application");
    http.sandbox.advance(STEP);
    let configuration = http.resource(&offer, "Package", "packageConfigurations", Some(&managed)).await;
    assert_eq!(text(&configuration, "resourceType"), "AzureManagedApplicationPackageConfiguration");
    let central = http.offer("azuredynamics365businesscentral", "central").await;
    let configuration = http.resource(&central, "package", "packageConfigurations", None).await;
    assert_eq!(text(&configuration, "resourceType"), "Dynamics365BusinessCentralPackageConfiguration");
    let drive = json!({"resourceType": "azureTestDriveVariant", "friendlyName": "Drive"});
    assert_eq!(text(&http.post(&format!("{offer}/variants"), drive).await, "id"), "testdrive");
    let vm = http.offer("azurethirdpartyvirtualmachine", "vm").await;
    let setup = json!({"resourceType": "azureproductsetup", "enableTestDrive": true});
    assert_eq!(http.send(Method::POST, &format!("{vm}/setup"), setup).await.status, 400);
}

#[tokio::test]
async fn states_and_modules_select_their_behavior_without_case() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    for (collection, body) in [
        ("packages", json!({"resourceType": "azureapplicationpackage", "fileName": "app.zip"})),
        // The document has no enum for the state of this resource.
        ("cosellAssets", json!({"resourceType": "CosellAsset", "fileName": "deck.pptx"})),
    ] {
        let mut file = http.post(&format!("{offer}/{collection}"), body).await;
        let path = format!("{offer}/{collection}/{}", text(&file, "id"));
        file["state"] = "UPLOADED".into();
        let early = http.send(Method::PUT, &path, file.clone()).await;
        assert_eq!(early.status, 400, "nothing was uploaded");
        let put = http.http.put(text(&file, "fileSasUri")).header("x-ms-blob-type", "BlockBlob").body("PK");
        assert_eq!(put.send().await.unwrap().status().as_u16(), 201);
        assert_eq!(text(&http.ok(Method::PUT, &path, file).await, "state"), "Uploaded", "{collection}");
    }
    let reseller = json!({"ResellerChannelState": "enabled", "TenantIds": []});
    let reseller = http.post(&format!("{offer}/resellerConfiguration"), reseller).await;
    assert_eq!(text(&reseller, "resellerChannelState"), "Enabled");
    // The modules of a submission: neither an unknown draft nor a missing reseller configuration.
    let mut drafts = Vec::new();
    for module in ["property", "LISTING", "availability", "resellerconfiguration"] {
        drafts.push((module, http.draft(&offer, module, None).await));
    }
    let created = http.submit(&offer, &drafts).await;
    assert_eq!(created.status, 201, "{}", created.text);
    http.sandbox.advance(3 * STEP);
    let path = format!("{offer}/submissions/{}", text(&created.json(), "id"));
    assert_eq!(text(&http.get(&path).await.json(), "substate"), "ReadyToPublish");
}

#[tokio::test]
async fn private_in_lower_case_is_returned_as_private() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let plan = http.plan(&offer, "plan", "managed-application").await;
    http.sandbox.advance(STEP);
    let mut availability = http.resource(&offer, "Availability", "featureavailabilities", Some(&plan)).await;
    availability["visibility"] = "private".into();
    let path = format!("{offer}/featureavailabilities/{}", text(&availability, "id"));
    assert_eq!(text(&http.ok(Method::PUT, &path, availability).await, "visibility"), "Private");
    assert_eq!(text(&http.get(&path).await.json(), "visibility"), "Private");
}
