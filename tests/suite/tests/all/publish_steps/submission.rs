//! Steps 13 and 14: the submission, to preview and to live.

use super::{ARCHIVE, assert_rejected};
use partner_ingestion_sdk::types::*;
use partner_sandbox::Sandbox;
use partner_tests::test_env::{TestEnv, checked};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// An offer with everything that a submission needs; the drafts to submit.
async fn complete(env: &TestEnv, product: &ProductId, archive: &'static [u8]) -> SubmissionCreationRequest {
    let plan = env.variant(product).await;
    for plan in [None, Some(&plan)] {
        let draft = env.draft(product, "Listing", plan).await;
        let found = env.client.find_listings(product, draft).send().await.unwrap().into_inner();
        let listing = found.value.unwrap().remove(0).set_title("t").set_summary("s").set_description("d");
        let id = listing.id.clone().unwrap();
        env.client.replace_listing(product, id, listing).send().await.unwrap();
    }
    let (package, _) = env.package(product, archive).await;
    let draft = env.draft(product, "Package", Some(&plan)).await;
    let found = env.client.find_package_configurations(product, draft).send().await.unwrap().into_inner();
    let configuration = found.value.unwrap().remove(0).as_azure_solution_template().unwrap().clone();
    let configuration = configuration.set_package_references([TypeValuePair::new("AzureApplicationPackage", &package)]);
    let id = configuration.id.clone().unwrap();
    env.client.replace_package_configuration(product, id, configuration).send().await.unwrap();

    let mut offer = Vec::new();
    for module in ["Property", "Listing", "Availability"] {
        offer.push(TypeValuePair::new(module, env.draft(product, module, None).await.as_str()));
    }
    let mut of_plan = Vec::new();
    for module in ["Listing", "Availability", "Package"] {
        of_plan.push(TypeValuePair::new(module, env.draft(product, module, Some(&plan)).await.as_str()));
    }
    SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources(offer)
        .set_variant_resources([VariantResource::default().set_variant_id(plan).set_resources(of_plan)])
}

#[tokio::test]
async fn step_13_submission_and_step_14_promotion() {
    // A submission stays as it is until the clock is advanced, however busy the machine is.
    let builder = checked(Sandbox::builder()).processing_delay(MINUTE).without_rules();
    let env = TestEnv::with_builder(builder).await;
    let product = env.product("app").await;
    let request = env.while_time_passes(MINUTE, complete(&env, &product, ARCHIVE)).await;
    let create = |request: &SubmissionCreationRequest| env.client.create_submission(&product, request).send();

    let empty = SubmissionCreationRequest::default();
    assert_rejected(&create(&empty).await.unwrap_err(), "targets");
    let unknown = request.clone().set_resources([TypeValuePair::new("Listing", "none")]);
    assert_rejected(&create(&unknown).await.unwrap_err(), "Resources");

    let created = create(&request).await.unwrap();
    let id = created.id.clone().unwrap();
    assert_eq!(id.as_str().len(), 19);
    assert!(create(&request).await.unwrap_err().is_conflict(), "one at a time");
    assert!(env.client.promote_submission(&product, &id).send().await.unwrap_err().is_conflict(), "not in preview yet");
    let preview = env.while_time_passes(MINUTE, env.wait_until_settled(&product, &id)).await;
    assert_eq!(
        (preview.state, preview.substate),
        (Some(SubmissionState::Published), Some(SubmissionSubstate::ReadyToPublish))
    );
    assert!(preview.published_time_in_utc.unwrap().is_unset());

    env.client.promote_submission(&product, &id).send().await.unwrap();
    assert!(env.client.cancel_submission(&product, &id).send().await.unwrap_err().is_conflict(), "going live");
    let live = env.while_time_passes(MINUTE, env.wait_until_settled(&product, &id)).await;
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
    let workflow = env.client.list_submission_workflows(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(workflow.value.unwrap().len(), 2);
    let reports = env.client.list_submission_reports(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(reports.value.unwrap()[0].status, Some(CertificationStatus::Passed));
    assert!(env.client.get_submission(&product, "1").send().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn step_13_a_missing_reseller_fails_in_validation() {
    let env = TestEnv::start_lenient().await;
    let product = env.product("app").await;
    let request = complete(&env, &product, ARCHIVE).await;
    let enabled = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    env.client.set_reseller_configuration(&product, enabled).send().await.unwrap();
    let id = env.client.create_submission(&product, &request).send().await.unwrap().id.clone().unwrap();
    let failed = env.wait_until_settled(&product, &id).await;
    assert_eq!(failed.pending_update_info.unwrap().status, Some(UpdateStatus::Failed));
    let found = env.client.list_submission_validations(&product, &id).send().await.unwrap().into_inner();
    assert_eq!(found.value.unwrap()[0].error_code.as_deref(), Some("Resell-20007"));
    // A failed submission does not stand in the way, and a pending one can be cancelled.
    let again = env.client.create_submission(&product, &request).send().await.unwrap();
    env.client.cancel_submission(&product, again.id.clone().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn step_13_a_package_without_template_fails_in_validation() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let request = complete(&env, &product, b"PK nothing").await;
    let id = env.client.create_submission(&product, &request).send().await.unwrap().id.clone().unwrap();
    let failed = env.wait_until_settled(&product, &id).await;
    assert_eq!(failed.pending_update_info.unwrap().status, Some(UpdateStatus::Failed));
    let found = env.client.list_submission_validations(&product, &id).send().await.unwrap().into_inner();
    let mut codes = found.value.unwrap().into_iter().filter_map(|item| item.error_code);
    assert!(codes.any(|code| code == "sandbox/package-archive"));
}
