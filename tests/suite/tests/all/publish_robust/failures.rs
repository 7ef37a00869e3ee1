//! What a failed submission says.

use super::{MOMENT, WORKFLOWS, publish, resume};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, ErrorKind};
use partner_sandbox::{Calls, Fault, SubmissionOutcome};
use partner_tests::test_env::TestEnv;
use std::time::{Duration, Instant};

const VALIDATIONS: &str = "/products/{productID}/submissions/{submissionID}/validations";
const REPORTS: &str = "/products/{productID}/submissions/{submissionID}/reports";

async fn failed(env: &TestEnv, outcome: SubmissionOutcome) -> (ProductId, Error) {
    let product = env.product(&format!("{outcome:?}").to_lowercase()).await;
    env.variant(&product).await;
    env.sandbox.set_next_outcome(outcome);
    let error = publish(&env.client, &product).to_live().send().await.unwrap_err();
    (product, error)
}

/// The deadline ends while the details are read: the failure is known, and reported.
#[tokio::test]
async fn a_deadline_while_details_are_read_reports_the_failure() {
    let env = TestEnv::start().await;
    let (product, error) = failed(&env, SubmissionOutcome::FailCreation).await;
    let id = error.submission().unwrap().id.clone().unwrap();
    env.sandbox.fail(Calls::of("GET", VALIDATIONS), Fault::delay(Duration::from_secs(60)), 9);
    let begun = Instant::now();
    let error = resume(&env.client, &product, &id).max_wait(30 * MOMENT).send().await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    assert!(error.to_string().contains("failed during creation"), "{error}");
    assert!(error.to_string().contains("validations could not be read"), "{error}");
    assert!(error.hint().unwrap().contains("Client::list_submission_validations"), "{error:?}");
    assert!(!error.to_string().contains("reports could not"), "the others were read: {error}");
    env.sandbox.clear_faults();
}

#[tokio::test]
async fn details_that_are_not_found_once_are_read_again() {
    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::of("GET", VALIDATIONS), Fault::status(404), 1);
    let (_, error) = failed(&env, SubmissionOutcome::FailCreation).await;
    assert_eq!(error.validations().len(), 1, "{error}");
    env.sandbox.fail(Calls::of("GET", REPORTS), Fault::status(404), 2);
    env.sandbox.fail(Calls::of("GET", WORKFLOWS), Fault::status(400), 1);
    let (_, error) = failed(&env, SubmissionOutcome::FailCertification).await;
    assert_eq!(error.submission().unwrap().reports.len(), 1, "{error}");
    assert!(error.to_string().contains("workflow steps could not be read"), "{error}");
}

/// Outcome, message from the phase on, and the start of the hint.
#[tokio::test]
async fn every_outcome_has_a_message_and_a_hint_that_fit() {
    let env = TestEnv::start().await;
    let table = [
        (
            SubmissionOutcome::FailCreation,
            "failed during creation: The submission did not pass validation; offer: Failure injected by the sandbox (Error \
             Sandbox-00001)",
            "Correct what the message lists",
        ),
        (SubmissionOutcome::Fail, "failed after submission, in the step Automated validation", "Open the offer"),
        (
            SubmissionOutcome::FailCertification,
            "failed in certification, in the step Certification: certification report of 2026-01-01T10:37:37.4038218: Failed",
            "Read the certification report",
        ),
        (
            SubmissionOutcome::FailPromotion,
            "failed while going live, in the step Publish: The submission could not be published; certification report of \
             2026-01-01T10:37:37.4038218: Passed",
            "Open the offer",
        ),
    ];
    for (outcome, message, hint) in table {
        let (_, error) = failed(&env, outcome).await;
        let text = error.to_string();
        let text = text.split(" (request id").next().unwrap();
        assert!(text.ends_with(message), "{outcome:?}: {text}");
        let found = error.hint().unwrap();
        assert!(found.starts_with(hint) && found.contains("publish again"), "{outcome:?}: {found}");
        assert!(!found.contains("gave no details here"), "{outcome:?}: {found}");
        let has_report = !error.submission().unwrap().reports.is_empty();
        assert!(has_report || !found.contains("report"), "{outcome:?}: {found}");
    }
}

#[tokio::test]
async fn display_of_a_failed_submission_has_a_line_for_each_detail() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    env.variant(&product).await;
    let error = publish(&env.client, &product).send().await.unwrap_err();
    let failed = error.submission().unwrap();
    let text = failed.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("submission {} failed during creation", failed.id.as_ref().unwrap()));
    assert_eq!(lines[1], "- The submission did not pass validation");
    assert_eq!(lines.len(), 2 + failed.validations.len());
    // Place, field, rule and its page.
    let page = "https://learn.microsoft.com/partner-center/marketplace-offers/azure-app-plans";
    let title = format!(
        "- plan standard, Listing: description is missing, see {page} (Error sandbox/plan-description-required)"
    );
    assert!(lines.contains(&&*title), "{text}");
}

#[tokio::test]
async fn findings_of_the_check_put_the_place_first() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    env.variant(&product).await;
    let findings = env.client.publish(&product).check().await.unwrap();
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let page = "https://learn.microsoft.com/partner-center/marketplace-offers/azure-app-plans";
    let title = format!(
        "plan standard, Listing: description is missing, see {page} (Error check/plan-description-required, resource "
    );
    assert!(texts.iter().any(|text| text.starts_with(&title)), "{texts:#?}");
    let is_placed = |text: &String| text.starts_with("offer, ") || text.starts_with("plan standard, ");
    assert!(
        texts.iter().all(|text| is_placed(text) && text.contains("see https://learn.microsoft.com/")),
        "{texts:#?}"
    );
}
