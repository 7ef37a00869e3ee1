//! The values that the service fills in when it creates a resource.

use crate::model::Object;
use serde_json::{Map, Value, json};

/// Returns a new resource of a module. `name` is the name of its offer or plan.
pub(super) fn resource(resource_type: &str, name: &str) -> Object {
    match resource_type {
        "AzureListing" => object(json!({
            "resourceType": resource_type,
            "title": name,
            "listingUris": [],
            "listingContacts": [],
            "keywords": [],
            "gettingStartedInstructions": "",
            "languageCode": "en-us",
        })),
        // A client reads these fields without checking whether they are there.
        "AzureManagedApplicationPackageConfiguration" => object(json!({
            "resourceType": resource_type,
            "allowJitAccess": false,
            "azureGovernmentAuthorizations": [],
            "publisherManagementMode": "Managed",
            "customerAccessEnableState": "Disabled",
        })),
        _ => object(json!({"resourceType": resource_type})),
    }
}

/// Returns the setup of a new offer.
pub(super) fn setup(kind: &str) -> Object {
    // Recorded for virtual machines and containers only.
    let reseller = if kind == "AzureThirdPartyVirtualMachine" { "Disabled" } else { "Enabled" };
    object(json!({
        "resourceType": "AzureProductSetup",
        "sellingOption": "ListAndSell",
        "trialUri": "",
        "enableTestDrive": false,
        "channelStates": [{"type": "Reseller", "value": reseller}],
    }))
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
