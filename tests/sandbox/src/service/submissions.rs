//! Submissions: created from drafts, validated, certified to preview, promoted to live.

use super::{argument, object, product, uploads};
use crate::clock::Moment;
use crate::contract::Allowed;
use crate::incident::Incident;
use crate::message::{Reply, Request, guid};
use crate::service::filter::Filter;
use crate::verdict::Verdict;
use crate::world::{Object, Product, Submission, World};
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Submission ids have 19 digits, more than a floating-point number keeps.
const FIRST_ID: u64 = 1_152_921_505_696_700_000;

pub(super) fn handle(
    world: &mut World,
    id: &str,
    method: &str,
    rest: &[&str],
    request: &Request,
    call: &Allowed,
) -> Reply {
    if rest.is_empty() {
        return if method == "GET" { list(world, id, request) } else { create(world, id, call) };
    }
    let (pace, now) = (world.pace, world.clock.now());
    let missing = world.incidents.contains(&Incident::WorkflowDetailsMissing);
    let number = argument(call, "submissionID").to_owned();
    let published = published(world);
    let product = product(world, id);
    let Some(at) = product.submissions.iter().position(|s| s.id == number) else {
        return Reply::not_found("submission");
    };
    let submission = &mut product.submissions[at];
    let stage = submission.stage(pace, now);
    match (method, &rest[1..]) {
        ("GET", []) => Reply::ok(submission.body(id, pace, now, &published)),
        ("DELETE", []) if matches!(stage, Stage::Promoting | Stage::Live) => {
            Reply::refused(StatusCode::CONFLICT, "The submission is going live and cannot be cancelled.")
        }
        ("DELETE", []) => {
            product.submissions.remove(at);
            Reply::empty(StatusCode::NO_CONTENT)
        }
        ("POST", ["promote"]) if stage == Stage::Preview => {
            submission.promoted_at = Some(now);
            Reply::ok(workflow("Live", "InProgress", 0))
        }
        ("POST", ["promote"]) => Reply::refused(StatusCode::CONFLICT, "The submission is not in preview."),
        ("GET", ["validations"]) => super::collection(submission.validations()),
        ("GET", ["reports"]) => super::collection(submission.reports(stage)),
        ("GET", ["workflowdetails"]) if missing && stage == Stage::Preview && !submission.was_missing => {
            submission.was_missing = true;
            Reply::not_found("workflow").noted("an incident: workflow-details-missing")
        }
        ("GET", ["workflowdetails"]) => super::collection(workflows(stage)),
        _ => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// What a filter of submissions may ask for.
const FILTERED: [&str; 3] = ["state", "substate", "targets"];

fn list(world: &mut World, id: &str, request: &Request) -> Reply {
    let asked = request.query("$filter").filter(|text| !text.is_empty());
    let filter = match asked.map(|text| Filter::parse(text, &FILTERED)) {
        Some(None) => return Reply::bad_request("$filter", "the filter is not understood"),
        Some(filter) => filter,
        None => None,
    };
    let (pace, now) = (world.pace, world.clock.now());
    let published = published(world);
    let submissions = product(world, id).submissions.iter();
    let bodies = submissions.map(|submission| submission.body(id, pace, now, &published));
    super::collection(bodies.filter(|body| filter.as_ref().is_none_or(|f| f.holds(body))).collect())
}

fn create(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let (pace, now) = (world.pace, world.clock.now());
    let request = object(&call.body);
    let Some(product) = world.products.get(id) else {
        return Reply::not_found("product");
    };
    if product.submissions.iter().any(|s| s.is_pending(pace, now)) {
        return Reply::refused(StatusCode::CONFLICT, "A submission is in progress already.");
    }
    if let Err(reply) = check_references(product, &request) {
        return reply;
    }
    let (verdict, problems) = judge(world, product, &request);
    world.verdicts.pop_front();
    world.submissions += 1;
    let number = FIRST_ID + world.submissions * 141;
    let submission = Submission {
        id: number.to_string(),
        request,
        created_at: now,
        promoted_at: None,
        verdict,
        problems,
        was_missing: false,
    };
    let body = submission.body(id, pace, now, &published(world));
    let location = format!("{}/v1.0/ingestion/products/{id}/submissions/{number}", world.origin);
    super::product(world, id).submissions.push(submission);
    Reply::json(StatusCode::CREATED, body).with_header(header::LOCATION, &location)
}

/// What comes of a submission and why: what the test decided, or what is found in it.
fn judge(world: &World, product: &Product, request: &Object) -> (Verdict, Vec<(String, String)>) {
    if let Some(verdict) = world.verdicts.front() {
        let problem = ("Sandbox-00001".to_owned(), "The sandbox was asked to fail this.".to_owned());
        let problems = if *verdict == Verdict::Pass { vec![] } else { vec![problem] };
        return (*verdict, problems);
    }
    let problems = incomplete(product, request);
    if !problems.is_empty() {
        return (Verdict::FailCreation, problems);
    }
    let problems = uncertifiable(world, product);
    let verdict = if problems.is_empty() { Verdict::Pass } else { Verdict::FailCertification };
    (verdict, problems)
}

/// Every draft that is named exists.
fn check_references(product: &Product, request: &Object) -> Result<(), Reply> {
    let empty = |key: &str| request.get(key).and_then(Value::as_array).is_none_or(Vec::is_empty);
    for key in ["targets", "resources"] {
        if empty(key) {
            return Err(Reply::bad_request(key, "at least one is required"));
        }
    }
    for (module, instance) in references(request) {
        let known =
            product.drafts.iter().any(|draft| draft.module.eq_ignore_ascii_case(&module) && draft.instance == instance);
        if !known {
            return Err(Reply::bad_request(
                "Resources",
                &format!("there is no draft {instance} of the module {module}"),
            ));
        }
    }
    Ok(())
}

/// Module and instance of everything that is submitted, of the offer and of its plans.
fn references(request: &Object) -> Vec<(String, String)> {
    let list = |holder: &Value| holder.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all = list(&Value::Object(request.clone()));
    for variant in request.get("variantResources").and_then(Value::as_array).into_iter().flatten() {
        all.extend(list(variant));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.iter().map(|resource| (text(resource, "type"), text(resource, "value"))).collect()
}

/// What validation at creation finds.
fn incomplete(product: &Product, request: &Object) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut add = |code: &str, message: String| problems.push((code.to_owned(), message));
    let submitted: BTreeSet<(String, String)> = references(request).into_iter().collect();
    let instances: BTreeSet<&str> = submitted.iter().map(|(_, instance)| instance.as_str()).collect();
    if product.reseller.is_some() && !submitted.iter().any(|(module, _)| module == "ResellerConfiguration") {
        add("Resell-20007", "The reseller configuration must be submitted with the offer.".to_owned());
    }
    if product.variants.is_empty() {
        add("Plans-10001", "An offer needs at least one plan.".to_owned());
    }
    for draft in &product.drafts {
        let text = |key: &str| draft.resource.get(key).and_then(Value::as_str).unwrap_or_default();
        let required = matches!(
            (draft.module, &draft.variant),
            ("Property" | "Listing" | "Availability", _) | ("Package", Some(_))
        );
        if required && !instances.contains(draft.instance.as_str()) {
            add("Modules-10002", format!("The module {} is missing.", draft.module));
        }
        let needed: &[&str] = match (draft.module, &draft.variant) {
            ("Listing", None) => &["title", "summary", "description"],
            ("Listing", Some(_)) => &["title", "description"],
            _ => &[],
        };
        for key in needed.iter().filter(|key| text(key).is_empty()) {
            add("Listing-10003", format!("The {key} of a listing is empty."));
        }
        let referenced =
            draft.resource.get("packageReferences").and_then(Value::as_array).is_some_and(|r| !r.is_empty());
        if draft.module == "Package" && draft.variant.is_some() && !referenced {
            add("Package-10004", "A plan has no package.".to_owned());
        }
    }
    problems
}

/// What certification finds in the packages.
fn uncertifiable(world: &World, product: &Product) -> Vec<(String, String)> {
    let packages = product.uploads.iter().filter(|upload| upload.collection == "packages");
    packages
        .filter(|upload| !uploads::holds(world, upload, "mainTemplate.json"))
        .map(|_| ("Certification-20001".to_owned(), "The package has no mainTemplate.json.".to_owned()))
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Creating,
    CreationFailed,
    Submitted,
    Failed,
    CertificationFailed,
    Preview,
    Promoting,
    PromotionFailed,
    Live,
}

impl Submission {
    fn stage(&self, pace: Duration, now: Moment) -> Stage {
        if let Some(promoted) = self.promoted_at {
            return match self.verdict {
                _ if now.saturating_sub(promoted) < 2 * pace => Stage::Promoting,
                Verdict::FailPromotion => Stage::PromotionFailed,
                _ => Stage::Live,
            };
        }
        let since = now.saturating_sub(self.created_at);
        match self.verdict {
            _ if since < pace => Stage::Creating,
            Verdict::FailCreation => Stage::CreationFailed,
            _ if since < 3 * pace => Stage::Submitted,
            Verdict::Fail => Stage::Failed,
            Verdict::FailCertification => Stage::CertificationFailed,
            Verdict::Pass | Verdict::FailPromotion => Stage::Preview,
        }
    }

    /// Failed submissions do not stand in the way of a new one.
    fn is_pending(&self, pace: Duration, now: Moment) -> bool {
        let stage = self.stage(pace, now);
        matches!(stage, Stage::Creating | Stage::Submitted | Stage::Preview | Stage::Promoting)
    }

    fn body(&self, product: &str, pace: Duration, now: Moment, published: &dyn Fn(Moment) -> String) -> Value {
        let stage = self.stage(pace, now);
        let (state, substate, update, status) = match stage {
            Stage::Creating => ("InProgress", "InDraft", "Create", "Running"),
            Stage::CreationFailed => ("InProgress", "InDraft", "Create", "Failed"),
            Stage::Submitted => ("InProgress", "Submitted", "Submit", "Completed"),
            Stage::Failed => ("InProgress", "Failed", "Submit", "Completed"),
            Stage::CertificationFailed => ("InProgress", "FailedInCertification", "Submit", "Completed"),
            Stage::Preview => ("Published", "ReadyToPublish", "Submit", "Completed"),
            Stage::Promoting => ("Published", "Publishing", "Promote", "Running"),
            Stage::PromotionFailed => ("Published", "ReadyToPublish", "Promote", "Failed"),
            Stage::Live => ("Published", "InStore", "Promote", "Completed"),
        };
        let published = match self.promoted_at {
            Some(promoted) if stage == Stage::Live => published(promoted + 2 * pace),
            // What the service writes for never.
            _ => "1601-01-01T00:00:00Z".to_owned(),
        };
        let mut pending = json!({
            "updateType": update,
            "status": status,
            "href": format!("v1.0/ingestion/products/{product}/submissions/{}/validations", self.id),
        });
        if status == "Failed" {
            pending["failureReason"] = "The submission did not pass validation.".into();
        }
        let mut body = json!({
            "resourceType": "Submission",
            "state": state,
            "substate": substate,
            "pendingUpdateInfo": pending,
            "publishedTimeInUtc": published,
            "releaseNumber": 1,
            "friendlyName": format!("Submission {}", self.id),
            "areResourcesReady": true,
            "id": self.id,
        });
        for key in ["targets", "resources", "variantResources", "publishOption", "extendedProperties"] {
            if let Some(value) = self.request.get(key) {
                body[key] = value.clone();
            }
        }
        body
    }

    fn validations(&self) -> Vec<Value> {
        let problems = self.problems.iter().filter(|_| self.verdict == Verdict::FailCreation);
        let items = problems.map(
            |(code, message)| json!({"errorCode": code, "severity": "Error", "message": message, "resource": guid()}),
        );
        items.collect()
    }

    fn reports(&self, stage: Stage) -> Vec<Value> {
        let status = match stage {
            Stage::Failed | Stage::CertificationFailed => "Failed",
            Stage::Preview | Stage::Promoting | Stage::PromotionFailed | Stage::Live => "Passed",
            Stage::Creating | Stage::CreationFailed | Stage::Submitted => return Vec::new(),
        };
        vec![json!({"reportTimeInUtc": "2026-01-01T10:37:37.4038218", "status": status})]
    }
}

/// How the time is written at which something went live.
fn published(world: &World) -> impl Fn(Moment) -> String + use<> {
    let clock = world.clock.clone();
    move |at| format!("{}Z", clock.stamp(at))
}

/// The way to preview and the way to live; nothing of a submission that never got through its creation.
fn workflows(stage: Stage) -> Vec<Value> {
    let (preview, live) = match stage {
        Stage::Creating | Stage::CreationFailed => return Vec::new(),
        Stage::Submitted => ("InProgress", "NotStarted"),
        Stage::Failed | Stage::CertificationFailed => ("Failed", "NotStarted"),
        Stage::Preview => ("Success", "NotStarted"),
        Stage::Promoting => ("Success", "InProgress"),
        Stage::PromotionFailed => ("Success", "Failed"),
        Stage::Live => ("Success", "Success"),
    };
    // Where it stands: the step that the state is of.
    let at = if stage == Stage::CertificationFailed { 1 } else { 0 };
    vec![workflow("Preview", preview, at), workflow("Live", live, 0)]
}

/// One of the two ways: the steps before the one at hand are done, those after it have not begun.
fn workflow(environment: &str, state: &str, at: usize) -> Value {
    let names: &[&str] = match environment {
        "Preview" => &["Automated validation", "Preview Creation", "Publisher Signoff"],
        _ => &["Certification", "Publish"],
    };
    let steps = names.iter().enumerate().map(|(i, name)| {
        let state = match state {
            "Success" | "NotStarted" => state,
            _ if i < at => "Success",
            _ if i == at => state,
            _ => "NotStarted",
        };
        json!({"name": name, "state": state})
    });
    let mut workflow = json!({
        "type": "Push",
        "state": state,
        "targetEnvironment": environment,
        "workflowSteps": steps.collect::<Vec<_>>(),
    });
    if state != "NotStarted" {
        workflow["startDateTimeInUtc"] = "2026-01-01T10:37:37.4038218".into();
    }
    workflow
}
