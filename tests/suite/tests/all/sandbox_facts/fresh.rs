//! What the service fills in when a resource is created.

use super::{Http, STEP, text};
use partner_ingestion_sdk::reqwest::Method;
use serde_json::{Value, json};

/// Removes the fields that differ in every run.
fn without_ids(mut resource: Value) -> Value {
    let object = resource.as_object_mut().unwrap();
    object.remove("id").unwrap();
    object.remove("@odata.etag").unwrap();
    resource
}

fn listing(title: &str) -> Value {
    json!({
        "resourceType": "AzureListing", "title": title, "listingUris": [], "listingContacts": [], "keywords": [],
        "gettingStartedInstructions": "", "languageCode": "en-us",
    })
}

#[tokio::test]
async fn listing_of_a_new_offer_has_its_name_and_empty_lists() {
    let http = Http::start().await;
    for kind in ["AzureApplication", "AzureContainer"] {
        let offer = http.offer(kind, kind).await;
        assert_eq!(without_ids(http.resource(&offer, "Listing", "listings", None).await), listing(kind));
    }
}

#[tokio::test]
async fn listing_of_a_new_plan_has_its_name_and_empty_lists() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let plan = http.plan(&offer, "Gold", "solution-template").await;
    http.sandbox.advance(STEP);
    assert_eq!(without_ids(http.resource(&offer, "Listing", "listings", Some(&plan)).await), listing("Gold"));
}

#[tokio::test]
async fn setup_of_a_new_offer_exists() {
    let http = Http::start().await;
    for (kind, reseller) in [("AzureContainer", "Enabled"), ("AzureThirdPartyVirtualMachine", "Disabled")] {
        let offer = http.offer(kind, kind).await;
        let reply = http.get(&format!("{offer}/setup")).await;
        assert_eq!(reply.status, 200);
        let expected = json!({
            "resourceType": "AzureProductSetup", "sellingOption": "ListAndSell", "trialUri": "", "enableTestDrive": false,
            "channelStates": [{"type": "Reseller", "value": reseller}],
        });
        assert_eq!(reply.json(), expected);
    }
}

#[tokio::test]
async fn package_configuration_of_a_managed_application_has_four_fields() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let managed = http.plan(&offer, "managed", "managed-application").await;
    let template = http.plan(&offer, "template", "solution-template").await;
    http.sandbox.advance(STEP);
    let configuration = http.resource(&offer, "Package", "packageConfigurations", Some(&managed)).await;
    let expected = json!({
        "resourceType": "AzureManagedApplicationPackageConfiguration", "allowJitAccess": false,
        "azureGovernmentAuthorizations": [], "publisherManagementMode": "Managed", "customerAccessEnableState": "Disabled",
    });
    assert_eq!(without_ids(configuration), expected);
    let other = http.resource(&offer, "Package", "packageConfigurations", Some(&template)).await;
    assert_eq!(without_ids(other), json!({"resourceType": "AzureSolutionTemplatePackageConfiguration"}));
}

#[tokio::test]
async fn branches_are_named_main() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    http.plan(&offer, "plan", "solution-template").await;
    http.sandbox.advance(STEP);
    for (module, count) in [("Listing", 2), ("Property", 1), ("Availability", 2), ("Package", 2), ("Cosell", 1)] {
        let branches = http.branches(&offer, module).await;
        assert_eq!(branches.len(), count, "{module}");
        for branch in branches {
            assert_eq!(text(&branch, "friendlyName"), "Main");
        }
    }
}

#[tokio::test]
async fn reseller_branch_exists_before_the_configuration_is_set() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let id = offer.strip_prefix("products/").unwrap();
    let draft = http.draft(&offer, "ResellerConfiguration", None).await;
    assert_eq!(draft, format!("{id}-ResellerInstance"));
    assert_eq!(http.get(&format!("{offer}/resellerConfiguration")).await.status, 404);
    // A client submits the branch in any case.
    let created = http.submit(&offer, &[("ResellerConfiguration", draft.clone())]).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let body = json!({"resourceType": "ResellerConfiguration", "resellerChannelState": "Enabled", "tenantIds": []});
    http.ok(Method::POST, &format!("{offer}/resellerConfiguration"), body).await;
    let branches = http.branches(&offer, "ResellerConfiguration").await;
    assert_eq!(branches.len(), 1);
    assert_eq!(text(&branches[0], "currentDraftInstanceID"), draft);
}
