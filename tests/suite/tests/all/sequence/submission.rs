//! Steps 13 and 14: the submission, to preview and to live.

use super::{ARCHIVE, assert_refused};
use partner_ingestion_sdk::types::*;
use partner_tests::stage::Stage;

/// An offer with everything that a submission needs; the drafts to submit.
async fn complete(stage: &Stage, product: &ProductId, archive: &'static [u8]) -> SubmissionCreationRequest {
    let plan = stage.variant(product).await;
    for plan in [None, Some(&plan)] {
        let draft = stage.draft(product, "Listing", plan).await;
        let found = stage.client.find_listings(product, draft).send().await.unwrap().into_inner();
        let listing = found.value.unwrap().remove(0).set_title("t").set_summary("s").set_description("d");
        let id = listing.id.clone().unwrap();
        stage.client.replace_listing(product, id, listing).send().await.unwrap();
    }
    let (package, _) = stage.package(product, archive).await;
    let draft = stage.draft(product, "Package", Some(&plan)).await;
    let found = stage.client.find_package_configurations(product, draft).send().await.unwrap().into_inner();
    let configuration = found.value.unwrap().remove(0).as_azure_solution_template().unwrap().clone();
    let configuration = configuration.set_package_references([TypeValuePair::new("AzureApplicationPackage", &package)]);
    let id = configuration.id.clone().unwrap();
    stage.client.replace_package_configuration(product, id, configuration).send().await.unwrap();

    let mut offer = Vec::new();
    for module in ["Property", "Listing", "Availability"] {
        offer.push(TypeValuePair::new(module, stage.draft(product, module, None).await.as_str()));
    }
    let mut of_plan = Vec::new();
    for module in ["Listing", "Availability", "Package"] {
        of_plan.push(TypeValuePair::new(module, stage.draft(product, module, Some(&plan)).await.as_str()));
    }
    SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources(offer)
        .set_variant_resources([VariantResource::default().set_variant_id(plan).set_resources(of_plan)])
}

#[tokio::test]
async fn step_13_submission_and_step_14_promotion() {
    let stage = Stage::lenient().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, ARCHIVE).await;
    let create = |request: &SubmissionCreationRequest| stage.client.create_submission(&product, request).send();

    let empty = SubmissionCreationRequest::default();
    assert_refused(&create(&empty).await.unwrap_err(), "targets");
    let unknown = request.clone().set_resources([TypeValuePair::new("Listing", "none")]);
    assert_refused(&create(&unknown).await.unwrap_err(), "Resources");

    let created = create(&request).await.unwrap();
    let id = created.id.clone().unwrap();
    assert_eq!(id.as_str().len(), 19);
    assert!(create(&request).await.unwrap_err().is_conflict(), "one at a time");
    assert!(
        stage.client.promote_submission(&product, &id).send().await.unwrap_err().is_conflict(),
        "not in preview yet"
    );
    let preview = stage.settled(&product, &id).await;
    assert_eq!(
        (preview.state, preview.substate),
        (Some(SubmissionState::Published), Some(SubmissionSubstate::ReadyToPublish))
    );
    assert!(preview.published_time_in_utc.unwrap().is_unset());

    stage.client.promote_submission(&product, &id).send().await.unwrap();
    assert!(stage.client.cancel_submission(&product, &id).send().await.unwrap_err().is_conflict(), "going live");
    let live = stage.settled(&product, &id).await;
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
    let workflow = stage.client.list_submission_workflows(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(workflow.value.unwrap().len(), 2);
    let reports = stage.client.list_submission_reports(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(reports.value.unwrap()[0].status, Some(CertificationStatus::Passed));
    assert!(stage.client.get_submission(&product, "1").send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn step_13_a_missing_reseller_fails_in_validation() {
    let stage = Stage::lenient().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, ARCHIVE).await;
    let enabled = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    stage.client.set_reseller_configuration(&product, enabled).send().await.unwrap();
    let id = stage.client.create_submission(&product, &request).send().await.unwrap().id.clone().unwrap();
    let failed = stage.settled(&product, &id).await;
    assert_eq!(failed.pending_update_info.unwrap().status, Some(UpdateStatus::Failed));
    let found = stage.client.list_submission_validations(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(found.value.unwrap()[0].error_code.as_deref(), Some("Resell-20007"));
    // A failed submission does not stand in the way, and a pending one can be cancelled.
    let again = stage.client.create_submission(&product, &request).send().await.unwrap();
    stage.client.cancel_submission(&product, again.id.clone().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn step_13_a_package_without_template_fails_in_validation() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, b"PK nothing").await;
    let id = stage.client.create_submission(&product, &request).send().await.unwrap().id.clone().unwrap();
    let failed = stage.settled(&product, &id).await;
    assert_eq!(failed.pending_update_info.unwrap().status, Some(UpdateStatus::Failed));
    let found = stage.client.list_submission_validations(&product, &id).send().await.unwrap().into_inner();
    let codes = found.value.unwrap().into_iter().filter_map(|item| item.error_code);
    assert!(codes.into_iter().any(|code| code == "sandbox/package-archive"));
}
