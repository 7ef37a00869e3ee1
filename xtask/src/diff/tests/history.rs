//! The known revisions of the document, reconstructed from the current one.

use super::{Users, at, compare, corrected_changes, document, ids};
use crate::diff::users;
use serde_json::{Value, json};

const SKU: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Variants.AzureSkuVariant/allOf/1/properties";
const TEST_DRIVE: &str =
    "/components/schemas/Microsoft.Ingestion.Api.Models.Variants.AzureTestDriveVariant/allOf/1/properties";
const CHANNEL: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Reseller.ResellerConfiguration/properties/resellerChannelState/enum";
const PROPERTY: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Properties.AzureProperty/allOf/1/properties";
const PRODUCT: &str = "/components/schemas/Microsoft.Ingestion.Api.Models.Products.AzureProduct/allOf/1/properties";
const AVAILABILITY: &str = "ProductAvailability";

fn rename_value(document: &mut Value, list: &str, now: &str, before: &str) {
    let values = at(document, list).as_array_mut().unwrap();
    *values.iter_mut().find(|value| **value == now).unwrap() = before.into();
}

/// Returns the object that declares a property, within a named schema.
fn holder<'d>(document: &'d mut Value, name: &str, property: &str) -> &'d mut serde_json::Map<String, Value> {
    let schemas = at(document, "/components/schemas").as_object_mut().unwrap();
    let schema = schemas.iter_mut().find(|(full, _)| full.rsplit('.').next() == Some(name)).unwrap().1;
    let own = schema.get("properties").is_some_and(|properties| properties.get(property).is_some());
    let object = match own {
        true => schema,
        false => schema["allOf"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find(|part| part["properties"].get(property).is_some())
            .unwrap(),
    };
    object["properties"].as_object_mut().unwrap()
}

/// Returns the current document and the five earlier ones, latest first.
fn revisions() -> Vec<Value> {
    let mut all = vec![document()];
    let mut earlier = |change: &dyn Fn(&mut Value)| {
        let mut document = all.last().unwrap().clone();
        change(&mut document);
        all.push(document);
    };
    earlier(&|document| drop(at(document, PRODUCT).as_object_mut().unwrap().remove("externalIDs").unwrap()));
    earlier(&|document| rename_value(document, CHANNEL, "Enabled", "OptIn"));
    earlier(&|document| rename_value(document, CHANNEL, "OptIn", "Optin"));
    earlier(&|document| {
        let list = format!("{PROPERTY}/leveledCategories/properties/developer-tools-azure-apps/items/enum");
        rename_value(document, &list, "tools-developer-tools", "tools");
    });
    earlier(&|document| {
        rename_value(document, &format!("{SKU}/state/enum"), "Inactive", "InActive");
        rename_value(document, &format!("{TEST_DRIVE}/state/enum"), "Inactive", "InActive");
        at(document, PROPERTY).as_object_mut().unwrap().remove("leveledCategories").unwrap();
        holder(document, AVAILABILITY, "audiences").remove("audiences").unwrap();
        at(document, "/components/schemas")
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !name.ends_with("PreviewMarketplaceGroup"));
        // The name was declared by the plan, not by the base of all plans.
        let name = holder(document, "BaseVariant", "friendlyName").remove("friendlyName").unwrap();
        at(document, SKU)["friendlyName"] = name;
    });
    all
}

#[test]
fn each_revision_has_the_expected_changes() {
    let revisions = revisions();
    let wanted: [&[&str]; 5] = [
        &["property-added"],
        &["enum-value-renamed"],
        &["enum-value-renamed"],
        &["enum-value-renamed"],
        // By severity for users, then by name.
        &[
            "enum-value-renamed",
            "enum-value-renamed",
            "property-added",
            "property-added",
            "property-added",
            "schema-added",
            "property-inherited",
        ],
    ];
    for (pair, wanted) in revisions.windows(2).zip(wanted) {
        let changes = compare(&pair[1], &pair[0]);
        let mut found = ids(&changes);
        found.sort_by_key(|id| wanted.iter().position(|wanted| wanted == id));
        assert_eq!(found, wanted);
    }
    let levels = revisions.windows(2).map(|pair| users::worst(&corrected_changes(&pair[1], &pair[0]).users));
    let levels: Vec<Option<Users>> = levels.collect();
    // The corrections supply what the last revision added. Each spelling that changed compiles, and no longer matches the responses.
    // No revision broke a build.
    let behaviour = Some(Users::Behaviour);
    assert_eq!(levels, [None, behaviour, behaviour, behaviour, behaviour]);
    let renames: Vec<String> =
        revisions[1..5].windows(2).flat_map(|pair| compare(&pair[1], &pair[0])).map(|change| change.detail).collect();
    assert_eq!(renames, ["OptIn is now Enabled", "Optin is now OptIn", "tools is now tools-developer-tools"]);
}

/// Compares the oldest revision and the document of another client with the current one.
#[test]
fn compares_across_several_revisions() {
    let revisions = revisions();
    let changes = compare(&revisions[5], &revisions[0]);
    let renamed = changes.iter().filter(|change| change.rule.id == "enum-value-renamed");
    let mut details: Vec<&str> = renamed.map(|change| change.detail.as_str()).collect();
    details.sort_unstable();
    // The categories did not exist yet, so their value was not renamed.
    let wanted = ["InActive is now Inactive", "InActive is now Inactive", "Optin is now Enabled"];
    assert_eq!(details, wanted);

    let mut older = document();
    let branch = "/components/schemas/Microsoft.Ingestion.Api.Models.Products.BaseProduct/allOf/1/properties";
    let path = if older.pointer(branch).is_some() { branch.to_owned() } else { branch.replace("/allOf/1", "") };
    at(&mut older, &path)["resourceType"]["enum"].as_array_mut().unwrap().push(json!("SoftwareAsAService"));
    let changes = compare(&older, &document());
    assert_eq!(ids(&changes), ["enum-value-removed"]);
    let users = corrected_changes(&older, &document()).users;
    assert!(users.is_empty(), "what the overlays supply is not a change: {users:?}");
}
