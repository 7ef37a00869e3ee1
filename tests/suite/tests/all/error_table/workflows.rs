//! Errors of several requests: lookups, drafts, uploads and submissions.

use super::{Row, row};
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{Error, ErrorKind, FileSource};
use partner_tests::mock_server::{CannedResponse, MockServer};
use serde_json::{Value, json};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(20);
const PLAN: &str = "5f3a0c11-0000-4000-8000-000000000001";

fn list(items: Value) -> Value {
    json!({"value": items})
}

fn plan() -> Value {
    json!({"resourceType": "AzureSkuVariant", "id": PLAN, "externalID": "standard", "friendlyName": "Standard"})
}

fn product(id: &str) -> Value {
    let external = json!([{"type": "AzureOfferId", "value": "contoso-app"}]);
    json!({"resourceType": "AzureApplication", "id": id, "name": "Contoso", "externalIDs": external})
}

/// A server that responds to the path with this ending.
async fn server(bodies: Vec<(&'static str, Value)>) -> MockServer {
    MockServer::start(move |seen, _| {
        let found = bodies.iter().find(|(ending, _)| seen.path().ends_with(ending));
        found.map_or_else(
            || CannedResponse::new(404, ""),
            |(_, body)| CannedResponse::new(200, body.to_string()).header("request-id", "1f0c-7d"),
        )
    })
    .await
}

fn submission(state: [&str; 4]) -> Value {
    let [state, substate, update, status] = state;
    json!({
        "resourceType": "Submission", "id": "s", "state": state, "substate": substate,
        "pendingUpdateInfo": {
            "updateType": update, "status": status,
            "failureReason": if status == "Failed" { "The submission did not pass validation." } else { "" },
        },
        "resources": [{"type": "Property", "value": "1001"}, {"type": "Listing", "value": "1002"}],
        "variantResources": [{"variantID": PLAN, "resources": [{"type": "Listing", "value": "2002"}]}],
    })
}

/// The error of a submission with these details.
async fn failed(state: [&str; 4], validations: Value, reports: Value, workflows: Value) -> Error {
    let server = server(vec![
        ("/submissions/s", submission(state)),
        ("/validations", list(validations)),
        ("/reports", list(reports)),
        ("/workflowdetails", list(workflows)),
        ("/variants", list(json!([plan()]))),
    ])
    .await;
    server.client().resume("p", "s").poll_interval(MOMENT, MOMENT).send().await.unwrap_err()
}

const CREATION_FAILED: [&str; 4] = ["InProgress", "InDraft", "Create", "Failed"];
const CERTIFICATION_FAILED: [&str; 4] = ["InProgress", "FailedInCertification", "Submit", "Completed"];

fn finding(code: &str, message: &str, resource: &str) -> Value {
    json!({"errorCode": code, "severity": "Error", "message": message, "resource": resource})
}

async fn failed_validation() -> Error {
    let validations = json!([
        finding("Listing-10003", "title is missing", "2002"),
        finding("Property-10007", "category is missing", "1001"),
    ]);
    failed(CREATION_FAILED, validations, json!([]), json!([])).await
}

async fn failed_certification() -> Error {
    let report =
        json!({"status": "Failed", "reportTimeInUtc": "2026-01-01T10:37:37", "fileUri": "https://a/?sig=c4n4ry"});
    let steps =
        json!([{"name": "Automated validation", "state": "Success"}, {"name": "Certification", "state": "Failed"}]);
    let workflow = json!({"type": "Push", "state": "Failed", "targetEnvironment": "Preview", "workflowSteps": steps});
    failed(CERTIFICATION_FAILED, json!([]), json!([report]), json!([workflow])).await
}

/// The error of an upload of a package whose processing ends with these findings.
async fn refused_package(findings: Value) -> Error {
    let server = MockServer::start(move |seen, _| {
        let package = |state: &str| {
            let address = format!("http://{}/blob", seen.header("host").unwrap_or_default());
            json!({
                "resourceType": "AzureApplicationPackage", "id": "7", "fileName": "app.zip", "fileSasUri": address, "state": state,
                "@odata.etag": "\"1\"", "validationItems": findings,
            })
        };
        match (seen.method.as_str(), seen.path()) {
            ("PUT", "/blob") => CannedResponse::new(201, ""),
            ("POST", _) => CannedResponse::new(201, package("PendingUpload").to_string()).header("etag", "\"1\""),
            ("PUT", _) => CannedResponse::new(200, package("ProcessFailed").to_string()).header("etag", "\"2\""),
            _ => CannedResponse::new(200, package("PendingUpload").to_string()),
        }
    })
    .await;
    let file = FileSource::bytes("app.zip", &b"PK"[..]);
    server.client().upload_package("p", file).poll_interval(MOMENT, MOMENT).send().await.unwrap_err()
}

/// The list of all products is empty, that of a type is not.
async fn incomplete_list() -> Error {
    let server = MockServer::start(|seen, _| {
        let found = if seen.query().contains("resourceType") { json!([{"id": "2"}]) } else { json!([]) };
        CannedResponse::new(200, list(found).to_string())
    })
    .await;
    server.client().ensure_product(AzureProduct::application("contoso-app", "Contoso")).await.unwrap_err()
}

async fn unfinished_upload() -> Error {
    let server = MockServer::start(|seen, _| {
        let address = format!("http://{}/blob", seen.header("host").unwrap_or_default());
        let package = json!({"resourceType": "AzureApplicationPackage", "id": "7", "fileSasUri": address, "@odata.etag": "\"1\""});
        match seen.method.as_str() {
            "PUT" => CannedResponse::new(500, ""),
            _ => CannedResponse::new(201, package.to_string()).header("etag", "\"1\""),
        }
    })
    .await;
    server.client().upload_package("p", FileSource::bytes("app.zip", &b"PK"[..])).send().await.unwrap_err()
}

async fn lookup(products: Value) -> Error {
    let server = server(vec![("/products", list(products))]).await;
    server.client().product_by_offer_id("contoso-app").await.unwrap_err()
}

pub(super) async fn rows() -> Vec<Row> {
    let nothing =
        server(vec![("/variants", list(json!([]))), ("/branches/getByModule(module=Listing)", list(json!([])))]).await;
    let nothing = nothing.client();
    let preview = submission(["Published", "ReadyToPublish", "Submit", "Completed"]);
    let pending = server(vec![("/submissions", list(json!([preview])))]).await;
    let running = server(vec![("/submissions/s", submission(["InProgress", "Submitted", "Submit", "Running"]))]).await;
    let waiting = running.client().resume("p", "s").poll_interval(MOMENT, MOMENT);
    let expired = MockServer::with_responses(vec![CannedResponse::new(403, "")]).await;
    let address = format!("{}/blob?sig=1", expired.origin).into();
    vec![
        row("a lookup without a match", lookup(json!([])).await),
        row("a lookup with two matches", lookup(json!([product("1"), product("2")])).await),
        row("an offer that may exist", incomplete_list().await),
        row("an upload that can be continued", unfinished_upload().await),
        row("a draft that does not exist", nothing.listing_draft("p").branch_wait(MOMENT).get().await.unwrap_err()),
        row("a file that does not exist", nothing.upload_package("p", "missing/app.zip").send().await.unwrap_err()),
        row("a directory instead of a file", nothing.upload_package("p", "src").send().await.unwrap_err()),
        row("a file without a name", nothing.upload_package("p", vec![1_u8]).send().await.unwrap_err()),
        row("an upload address that has expired", expired.client().upload(&address, &b"x"[..]).await.unwrap_err()),
        row(
            "a package that is refused",
            refused_package(json!([finding("PackageNotAnArchive", "The package is not a zip archive.", "")])).await,
        ),
        row("a package that is refused without a reason", refused_package(json!([])).await),
        row("another submission in progress", pending.client().publish("p").send().await.unwrap_err()),
        row("a submission that takes long", waiting.max_wait(10 * MOMENT).send().await.unwrap_err()),
        row("a submission that fails validation", failed_validation().await),
        row("a submission that fails certification", failed_certification().await),
        row("a submission that fails without details", failed(CREATION_FAILED, json!([]), json!([]), json!([])).await),
        row(
            "a submission that was cancelled",
            failed(["Cancelled", "InDraft", "Create", "Cancelled"], json!([]), json!([]), json!([])).await,
        ),
    ]
}

#[tokio::test]
async fn a_failed_submission_names_plan_module_field_and_id() {
    let error = failed_validation().await;
    assert_eq!(error.kind(), ErrorKind::Failed);
    let text = error.to_string();
    assert!(text.contains("plan standard, Listing: title is missing (Error Listing-10003, resource 2002)"), "{text}");
    assert!(text.contains("offer, Property: category is missing (Error Property-10007, resource 1001)"), "{text}");
    assert!(error.hint().unwrap().contains("Error::validations"));
    let failed = error.submission().unwrap();
    let described: Vec<String> = failed.validations.iter().map(|item| failed.describe(item)).collect();
    assert!(described[0].starts_with("plan standard, Listing: "), "{described:?}");
    assert!(format!("{error:#?}").contains(&described[1]), "{error:#?}");
}

#[tokio::test]
async fn findings_are_described_whatever_they_name() {
    let validations = json!([
        finding("A-1", "is incomplete", PLAN),
        finding("A-2", "is incomplete", "standard"),
        finding("A-3", "is incomplete", "Availability"),
        finding("A-4", "is incomplete", "9f8e7d"),
        finding("A-4", "is incomplete", "plan pro-2, Listing"),
        finding("A-5", "line one\nsig=c4n4ry", ""),
        {},
    ]);
    let error = failed(CREATION_FAILED, validations, json!([]), json!([])).await;
    let failed = error.submission().unwrap();
    let described: Vec<String> = failed.validations.iter().map(|item| failed.describe(item)).collect();
    assert_eq!(
        described,
        [
            format!("plan standard: is incomplete (Error A-1, resource {PLAN})"),
            "plan standard: is incomplete (Error A-2, resource standard)".to_owned(),
            "Availability: is incomplete (Error A-3)".to_owned(),
            "is incomplete (Error A-4, resource 9f8e7d)".to_owned(),
            "plan pro-2, Listing: is incomplete (Error A-4)".to_owned(),
            "line one sig=(redacted) (Error A-5)".to_owned(),
            "no message (Finding)".to_owned(),
        ]
    );
    let many: Vec<Value> = (0..30).map(|n| finding("A-1", &format!("problem {n}"), "")).collect();
    let error = self::failed(CREATION_FAILED, many.into(), json!([]), json!([])).await;
    assert!(error.to_string().ends_with("and 20 more (request id 1f0c-7d)"), "{error}");
    assert_eq!(error.validations().len(), 30);
}

#[tokio::test]
async fn a_failed_certification_names_step_and_report_and_no_validations() {
    let error = failed_certification().await;
    let text = error.to_string();
    assert!(
        text.contains("failed in certification, in the step Certification: certification report of 2026-01-01"),
        "{text}"
    );
    let hint = error.hint().unwrap();
    assert!(hint.contains("report") && !hint.contains("validation"), "{hint}");
    let printed = format!("{error} {error:?} {error:#?} {:?}", error.submission());
    assert!(!printed.contains("c4n4ry"), "{printed}");
    let without = failed(CREATION_FAILED, json!([]), json!([]), json!([])).await;
    let hint = without.hint().unwrap();
    assert!(!hint.contains("validation") && !hint.contains("report"), "{hint}");
}

#[tokio::test]
async fn a_refused_package_is_uploaded_again_and_not_published_again() {
    let error = refused_package(json!([finding("PackageNotAnArchive", "The package is not a zip archive.", "")])).await;
    assert!(error.to_string().contains("package 7 (app.zip) failed: The package is not a zip archive"), "{error}");
    for hint in [error.hint().unwrap(), refused_package(json!([])).await.hint().unwrap()] {
        assert!(hint.contains("upload it") && !hint.contains("publish"), "{hint}");
    }
}
