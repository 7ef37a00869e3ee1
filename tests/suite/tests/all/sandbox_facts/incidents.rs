//! Resources and branches that appear late.

use super::{Http, STEP, text};
use partner_ingestion_sdk::reqwest::Method;
use partner_sandbox::Incident;
use serde_json::{Value, json};

#[tokio::test]
async fn branches_of_a_new_plan_appear_after_a_step() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let plan = http.plan(&offer, "plan", "solution-template").await;
    for module in ["Listing", "Availability", "Package"] {
        assert_eq!(http.branches(&offer, module).await.len(), 1, "{module}: only that of the offer");
    }
    http.sandbox.advance(STEP);
    for module in ["Listing", "Availability", "Package"] {
        http.draft(&offer, module, Some(&plan)).await;
    }
}

#[tokio::test]
async fn new_resources_return_404_for_a_step() {
    let http = Http::start().await;
    http.sandbox.start_incident(Incident::LateResources).unwrap();
    let offer = http.offer("AzureApplication", "app").await;
    assert_eq!(http.get(&offer).await.status, 404);
    assert_eq!(http.get("products").await.json(), json!({"value": []}));
    http.sandbox.advance(STEP);
    assert_eq!(http.get(&offer).await.status, 200);
    assert_eq!(http.get("products").await.json()["value"].as_array().unwrap().len(), 1);

    http.sandbox.advance(STEP);
    let listing = http.resource(&offer, "Listing", "listings", None).await;
    let images = format!("{offer}/listings/{}/images", text(&listing, "id"));
    let submissions = format!("{offer}/submissions");
    let draft = http.draft(&offer, "Property", None).await;
    let new = [
        (format!("{offer}/packages"), json!({"resourceType": "AzureApplicationPackage", "fileName": "app.zip"})),
        (images, json!({"resourceType": "ListingImage", "fileName": "a.png"})),
        (
            format!("{offer}/variants"),
            json!({"resourceType": "AzureSkuVariant", "friendlyName": "a", "externalID": "a"}),
        ),
        (
            submissions,
            json!({
                "resourceType": "SubmissionCreationRequest", "targets": [{"type": "Scope", "value": "preview"}],
                "resources": [{"type": "Property", "value": draft}],
            }),
        ),
    ];
    let mut paths = Vec::new();
    for (collection, body) in new {
        let created = http.post(&collection, body).await;
        paths.push((format!("{collection}/{}", text(&created, "id")), collection, created));
    }
    for (path, collection, created) in &paths {
        assert_eq!(http.get(path).await.status, 404, "{path}");
        assert_eq!(http.get(collection).await.json(), json!({"value": []}), "{collection}");
        if path.contains("/packages/") {
            assert_eq!(http.send(Method::PUT, path, created.clone()).await.status, 404);
        }
    }
    http.sandbox.advance(STEP);
    for (path, collection, _) in &paths {
        assert_eq!(http.get(path).await.status, 200, "{path}");
        assert_eq!(http.get(collection).await.json()["value"].as_array().unwrap().len(), 1, "{collection}");
    }
    http.sandbox.stop_incident(Incident::LateResources);
    let package = json!({"resourceType": "AzureApplicationPackage", "fileName": "b.zip"});
    let package = http.post(&format!("{offer}/packages"), package).await;
    assert_eq!(http.get(&format!("{offer}/packages/{}", text(&package, "id"))).await.status, 200);
}

#[tokio::test]
async fn branches_of_a_new_offer_and_the_package_branch_of_a_plan_can_lag() {
    let http = Http::start().await;
    http.sandbox.start_incident(Incident::LateResources).unwrap();
    let created = http.post(
        "products",
        json!({"resourceType": "AzureApplication", "name": "a", "externalIDs": [{"type": "AzureOfferId", "value": "a"}]}),
    );
    let offer = format!("products/{}", text(&created.await, "id"));
    http.sandbox.advance(STEP);
    assert!(http.branches(&offer, "Listing").await.is_empty(), "the offer is visible, its branches are not");
    http.sandbox.advance(STEP);
    assert_eq!(http.branches(&offer, "Listing").await.len(), 1);
    let plan = http.plan(&offer, "plan", "managed-application").await;
    http.sandbox.advance(STEP);
    let has_plan = |branches: Vec<Value>| branches.iter().any(|branch| branch["variantID"] == plan.as_str());
    assert!(has_plan(http.branches(&offer, "Listing").await));
    assert!(!has_plan(http.branches(&offer, "Package").await), "one step later");
    http.sandbox.advance(STEP);
    assert!(has_plan(http.branches(&offer, "Package").await));
}
