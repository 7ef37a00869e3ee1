//! What is submitted: nothing is left out silently, and what lags is waited for.

use super::service::{MODULES, PLAN, branch, branches_of, list, plan, rejected, start, with_submissions};
use partner_ingestion_sdk::{DryRun, Error};
use partner_tests::mock_server::{CannedResponse, MockServer};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const APPLICATION: &str = "AzureApplication";

async fn dry_run(server: &MockServer) -> Result<DryRun, Error> {
    server.client().publish("p").dry_run().await
}

/// For branches that never appear.
async fn dry_run_without_waiting(server: &MockServer) -> Error {
    server.client().publish("p").branch_wait(Duration::ZERO).dry_run().await.unwrap_err()
}

fn complete(module: &str, _: usize) -> CannedResponse {
    list(branches_of(module))
}

fn sku() -> Value {
    json!([plan("AzureSkuVariant", "id")])
}

fn modules_of_plan(drafts: &DryRun) -> Vec<&str> {
    drafts.variants[0].drafts.iter().map(|(module, _)| module.as_str()).collect()
}

#[tokio::test]
async fn plans_of_unknown_types_and_with_an_id_under_another_name_are_submitted() {
    for plans in [
        plan("AzureContainerVariant", "id"),
        plan("AzureSkuVariant", "ID"),
        plan("AzureContainerVariant", "ID"),
        json!({"id": PLAN, "externalID": "standard"}),
    ] {
        let server = start(APPLICATION, json!([plans]), complete).await;
        let drafts = dry_run(&server).await.unwrap();
        assert_eq!((drafts.variants[0].variant.as_str(), drafts.variants[0].name.as_str()), (PLAN, "standard"));
        assert_eq!(modules_of_plan(&drafts), ["Availability", "Package", "Listing"], "{plans}");
        assert!(drafts.skipped.is_empty());
    }
    let server =
        start(APPLICATION, json!([{"resourceType": "AzureContainerVariant", "externalID": "pro"}]), complete).await;
    let error = dry_run(&server).await.unwrap_err();
    assert_eq!(error.to_string(), "plan pro has no id");
}

#[tokio::test]
async fn branches_of_the_offer_and_the_package_branch_of_a_plan_are_waited_for() {
    for (module, lagging) in [
        ("Availability", None),
        ("Property", None),
        ("Listing", None),
        ("Availability", Some(PLAN)),
        ("Listing", Some(PLAN)),
        ("Package", Some(PLAN)),
    ] {
        let late = move |asked: &str, polls: usize| {
            let all = branches_of(asked).into_iter();
            list(all.filter(|b| asked != module || polls > 0 || b["variantID"].as_str() != lagging).collect())
        };
        let server = start(APPLICATION, sku(), late).await;
        let drafts = dry_run(&server).await.unwrap();
        let of_offer: Vec<&str> = drafts.offer.iter().map(|(module, _)| module.as_str()).collect();
        assert_eq!(of_offer, ["Availability", "Property", "Package", "Listing"], "{module} {lagging:?}");
        assert_eq!(modules_of_plan(&drafts), ["Availability", "Package", "Listing"], "{module} {lagging:?}");

        let never = move |asked: &str, _: usize| {
            let all = branches_of(asked).into_iter();
            list(all.filter(|b| asked != module || b["variantID"].as_str() != lagging).collect())
        };
        let server = start(APPLICATION, sku(), never).await;
        let error = dry_run_without_waiting(&server).await;
        let of_plan = if lagging.is_some() { ", plan standard" } else { "" };
        assert_eq!(error.to_string(), format!("module {module} of product p{of_plan} has no branch"));
        assert!(error.is_not_found() && error.hint().unwrap().contains("branch_wait"));
    }
}

/// A new offer may be found by some routes and not yet by others.
#[tokio::test]
async fn a_404_of_branches_is_waited_for() {
    let late =
        |module: &str, polls: usize| if polls == 0 { CannedResponse::new(404, "") } else { complete(module, polls) };
    let server = start(APPLICATION, sku(), late).await;
    assert_eq!(dry_run(&server).await.unwrap().offer.len(), 4);
}

#[tokio::test]
async fn a_module_that_does_not_apply_to_the_product_is_none() {
    for (status, text) in
        [(403, "Not applicable for this product"), (400, "ICH50400 - This API is not applicable for this product.")]
    {
        for module in MODULES {
            let server = start(APPLICATION, json!([]), move |asked, polls| match asked == module {
                true => rejected(status, text),
                false => complete(asked, polls),
            })
            .await;
            let drafts = dry_run(&server).await.unwrap();
            assert!(drafts.offer.iter().all(|(found, _)| found.as_str() != module), "{drafts}");
            assert!(drafts.offer.len() >= 3, "{drafts}");
        }
        // An offer without modules cannot be published this way.
        let server = start(APPLICATION, sku(), move |_, _| rejected(status, text)).await;
        let error = dry_run(&server).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
    let server = start(APPLICATION, sku(), |_, _| rejected(403, "The application has no access.")).await;
    assert!(dry_run(&server).await.unwrap_err().is_auth(), "every other rejection is an error");
}

#[tokio::test]
async fn an_inactive_plan_without_branches_does_not_block_and_is_reported() {
    let old =
        |state: &str| json!({"resourceType": "AzureSkuVariant", "id": "old", "externalID": "basic", "state": state});
    let plans = |state: &str| json!([plan("AzureSkuVariant", "id"), old(state)]);
    let server = start(APPLICATION, plans("Inactive"), complete).await;
    let drafts = dry_run(&server).await.unwrap();
    assert_eq!(drafts.variants.len(), 1);
    let skipped = &drafts.skipped[0];
    assert_eq!((skipped.variant.as_str(), skipped.name.as_str()), ("old", "basic"));
    assert_eq!(skipped.reason, "inactive plan without branches");
    assert!(drafts.to_string().lines().last().unwrap().starts_with("basic     (left out)"), "{drafts}");
    let server = start(APPLICATION, plans("Active"), complete).await;
    let error = dry_run_without_waiting(&server).await;
    assert!(error.to_string().contains("plan basic has no branch"), "{error}");
    // An inactive plan with branches is submitted.
    let server = start(APPLICATION, plans("Inactive"), |module, _| {
        let mut branches = branches_of(module);
        branches.push(branch(module, "of-old", Some("old")));
        list(branches)
    })
    .await;
    let drafts = dry_run(&server).await.unwrap();
    assert_eq!(drafts.variants.len(), 2);
    assert!(drafts.skipped.is_empty());
}

/// The list of plans is late, and so is the plan. The branches of some modules appear before those of others.
#[tokio::test]
async fn a_plan_with_branches_that_the_list_leaves_out_is_submitted() {
    let reads = AtomicUsize::new(0);
    let late = |module: &str, polls: usize| {
        let late = module != "Package" && polls == 0;
        list(branches_of(module).into_iter().filter(|b| !late || b["variantID"].is_null()).collect())
    };
    let server = with_submissions(APPLICATION, json!([]), late, move |request| {
        let is_plan = request.path().ends_with(PLAN);
        (is_plan && reads.fetch_add(1, Ordering::Relaxed) > 0)
            .then(|| CannedResponse::new(200, plan("AzureSkuVariant", "id").to_string()))
    })
    .await;
    let drafts = dry_run(&server).await.unwrap();
    assert_eq!(modules_of_plan(&drafts), ["Availability", "Package", "Listing"]);
    assert_eq!(drafts.variants[0].name, "standard");
    assert!(drafts.skipped.is_empty(), "{drafts}");
}

#[tokio::test]
async fn a_branch_of_a_plan_that_does_not_exist_is_reported_but_not_that_of_the_test_drive() {
    let server = start(APPLICATION, sku(), |module, _| {
        let mut branches = branches_of(module);
        branches.push(branch(module, "a", Some("testdrive")));
        branches.push(branch(module, "b", Some("deleted")));
        list(branches)
    })
    .await;
    let drafts = dry_run(&server).await.unwrap();
    assert_eq!(drafts.skipped.len(), 1, "{drafts}");
    assert_eq!(drafts.skipped[0].reason, "branch of a plan that does not exist");
}

#[tokio::test]
async fn draft_and_submission_pick_the_same_branch_when_several_match() {
    let private = |instance: &str, variant: Option<&str>| {
        let mut private = branch("Listing", instance, variant);
        private["type"] = "Private".into();
        private
    };
    let several = move |module: &str, _: usize| match module {
        "Listing" => list(vec![
            private("private", None),
            branch("Listing", "", Some(PLAN)),
            branch("Listing", "first", None),
            branch("Listing", "second", Some("")),
            branch("Listing", "plan-first", Some(PLAN)),
            private("plan-private", Some(PLAN)),
            branch("Listing", "plan-second", Some(PLAN)),
        ]),
        _ => list(branches_of(module)),
    };
    let server = start(APPLICATION, sku(), several).await;
    let client = server.client();
    let drafts = dry_run(&server).await.unwrap();
    let listing = |drafts: &[(partner_ingestion_sdk::types::Module, _)]| {
        drafts.iter().find(|(module, _)| module.as_str() == "Listing").map(|(_, id)| Clone::clone(id)).unwrap()
    };
    assert_eq!(listing(&drafts.offer), client.listing_draft("p").instance_id().await.unwrap());
    assert_eq!(listing(&drafts.offer).as_str(), "first");
    let of_plan = client.listing_draft("p").plan(PLAN).instance_id().await.unwrap();
    assert_eq!(listing(&drafts.variants[0].drafts), of_plan);
    assert_eq!(of_plan.as_str(), "plan-first");
}

#[tokio::test]
async fn an_offer_without_plans_is_submitted_with_its_package_alone() {
    let server = start("AzureDynamics365BusinessCentral", json!([]), |module, _| match module {
        "Package" => list(vec![branch("Package", "app", None)]),
        _ => list(Vec::new()),
    })
    .await;
    let drafts = dry_run(&server).await.unwrap();
    assert_eq!(drafts.to_string(), "(offer)  Package                app\n");
}
