//! Submissions: created from drafts, validated, certified, published to preview and promoted to live.

use super::{argument, late, object, product, validation};
use crate::clock::Moment;
use crate::contract::ValidRequest;
use crate::incident::Incident;
use crate::message::{Reply, Request};
use crate::model::{Model, Object, Problem, Product, Submission};
use crate::service::filter::Filter;
use crate::submission_outcome::SubmissionOutcome;
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Submission ids have 19 digits, which exceeds the precision of a floating-point number.
const FIRST_ID: u64 = 1_152_921_505_696_700_000;

pub(super) fn handle(
    model: &mut Model,
    id: &str,
    method: &str,
    rest: &[&str],
    request: &Request,
    call: &ValidRequest,
) -> Reply {
    if rest.is_empty() {
        return if method == "GET" { list(model, id, request) } else { create(model, id, call) };
    }
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let missing = model.incidents.contains(&Incident::WorkflowDetailsMissing);
    let number = argument(call, "submissionID").to_owned();
    let published = published(model);
    let product = product(model, id);
    let Some(at) = product.submissions.iter().position(|s| s.id == number) else {
        return Reply::not_found("submission");
    };
    let submission = &mut product.submissions[at];
    let stage = submission.stage(processing_delay, now);
    match (method, &rest[1..]) {
        ("GET", []) => Reply::ok(submission.body(id, processing_delay, now, &published)),
        ("DELETE", []) if matches!(stage, Stage::Promoting | Stage::Live) => {
            Reply::error(StatusCode::CONFLICT, "The submission is going live and cannot be cancelled.")
        }
        ("DELETE", []) => {
            submission.is_cancelled = true;
            Reply::empty(StatusCode::NO_CONTENT)
        }
        ("POST", ["promote"]) if stage == Stage::Preview => {
            submission.promoted_at = Some(now);
            Reply::ok(workflow("Live", "InProgress", 0))
        }
        ("POST", ["promote"]) => Reply::error(StatusCode::CONFLICT, "The submission is not in preview."),
        ("GET", ["validations"]) => super::collection(submission.validations()),
        ("GET", ["reports"]) => super::collection(submission.reports(stage)),
        ("GET", ["workflowdetails"]) if missing && stage == Stage::Preview && !submission.was_missing => {
            submission.was_missing = true;
            Reply::not_found("workflow").noted("incident workflow-details-missing")
        }
        ("GET", ["workflowdetails"]) => super::collection(workflows(stage)),
        _ => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// The properties that a filter of submissions may use.
const FILTERABLE: [&str; 3] = ["state", "substate", "targets"];

fn list(model: &mut Model, id: &str, request: &Request) -> Reply {
    let asked = request.query("$filter").filter(|text| !text.is_empty());
    let filter = match asked.map(|text| Filter::parse(text, &FILTERABLE)) {
        Some(None) => return Reply::bad_request("$filter", "the filter is invalid or not supported"),
        Some(filter) => filter,
        None => None,
    };
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let published = published(model);
    let submissions = product(model, id).submissions.iter();
    let bodies = submissions.map(|submission| submission.body(id, processing_delay, now, &published));
    super::collection(bodies.filter(|body| filter.as_ref().is_none_or(|f| f.matches(body))).collect())
}

fn create(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let mut request = object(&call.body);
    capitalize_scope(&mut request);
    let Some(product) = model.products.get(id) else {
        return Reply::not_found("product");
    };
    if product.submissions.iter().any(|s| s.is_pending(processing_delay, now)) {
        return Reply::error(StatusCode::CONFLICT, "A submission is in progress already.");
    }
    if let Err(reply) = validation::check_references(product, &request) {
        return reply;
    }
    let (outcome, problems) = validation::determine_outcome(model, product, &request);
    model.next_outcomes.pop_front();
    model.submissions += 1;
    let number = FIRST_ID + model.submissions * 141;
    let submission = Submission {
        id: number.to_string(),
        request,
        created_at: now,
        promoted_at: None,
        is_cancelled: false,
        outcome,
        problems,
        was_missing: false,
    };
    let body = submission.body(id, processing_delay, now, &published(model));
    let location = format!("{}/v1.0/ingestion/products/{id}/submissions/{number}", model.origin);
    super::product(model, id).submissions.push(submission);
    late::delay(model, &number.to_string());
    Reply::json(StatusCode::CREATED, body).with_header(header::LOCATION, &location)
}

/// Changes the target `preview` to `Preview`, as the service returns it. The document has no enum for it.
fn capitalize_scope(request: &mut Object) {
    let targets = request.get_mut("targets").and_then(Value::as_array_mut);
    for target in targets.into_iter().flatten() {
        let value = target.get("value").and_then(Value::as_str).unwrap_or_default();
        if let Some(known) = ["Preview", "Live"].into_iter().find(|known| known.eq_ignore_ascii_case(value)) {
            target["value"] = known.into();
        }
    }
}

/// Returns true if the offer, or this plan of it, went live.
pub(super) fn is_published(model: &Model, product: &Product, plan: Option<&str>) -> bool {
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let has_plan = |submission: &Submission| {
        let plans = submission.request.get("variantResources").and_then(Value::as_array).into_iter().flatten();
        let mut ids = plans.filter_map(|plan| plan.get("variantID")?.as_str());
        plan.is_none_or(|plan| ids.any(|id| id == plan))
    };
    let mut live = product.submissions.iter().filter(|s| s.stage(processing_delay, now) == Stage::Live);
    live.any(has_plan)
}

/// Returns the instances that are live: those of the newest submission that went live.
pub(super) fn live_instances(model: &Model, product: &Product) -> BTreeSet<String> {
    let (processing_delay, now) = (model.processing_delay, model.clock.now());
    let newest = product.submissions.iter().rfind(|s| s.stage(processing_delay, now) == Stage::Live);
    let references = newest.map(|submission| validation::references(&submission.request)).unwrap_or_default();
    references.into_iter().map(|(_, instance)| instance).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Creating,
    CreationFailed,
    Submitted,
    Failed,
    CertificationFailed,
    Preview,
    Promoting,
    PromotionFailed,
    Live,
    Cancelled,
    /// A final state without a substate.
    Other(&'static str),
}

impl Submission {
    pub(super) fn stage(&self, processing_delay: Duration, now: Moment) -> Stage {
        if self.is_cancelled {
            return Stage::Cancelled;
        }
        if let Some(promoted) = self.promoted(processing_delay, now) {
            return match self.outcome {
                _ if now.saturating_sub(promoted) < 2 * processing_delay => Stage::Promoting,
                SubmissionOutcome::FailPromotion => Stage::PromotionFailed,
                _ => Stage::Live,
            };
        }
        let since = now.saturating_sub(self.created_at);
        match self.outcome {
            _ if since < processing_delay => Stage::Creating,
            SubmissionOutcome::FailCreation => Stage::CreationFailed,
            _ if since < 3 * processing_delay => Stage::Submitted,
            SubmissionOutcome::Fail => Stage::Failed,
            SubmissionOutcome::FailCertification => Stage::CertificationFailed,
            SubmissionOutcome::Pass | SubmissionOutcome::FailPromotion => Stage::Preview,
            SubmissionOutcome::Archived => Stage::Other("Archived"),
            SubmissionOutcome::NotSet => Stage::Other("NotSet"),
            SubmissionOutcome::ModularCert => Stage::Other("ModularCert"),
            SubmissionOutcome::Shadow => Stage::Other("Shadow"),
        }
    }

    /// Returns when the submission was promoted: by a request, or by its publish option one step after the preview.
    fn promoted(&self, processing_delay: Duration, now: Moment) -> Option<Moment> {
        let option = self.request.get("publishOption").and_then(|option| option.get("isAutoPromote"));
        let passes = matches!(self.outcome, SubmissionOutcome::Pass | SubmissionOutcome::FailPromotion);
        let itself = self.created_at + 4 * processing_delay;
        let is_automatic = passes && option == Some(&Value::Bool(true)) && now >= itself;
        self.promoted_at.or(is_automatic.then_some(itself))
    }

    /// Returns true if the submission blocks a new one. Failed submissions do not.
    fn is_pending(&self, processing_delay: Duration, now: Moment) -> bool {
        let stage = self.stage(processing_delay, now);
        matches!(stage, Stage::Creating | Stage::Submitted | Stage::Preview | Stage::Promoting)
    }

    fn body(
        &self,
        product: &str,
        processing_delay: Duration,
        now: Moment,
        published: &dyn Fn(Moment) -> String,
    ) -> Value {
        let stage = self.stage(processing_delay, now);
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
            Stage::Cancelled => ("Cancelled", "Cancelled", "Submit", "Cancelled"),
            Stage::Other(state) => (state, "", "Submit", "Completed"),
        };
        let published = match self.promoted(processing_delay, now) {
            Some(promoted) if stage == Stage::Live => published(promoted + 2 * processing_delay),
            // The service's value for "never".
            _ => "1601-01-01T00:00:00Z".to_owned(),
        };
        let mut pending = json!({
            "updateType": update,
            "status": status,
            "href": format!("v1.0/ingestion/products/{product}/submissions/{}/validations", self.id),
        });
        if status == "Failed" {
            pending["failureReason"] = match stage {
                Stage::PromotionFailed => "The submission could not be published.".into(),
                _ => "The submission did not pass validation.".into(),
            };
        }
        let mut body = json!({
            "resourceType": "Submission",
            "state": state,
            "pendingUpdateInfo": pending,
            "publishedTimeInUtc": published,
            "releaseNumber": 1,
            "friendlyName": format!("Submission {}", self.id),
            "areResourcesReady": true,
            "id": self.id,
        });
        if !substate.is_empty() {
            body["substate"] = substate.into();
        }
        for key in ["targets", "resources", "variantResources", "publishOption", "extendedProperties"] {
            if let Some(value) = self.request.get(key) {
                body[key] = value.clone();
            }
        }
        body
    }

    fn validations(&self) -> Vec<Value> {
        let problems = self.problems.iter().filter(|_| self.outcome == SubmissionOutcome::FailCreation);
        let items = problems.map(|Problem { code, resource, message }| {
            json!({"errorCode": code, "severity": "Error", "message": message, "resource": resource})
        });
        items.collect()
    }

    fn reports(&self, stage: Stage) -> Vec<Value> {
        let status = match stage {
            Stage::CertificationFailed => "Failed",
            Stage::Preview | Stage::Promoting | Stage::PromotionFailed | Stage::Live => "Passed",
            // The others did not reach certification.
            _ => return Vec::new(),
        };
        vec![json!({"reportTimeInUtc": "2026-01-01T10:37:37.4038218", "status": status})]
    }
}

/// Returns a function that formats the publication time.
fn published(model: &Model) -> impl Fn(Moment) -> String + use<> {
    let clock = model.clock.clone();
    move |at| format!("{}Z", clock.timestamp(at))
}

/// Returns the workflows to preview and to live. Empty if the creation is not completed or failed.
fn workflows(stage: Stage) -> Vec<Value> {
    let (preview, live) = match stage {
        Stage::Creating | Stage::CreationFailed | Stage::Cancelled | Stage::Other(_) => return Vec::new(),
        Stage::Submitted => ("InProgress", "NotStarted"),
        Stage::Failed => ("Failed", "NotStarted"),
        Stage::CertificationFailed => ("Success", "Failed"),
        Stage::Preview => ("Success", "NotStarted"),
        Stage::Promoting => ("Success", "InProgress"),
        Stage::PromotionFailed => ("Success", "Failed"),
        Stage::Live => ("Success", "Success"),
    };
    // The index of the current step.
    let at = if stage == Stage::PromotionFailed { 1 } else { 0 };
    vec![workflow("Preview", preview, 0), workflow("Live", live, at)]
}

/// Returns one workflow. Steps before the current one have succeeded, steps after it have not started.
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
