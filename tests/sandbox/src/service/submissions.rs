//! Submissions: created from drafts, validated, certified to preview, promoted to live.

use super::{argument, object, product, uploads};
use crate::clock::Moment;
use crate::contract::Allowed;
use crate::http::{Reply, guid};
use crate::world::{Object, Product, Submission, World};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Submission ids have 19 digits, more than a floating-point number keeps.
const FIRST_ID: u64 = 1_152_921_505_696_700_000;

pub(super) fn handle(world: &mut World, id: &str, method: &str, rest: &[&str], call: &Allowed) -> Reply {
    if rest.is_empty() {
        return if method == "GET" {
            list(world, id)
        } else {
            create(world, id, call)
        };
    }
    let (pace, now) = (world.pace, world.clock.now());
    let number = argument(call, "submissionID").to_owned();
    let product = product(world, id);
    let Some(at) = product.submissions.iter().position(|s| s.id == number) else {
        return Reply::not_found("submission");
    };
    let submission = &mut product.submissions[at];
    let stage = submission.stage(pace, now);
    match (method, &rest[1..]) {
        ("GET", []) => Reply::ok(submission.body(id, pace, now)),
        ("DELETE", []) if matches!(stage, Stage::Promoting | Stage::Live) => Reply::refused(
            StatusCode::CONFLICT,
            "The submission is going live and cannot be cancelled.",
        ),
        ("DELETE", []) => {
            product.submissions.remove(at);
            Reply::empty(StatusCode::NO_CONTENT)
        }
        ("POST", ["promote"]) if stage == Stage::Preview => {
            submission.promoted_at = Some(now);
            Reply::ok(workflow("Live", "InProgress"))
        }
        ("POST", ["promote"]) => Reply::refused(StatusCode::CONFLICT, "The submission is not in preview."),
        ("GET", ["validations"]) => super::collection(submission.validations()),
        ("GET", ["reports"]) => super::collection(submission.reports(stage)),
        ("GET", ["workflowdetails"]) => super::collection(match stage {
            Stage::Creating | Stage::CreationFailed => Vec::new(),
            Stage::Failed => vec![workflow("Preview", "Failed")],
            Stage::Submitted => vec![workflow("Preview", "InProgress")],
            Stage::Preview => vec![workflow("Preview", "Success")],
            Stage::Promoting => vec![workflow("Preview", "Success"), workflow("Live", "InProgress")],
            Stage::Live => vec![workflow("Preview", "Success"), workflow("Live", "Success")],
        }),
        _ => Reply::empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn list(world: &mut World, id: &str) -> Reply {
    let (pace, now) = (world.pace, world.clock.now());
    let bodies = product(world, id)
        .submissions
        .iter()
        .map(|s| s.body(id, pace, now))
        .collect();
    super::collection(bodies)
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
    let mut problems = incomplete(product, &request);
    let fails_at_creation = !problems.is_empty();
    if !fails_at_creation {
        problems = uncertifiable(world, product);
    }
    let number = FIRST_ID + world.products.values().map(|p| p.submissions.len() as u64).sum::<u64>() + 141;
    let submission = Submission {
        id: number.to_string(),
        request,
        created_at: now,
        promoted_at: None,
        problems,
        fails_at_creation,
    };
    let body = submission.body(id, pace, now);
    let location = format!("{}/v1.0/ingestion/products/{id}/submissions/{number}", world.origin);
    super::product(world, id).submissions.push(submission);
    Reply::json(StatusCode::CREATED, body).with_header(header::LOCATION, &location)
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
        let known = product
            .drafts
            .iter()
            .any(|draft| draft.module.eq_ignore_ascii_case(&module) && draft.instance == instance);
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
    let list = |holder: &Value| {
        holder
            .get("resources")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut all = list(&Value::Object(request.clone()));
    for variant in request
        .get("variantResources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        all.extend(list(variant));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.iter()
        .map(|resource| (text(resource, "type"), text(resource, "value")))
        .collect()
}

/// What validation at creation finds.
fn incomplete(product: &Product, request: &Object) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut add = |code: &str, message: String| problems.push((code.to_owned(), message));
    let submitted: BTreeSet<(String, String)> = references(request).into_iter().collect();
    let instances: BTreeSet<&str> = submitted.iter().map(|(_, instance)| instance.as_str()).collect();
    if product.reseller.is_some() && !submitted.iter().any(|(module, _)| module == "ResellerConfiguration") {
        add(
            "Resell-20007",
            "The reseller configuration must be submitted with the offer.".to_owned(),
        );
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
        let referenced = draft
            .resource
            .get("packageReferences")
            .and_then(Value::as_array)
            .is_some_and(|r| !r.is_empty());
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
        .map(|_| {
            (
                "Certification-20001".to_owned(),
                "The package has no mainTemplate.json.".to_owned(),
            )
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Creating,
    CreationFailed,
    Submitted,
    Failed,
    Preview,
    Promoting,
    Live,
}

impl Submission {
    fn stage(&self, pace: Duration, now: Moment) -> Stage {
        let steps = now.saturating_sub(self.created_at);
        if let Some(promoted) = self.promoted_at {
            return if now.saturating_sub(promoted) < 2 * pace {
                Stage::Promoting
            } else {
                Stage::Live
            };
        }
        match (steps < pace, steps < 3 * pace, self.problems.is_empty()) {
            (true, _, _) => Stage::Creating,
            (false, _, false) if self.fails_at_creation => Stage::CreationFailed,
            (false, true, _) => Stage::Submitted,
            (false, false, false) => Stage::Failed,
            (false, false, true) => Stage::Preview,
        }
    }

    /// Failed submissions do not stand in the way of a new one.
    fn is_pending(&self, pace: Duration, now: Moment) -> bool {
        !matches!(
            self.stage(pace, now),
            Stage::CreationFailed | Stage::Failed | Stage::Live
        )
    }

    fn body(&self, product: &str, pace: Duration, now: Moment) -> Value {
        let (state, substate, update, status) = match self.stage(pace, now) {
            Stage::Creating => ("InProgress", "InDraft", "Create", "Running"),
            Stage::CreationFailed => ("InProgress", "InDraft", "Create", "Failed"),
            Stage::Submitted => ("InProgress", "Submitted", "Submit", "Completed"),
            Stage::Failed => ("InProgress", "FailedInCertification", "Submit", "Completed"),
            Stage::Preview => ("Published", "ReadyToPublish", "Submit", "Completed"),
            Stage::Promoting => ("Published", "Publishing", "Promote", "Running"),
            Stage::Live => ("Published", "InStore", "Promote", "Completed"),
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
            "publishedTimeInUtc": "1601-01-01T00:00:00Z",
            "releaseNumber": 1,
            "friendlyName": format!("Submission {}", self.id),
            "areResourcesReady": true,
            "id": self.id,
        });
        for key in [
            "targets",
            "resources",
            "variantResources",
            "publishOption",
            "extendedProperties",
        ] {
            if let Some(value) = self.request.get(key) {
                body[key] = value.clone();
            }
        }
        body
    }

    fn validations(&self) -> Vec<Value> {
        let problems = self.problems.iter().filter(|_| self.fails_at_creation);
        problems.map(|(code, message)| json!({"errorCode": code, "severity": "Error", "message": message, "resource": guid()})).collect()
    }

    fn reports(&self, stage: Stage) -> Vec<Value> {
        let status = match stage {
            Stage::Failed => "Failed",
            Stage::Preview | Stage::Promoting | Stage::Live => "Passed",
            _ => return Vec::new(),
        };
        vec![json!({"reportTimeInUtc": "2026-01-01T10:37:37.4038218", "status": status})]
    }
}

fn workflow(environment: &str, state: &str) -> Value {
    let names: &[&str] = match environment {
        "Preview" => &["Automated validation", "Preview Creation", "Publisher Signoff"],
        _ => &["Certification", "Publish"],
    };
    let last = names.len() - 1;
    let steps: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(i, name)| json!({"name": name, "state": if i < last { "Success" } else { state }}))
        .collect();
    json!({
        "type": "Push",
        "state": state,
        "targetEnvironment": environment,
        "workflowSteps": steps,
        "startDateTimeInUtc": "2026-01-01T10:37:37.4038218",
    })
}
