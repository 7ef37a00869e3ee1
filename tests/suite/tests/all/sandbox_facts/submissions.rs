//! What a submission needs, and its states.

use super::{Http, STEP, text};
use partner_ingestion_sdk::reqwest::Method;
use partner_sandbox::{Sandbox, SubmissionOutcome};
use partner_tests::offer;
use partner_tests::test_env::{TestEnv, checked};
use serde_json::{Value, json};

/// Every rule of publishing is on.
#[tokio::test]
async fn abandoned_package_does_not_stop_a_submission() {
    let env = TestEnv::start().await;
    let complete = offer::complete(&env, "app").await;
    let product = &complete.product;
    let package = json!({"resourceType": "AzureApplicationPackage", "fileName": "abandoned.zip"});
    let path = format!("products/{product}/packages");
    let package = env.send_json(Method::POST, &path, package, None).await.unwrap();
    let submission = env.client.publish(product).send().await.unwrap();
    assert_eq!(submission.state.unwrap().as_str(), "Published");
    let path = format!("{path}/{}", text(&package, "id"));
    let package = env.send_json(Method::GET, &path, Value::Null, None).await.unwrap();
    assert_eq!(text(&package, "state"), "PendingUpload");
}

/// Every rule of publishing is on.
#[tokio::test]
async fn business_central_offer_is_submitted_with_its_package_alone() {
    let http = Http::with_builder(checked(Sandbox::builder())).await;
    let offer = http.offer("AzureDynamics365BusinessCentral", "bc").await;
    let kind = "Dynamics365BusinessCentralAddOnExtensionPackage";
    let mut package = json!({"resourceType": kind, "fileName": "contoso.app"});
    package = http.post(&format!("{offer}/packages"), package).await;
    let upload = http.http.put(text(&package, "fileSasUri")).header("x-ms-blob-type", "BlockBlob").body("NAVX");
    assert_eq!(upload.send().await.unwrap().status().as_u16(), 201);
    package["state"] = "Uploaded".into();
    let path = format!("{offer}/packages/{}", text(&package, "id"));
    let package = http.ok(Method::PUT, &path, package).await;
    assert_eq!(text(&package, "state"), "Processed");
    let mut configuration = http.resource(&offer, "Package", "packageConfigurations", None).await;
    assert_eq!(text(&configuration, "resourceType"), "Dynamics365BusinessCentralPackageConfiguration");
    configuration["packageReferences"] = json!([{"type": kind, "value": package["id"]}]);
    let path = format!("{offer}/packageconfigurations/{}", text(&configuration, "id"));
    http.ok(Method::PUT, &path, configuration).await;

    let draft = http.draft(&offer, "Package", None).await;
    let created = http.submit(&offer, &[("Package", draft)]).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("{offer}/submissions/{}", text(&created.json(), "id"));
    http.sandbox.advance(3 * STEP);
    let preview = http.get(&path).await.json();
    assert_eq!((text(&preview, "state"), text(&preview, "substate")), ("Published", "ReadyToPublish"));
    http.post(&format!("{path}/promote"), Value::Null).await;
    http.sandbox.advance(2 * STEP);
    assert_eq!(text(&http.get(&path).await.json(), "substate"), "InStore");
}

#[tokio::test]
async fn submission_can_end_in_each_further_state_and_does_not_block() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let draft = http.draft(&offer, "Property", None).await;
    let ends = [
        (SubmissionOutcome::Archived, "Archived"),
        (SubmissionOutcome::NotSet, "NotSet"),
        (SubmissionOutcome::ModularCert, "ModularCert"),
        (SubmissionOutcome::Shadow, "Shadow"),
    ];
    for (outcome, state) in ends {
        http.sandbox.set_next_outcome(outcome);
        // The previous submission does not block this one.
        let created = http.submit(&offer, &[("Property", draft.clone())]).await;
        assert_eq!(created.status, 201, "{state}: {}", created.text);
        http.sandbox.advance(3 * STEP);
        let path = format!("{offer}/submissions/{}", text(&created.json(), "id"));
        let submission = http.get(&path).await.json();
        assert_eq!(text(&submission, "state"), state);
        assert_eq!(text(&submission["pendingUpdateInfo"], "status"), "Completed");
        let promoted = http.send(Method::POST, &format!("{path}/promote"), Value::Null).await;
        assert_eq!(promoted.status, 409, "{state}");
        let listed = http.get(&format!("{offer}/submissions?$filter=state%20eq%20'{state}'")).await.json();
        assert_eq!(listed["value"].as_array().unwrap().len(), 1, "{state}");
    }
    let last = http.submit(&offer, &[("Property", draft)]).await;
    assert_eq!(last.status, 201);
    assert_eq!(last.json()["targets"], json!([{"type": "Scope", "value": "Preview"}]));
}
