//! The validation and certification of a submission's content.

use super::uploads;
use crate::message::Reply;
use crate::model::{Model, Object, Product};
use crate::submission_outcome::SubmissionOutcome;
use serde_json::Value;
use std::collections::BTreeSet;

/// Determines the outcome of a submission and its problems: set by the test, or found in its content.
pub(super) fn determine_outcome(
    model: &Model,
    product: &Product,
    request: &Object,
) -> (SubmissionOutcome, Vec<(String, String)>) {
    if let Some(outcome) = model.next_outcomes.front() {
        let problem = ("Sandbox-00001".to_owned(), "Failure injected by the sandbox.".to_owned());
        let problems = if *outcome == SubmissionOutcome::Pass { vec![] } else { vec![problem] };
        return (*outcome, problems);
    }
    let problems = find_missing_content(product, request);
    if !problems.is_empty() {
        return (SubmissionOutcome::FailCreation, problems);
    }
    let problems = find_certification_problems(model, product);
    let outcome = if problems.is_empty() { SubmissionOutcome::Pass } else { SubmissionOutcome::FailCertification };
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
fn references(request: &Object) -> Vec<(String, String)> {
    let list = |holder: &Value| holder.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all = list(&Value::Object(request.clone()));
    for variant in request.get("variantResources").and_then(Value::as_array).into_iter().flatten() {
        all.extend(list(variant));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.iter().map(|resource| (text(resource, "type"), text(resource, "value"))).collect()
}

/// Returns the problems that the validation at creation finds.
fn find_missing_content(product: &Product, request: &Object) -> Vec<(String, String)> {
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

/// Returns the problems that the certification finds in the packages.
fn find_certification_problems(model: &Model, product: &Product) -> Vec<(String, String)> {
    let packages = product.uploads.iter().filter(|upload| upload.collection == "packages");
    packages
        .filter(|upload| !uploads::contains_file(model, upload, "mainTemplate.json"))
        .map(|_| ("Certification-20001".to_owned(), "The package has no mainTemplate.json.".to_owned()))
        .collect()
}
