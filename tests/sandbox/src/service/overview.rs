//! What the page shows of an offer: its drafts beside preview and live, packages, and submissions as tracks.

use super::submissions::Stage;
use super::uploads::update_states;
use crate::model::{Draft, Model, Object, Product, Submission, offer_id};
use crate::redact;
use serde_json::Value;
use std::collections::BTreeSet;

/// Maximum length of a displayed value in characters.
const MAX_VALUE: usize = 1000;

pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) offer_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) plans: Vec<String>,
    pub(crate) modules: Vec<Module>,
    pub(crate) packages: Vec<Package>,
    pub(crate) submissions: Vec<Track>,
}

/// A draft with what is in preview and live.
pub(crate) struct Module {
    pub(crate) name: String,
    /// Empty for a module of the offer itself.
    pub(crate) plan: String,
    /// How the draft differs from what is live.
    pub(crate) state: &'static str,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) draft: String,
    pub(crate) preview: String,
    pub(crate) live: String,
    pub(crate) differs: bool,
}

pub(crate) struct Package {
    pub(crate) file: String,
    pub(crate) kind: String,
    pub(crate) state: String,
}

/// A submission and its steps.
pub(crate) struct Track {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) problems: Vec<String>,
}

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// `done`, `current`, `failed` or `waiting`.
    pub(crate) state: &'static str,
}

/// Returns the latest offers, newest first.
pub(crate) fn offers(model: &mut Model, count: usize) -> Vec<Offer> {
    let order = model.order.iter().rev().filter(|id| model.products.contains_key(*id));
    let ids: Vec<String> = order.take(count).cloned().collect();
    ids.iter().filter_map(|id| offer(model, id)).collect()
}

fn offer(model: &mut Model, id: &str) -> Option<Offer> {
    update_states(model, id);
    let product = model.products.get(id)?;
    let stage = |submission: &Submission| submission.stage(model.processing_delay, model.clock.now());
    let latest = |is: fn(Stage) -> bool| product.submissions.iter().rev().find(|submission| is(stage(submission)));
    let live = latest(|stage| stage == Stage::Live);
    let preview = latest(|stage| {
        matches!(
            stage,
            Stage::Preview | Stage::Promoting | Stage::PromotionFailed | Stage::CertificationFailed | Stage::Live
        )
    });
    let drafts = product.drafts.iter().filter(|draft| !draft.resource.is_empty());
    let packages = product.uploads.iter().map(|upload| Package {
        file: text(&upload.resource, "fileName").to_owned(),
        kind: upload.collection.rsplit('/').next().unwrap_or_default().to_owned(),
        state: text(&upload.resource, "state").to_owned(),
    });
    Some(Offer {
        id: id.to_owned(),
        offer_id: offer_id(&product.body).unwrap_or_default().to_owned(),
        name: product.text("name").to_owned(),
        kind: product.kind().to_owned(),
        plans: product.variants.keys().map(|id| plan(product, id)).collect(),
        modules: drafts.map(|draft| module(product, draft, preview, live)).collect(),
        packages: packages.collect(),
        submissions: product.submissions.iter().rev().map(|submission| track(submission, stage(submission))).collect(),
    })
}

fn text<'o>(object: &'o Object, key: &str) -> &'o str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn plan(product: &Product, id: &str) -> String {
    let body = product.variants.get(id);
    let name = body.and_then(|body| ["externalID", "friendlyName"].into_iter().find_map(|key| body.get(key)?.as_str()));
    name.unwrap_or(id).to_owned()
}

fn module(product: &Product, draft: &Draft, preview: Option<&Submission>, live: Option<&Submission>) -> Module {
    let find = |submission: Option<&Submission>| submission.and_then(|s| submitted(product, s, draft));
    let (preview, live) = (find(preview), find(live));
    let empty = Object::new();
    let objects = [&draft.resource, preview.unwrap_or(&empty), live.unwrap_or(&empty)];
    let names: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
    let shown = names.into_iter().filter(|name| !["@odata.etag", "id", "resourceType"].contains(&name.as_str()));
    let fields: Vec<Field> = shown
        .map(|name| {
            let [draft, preview, live] = objects.map(|object| object.get(name));
            // A version that does not exist yet is not a difference.
            let differs = objects.iter().filter(|object| !object.is_empty()).any(|object| object.get(name) != draft);
            Field { name: name.clone(), draft: display(draft), preview: display(preview), live: display(live), differs }
        })
        .collect();
    let state = match (preview, live) {
        (None, None) => "not published",
        _ if fields.iter().any(|field| field.differs) => "changed",
        (Some(_), None) => "in preview",
        _ => "live",
    };
    let language = text(&draft.resource, "languageCode");
    let mut name = if draft.module.is_empty() { draft.collection.to_owned() } else { draft.module.to_owned() };
    if !language.is_empty() {
        name = format!("{name} ({language})");
    }
    Module { name, plan: draft.variant.as_deref().map(|id| plan(product, id)).unwrap_or_default(), state, fields }
}

/// Returns the resource of a draft as it was submitted.
fn submitted<'p>(product: &'p Product, submission: &Submission, draft: &Draft) -> Option<&'p Object> {
    let plans = submission.request.get("variantResources").and_then(Value::as_array);
    let holder = match &draft.variant {
        None => submission.request.get("resources"),
        Some(id) => plans.and_then(|plans| plans.iter().find(|plan| plan["variantID"] == **id)?.get("resources")),
    };
    let pairs = holder.and_then(Value::as_array)?;
    let instances: Vec<&str> = pairs.iter().filter_map(|pair| pair.get("value")?.as_str()).collect();
    let versions = product.submitted.iter().chain(&product.drafts);
    let mut versions = versions.filter(|version| version.collection == draft.collection);
    let id = draft.resource.get("id");
    let found =
        versions.find(|version| instances.contains(&version.instance.as_str()) && version.resource.get("id") == id);
    found.map(|version| &version.resource)
}

/// Returns a value without secrets, shortened. Empty if it is absent.
fn display(value: Option<&Value>) -> String {
    let text = match value.cloned().map(redact::json) {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => serde_json::to_string_pretty(&other).unwrap_or_default(),
    };
    match text.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn track(submission: &Submission, stage: Stage) -> Track {
    let (reached, state, text) = match stage {
        Stage::Creating => (0, "current", "in creation"),
        Stage::CreationFailed => (0, "failed", "creation failed"),
        Stage::Submitted => (1, "current", "in validation"),
        Stage::Failed => (1, "failed", "validation failed"),
        Stage::Preview => (2, "current", "in preview"),
        Stage::Promoting => (3, "current", "going live"),
        Stage::CertificationFailed => (3, "failed", "certification failed"),
        Stage::PromotionFailed => (4, "failed", "publishing failed"),
        Stage::Live => (5, "done", "live"),
        Stage::Cancelled => (0, "waiting", "cancelled"),
        Stage::Other(name) => (0, "waiting", name),
    };
    let names = ["Creation", "Validation", "Preview", "Certification", "Live"];
    let steps = names.into_iter().enumerate().map(|(at, name)| {
        let state = match at.cmp(&reached) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => state,
            std::cmp::Ordering::Greater => "waiting",
        };
        Step { name, state }
    });
    let problems = submission.problems.iter().filter(|_| state == "failed");
    Track {
        id: submission.id.clone(),
        state: text.to_owned(),
        steps: steps.collect(),
        problems: problems.map(|p| format!("{}: {} ({})", p.resource, p.message, p.code)).collect(),
    }
}
