//! The validation of a submission.

use super::subjects;
use crate::message::Reply;
use crate::model::{Model, Object, Problem, Product};
use crate::rules;
use crate::submission_outcome::SubmissionOutcome;
use serde_json::Value;
use std::collections::BTreeSet;

/// Determines the outcome of a submission and its problems: set by the test, or found in its content.
pub(super) fn determine_outcome(
    model: &Model,
    product: &Product,
    request: &Object,
) -> (SubmissionOutcome, Vec<Problem>) {
    if let Some(outcome) = model.next_outcomes.front() {
        let problem = Problem {
            code: "Sandbox-00001".to_owned(),
            resource: "offer".to_owned(),
            message: "Failure injected by the sandbox.".to_owned(),
        };
        let problems = if *outcome == SubmissionOutcome::Pass { vec![] } else { vec![problem] };
        return (*outcome, problems);
    }
    let mut problems = find_missing_modules(product, request);
    // The rules are those of Azure applications.
    if product.kind() == "AzureApplication" {
        let found = rules::violations(model.rules_off.rest(), &subjects::of(model, product)).into_iter();
        problems.extend(found.map(|violation| Problem {
            code: format!("sandbox/{}", violation.rule),
            resource: violation.resource,
            message: violation.message,
        }));
    }
    let outcome = if problems.is_empty() { SubmissionOutcome::Pass } else { SubmissionOutcome::FailCreation };
    (outcome, problems)
}

/// Checks that all referenced drafts exist.
pub(super) fn check_references(product: &Product, request: &Object) -> Result<(), Reply> {
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
                &format!("draft {instance} of the module {module} does not exist"),
            ));
        }
    }
    Ok(())
}

/// Returns module and instance of all submitted drafts of the offer and its plans.
pub(super) fn references(request: &Object) -> Vec<(String, String)> {
    let list = |holder: &Value| holder.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all = list(&Value::Object(request.clone()));
    for variant in request.get("variantResources").and_then(Value::as_array).into_iter().flatten() {
        all.extend(list(variant));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.iter().map(|resource| (text(resource, "type"), text(resource, "value"))).collect()
}

/// Returns the modules that the submission should have.
fn find_missing_modules(product: &Product, request: &Object) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |code: &str, resource: String, message: &str| {
        problems.push(Problem { code: code.to_owned(), resource, message: message.to_owned() });
    };
    let submitted: BTreeSet<(String, String)> = references(request).into_iter().collect();
    let instances: BTreeSet<&str> = submitted.iter().map(|(_, instance)| instance.as_str()).collect();
    let reseller = |(module, _): &(String, String)| module.eq_ignore_ascii_case("ResellerConfiguration");
    if product.reseller.is_some() && !submitted.iter().any(reseller) {
        let message = "The reseller configuration must be submitted with the offer.";
        add("Resell-20007", "offer, ResellerConfiguration".to_owned(), message);
    }
    // An offer for Business Central has no plans, and its packages are submitted alone.
    let alone = product.kind() == "AzureDynamics365BusinessCentral";
    for draft in product.drafts.iter().filter(|_| !alone) {
        let required = matches!(
            (draft.module, &draft.variant),
            ("Property" | "Listing" | "Availability", _) | ("Package", Some(_))
        );
        if required && !instances.contains(draft.instance.as_str()) {
            let of = draft.variant.as_deref().map(|id| subjects::plan(product, id).1);
            let of = of.map_or_else(|| "offer".to_owned(), |name| format!("plan {name}"));
            add(
                "Modules-10002",
                format!("{of}, {}", draft.module),
                &format!("The module {} is missing.", draft.module),
            );
        }
    }
    problems
}
