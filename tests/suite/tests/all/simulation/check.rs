//! Compares the state of the sandbox with what the programs asked for, and with what they were told.

use super::log::{Claim, Log, Records};
use super::program::{OFFER, PACKAGE, PLAN, Program};
use super::scenario::Scenario;
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, IfPending, Stage};
use partner_sandbox::CallRecord;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads the state without faults. Every violation is a line.
pub(super) async fn violations(
    client: &Client,
    scenario: &Scenario,
    programs: &[Program],
    calls: &[CallRecord],
) -> Vec<String> {
    let state = State::read(client).await;
    let mut found = Findings::default();
    requests(&mut found, calls, programs.len());
    found.expect(state.products == 1, || format!("{} products", state.products));
    found.expect(state.plans == 1, || format!("{} plans", state.plans));
    let logs: Vec<_> = programs.iter().map(Program::log).collect();
    listing(&mut found, &state.listing, &logs);
    let steps = scenario.steps;
    if steps.prices {
        let availability = &state.availability;
        let price = availability.pointer("/priceSchedules/0/schedules/0/retailPrice/openPrice").and_then(Value::as_f64);
        found.expect(price == Some(9.5), || format!("the price is lost: {availability}"));
        found.expect(availability["visibility"] == "Public", || format!("the visibility is lost: {availability}"));
    }
    let copies = programs.len();
    if steps.package {
        records(&mut found, "package", &state.packages, (copies, steps.ensure_files, scenario.is_late), &logs, |log| {
            &log.packages
        });
        let used = state.configuration["packageReferences"][0]["value"].as_str().unwrap_or_default();
        let done: Vec<_> = logs.iter().filter_map(|log| log.packages.done.as_deref()).collect();
        found.expect(done.contains(&used), || format!("the plan has the package {used:?}, expected one of {done:?}"));
    }
    if steps.image {
        records(&mut found, "image", &state.images, (copies, steps.ensure_files, scenario.is_late), &logs, |log| {
            &log.images
        });
    }
    submissions(&mut found, scenario, &state.submissions, &logs);
    if steps.publish == Some(IfPending::Adopt) {
        let errors = logs.iter().flat_map(|log| &log.errors);
        let refused: Vec<_> = errors.filter(|error| refuses_adoption(error)).collect();
        found.expect(refused.is_empty(), || format!("submissions were not adopted: {refused:?}"));
    }
    found.0
}

/// Faults cannot show these mistakes in the state: the sandbox compares the entity tag of the body, too, and promotes once.
fn requests(found: &mut Findings, calls: &[CallRecord], copies: usize) {
    let is_exact = |call: &&CallRecord| call.if_match.as_deref().is_some_and(|tag| tag != "*");
    let mut puts = calls.iter().filter(|call| call.method == "PUT" && call.operation.is_some());
    if let Some(put) = puts.find(|put| !is_exact(put)) {
        found.0.push(format!("PUT {} with If-Match {:?}", put.path, put.if_match));
    }
    // Two programs may see the same preview.
    let again = calls.iter().any(|call| call.note.as_deref() == Some("The submission is not in preview."));
    found.expect(copies > 1 || !again, || "a submission was promoted twice".to_owned());
}

/// Returns true if the stage of a submission is the reason not to adopt it. The reason may only be other drafts, or an unknown state.
fn refuses_adoption(error: &str) -> bool {
    let reason = error.split_once(" of product ").and_then(|(_, rest)| rest.split_once(' '));
    reason.is_some_and(|(_, reason)| reason.starts_with("is ") && !reason.starts_with("is in an unknown state"))
}

#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn expect(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.0.push(violation());
        }
    }
}

/// The resources of the sandbox.
struct State {
    products: usize,
    plans: usize,
    listing: Value,
    availability: Value,
    configuration: Value,
    packages: Vec<Value>,
    images: Vec<Value>,
    submissions: Vec<Submission>,
}

impl State {
    async fn read(client: &Client) -> Self {
        let get = async |path: &str| client.request(Method::GET, path).send::<Value>().await.unwrap().into_inner();
        let list = async |path: &str| get(path).await["value"].as_array().cloned().unwrap_or_default();
        let filter = format!("ExternalIDs/Any(i:i/Type eq 'AzureOfferId' and i/Value eq '{OFFER}')");
        let products = list(&format!("products?$filter={filter}")).await;
        let id = products[0]["id"].as_str().unwrap();
        let below = |path: &str| format!("products/{id}/{path}");
        let mut plans = list(&below("variants")).await;
        plans.retain(|plan| plan["externalID"] == PLAN);
        let plan = plans[0]["id"].as_str().unwrap();
        let draft = async |module: &str, collection: &str, plan: Option<&str>| {
            let branches = list(&below(&format!("branches/getByModule(module={module})"))).await;
            let branch = branches.iter().find(|branch| branch["variantID"].as_str() == plan).unwrap();
            let instance = branch["currentDraftInstanceID"].as_str().unwrap();
            let expand = if plan.is_some() && module == "Availability" { "?$expand=PriceSchedules" } else { "" };
            list(&below(&format!("{collection}/getByInstanceID(instanceID={instance}){expand}"))).await[0].clone()
        };
        let listing = draft("Listing", "listings", None).await;
        let listing_id = listing["id"].as_str().unwrap();
        let submissions = list(&below("submissions")).await;
        Self {
            products: products.len(),
            plans: plans.len(),
            availability: draft("Availability", "featureavailabilities", Some(plan)).await,
            configuration: draft("Package", "packageconfigurations", Some(plan)).await,
            packages: list(&below("packages")).await,
            images: list(&below(&format!("listings/{listing_id}/images"))).await,
            submissions: submissions.into_iter().map(|body| serde_json::from_value(body).unwrap()).collect(),
            listing,
        }
    }
}

/// Every acknowledged change is there once, every change that an error denies is not, and the number was incremented by each.
fn listing(found: &mut Findings, listing: &Value, logs: &[impl std::ops::Deref<Target = Log>]) {
    let words: Vec<&str> = listing["keywords"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (number, log) in logs.iter().enumerate() {
        let mut last = None;
        for change in &log.changes {
            let times = words.iter().filter(|word| **word == change.word).count();
            let is_possible = match change.claim {
                Claim::Done => times == 1,
                Claim::Nothing => times == 0,
                Claim::Begun | Claim::Unknown => times <= 1,
            };
            let (word, claim) = (&change.word, change.claim);
            found.expect(is_possible, || format!("the change {word} ({claim:?}) is there {times} times"));
            last = if times > 0 { Some(word.as_str()) } else { last };
        }
        let field = listing[["shortDescription", "description"][number]].as_str();
        let is_own = field.is_some_and(|text| text.starts_with('p'));
        found.expect(last.is_none() || field == last, || {
            format!("the field of program {number} is {field:?}, not {last:?}")
        });
        found.expect(last.is_some() || !is_own, || format!("the field of program {number} is {field:?}"));
    }
    let counter: usize = listing["summary"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    found.expect(words.len() == counter, || {
        format!("{} changes incremented the number to {counter}: {words:?}", words.len())
    });
}

/// No file is there twice, and there are no other records than those that the programs know, or may know.
fn records(
    found: &mut Findings,
    kind: &str,
    all: &[Value],
    (copies, ensured, is_late): (usize, bool, bool),
    logs: &[impl std::ops::Deref<Target = Log>],
    of: impl Fn(&Log) -> &Records,
) {
    let ids: BTreeSet<&str> = all.iter().filter_map(|record| record["id"].as_str()).collect();
    let complete = all.iter().filter(|record| record["state"] != "PendingUpload").count();
    found.expect((1..=copies).contains(&complete), || format!("{complete} {kind}s with the same file"));
    let known: BTreeSet<&str> = logs.iter().flat_map(|log| &of(log).known).map(String::as_str).collect();
    let open: usize = logs.iter().map(|log| of(log).open).sum();
    found.expect(known.is_subset(&ids), || format!("named {kind}s {known:?} are not in {ids:?}"));
    // A list that leaves out a new record for a moment cannot prevent a second one if the program does not know the id of the first: the
    // names of files need not be unique, so that the service accepts the second one.
    let unlisted = if is_late { open } else { 0 };
    found.expect(!ensured || ids.len() <= copies + unlisted, || {
        format!("{} {kind}s of {copies} programs, {unlisted} may exist without being listed", ids.len())
    });
    // The service names the package of another program instead of a duplicate, which stays.
    found.expect(copies > 1 || ids.len() <= known.len() + open, || {
        format!("{} {kind}s, but only {} are known and {open} may exist", ids.len(), known.len())
    });
    for done in logs.iter().filter_map(|log| of(log).done.as_deref()) {
        let record = all.iter().find(|record| record["id"] == done);
        let state = record.and_then(|record| record["state"].as_str()).unwrap_or_default();
        found.expect(matches!(state, "Uploaded" | "Processed"), || format!("{kind} {done} is {state:?}"));
    }
    // Only the names of packages are compared, because the sandbox keeps what the SDK sent.
    let is_named = |record: &Value| kind != "package" || record["fileName"] == PACKAGE;
    found.expect(all.iter().all(is_named), || format!("{kind}s with another name: {all:?}"));
}

/// The submissions that went live are those that the programs published, and no submission is unknown to them.
fn submissions(
    found: &mut Findings,
    scenario: &Scenario,
    all: &[Submission],
    logs: &[impl std::ops::Deref<Target = Log>],
) {
    let ids: BTreeSet<_> = all.iter().filter_map(|submission| submission.id.clone()).collect();
    let mut known: BTreeSet<_> = logs.iter().flat_map(|log| log.submissions.iter().cloned()).collect();
    found.expect(known.is_subset(&ids), || format!("named submissions {known:?} are not in {ids:?}"));
    known.extend(scenario.earlier.iter().cloned());
    let open: usize = logs.iter().map(|log| log.open_submissions).sum();
    found.expect(ids.len() <= known.len() + open, || {
        format!("{} submissions, but only {} are known and {open} may exist", ids.len(), known.len())
    });
    let at = |wanted: Stage| all.iter().filter(move |submission| Stage::of(submission) == wanted);
    let live: BTreeSet<_> = logs.iter().filter_map(|log| log.live.clone()).collect();
    let there: BTreeSet<_> = at(Stage::Live).filter_map(|submission| submission.id.clone()).collect();
    found.expect(live == there, || format!("{there:?} are live, the programs published {live:?}"));
    let failed = at(Stage::Failed).count();
    found.expect(failed == 0, || format!("{failed} submissions failed"));
    let rest = all.len() - there.len() - at(Stage::Cancelled).count() - failed;
    let waiting = usize::from(scenario.earlier.is_some() && scenario.steps.publish.is_none());
    found.expect(rest == waiting, || format!("{rest} submissions are neither live nor cancelled"));
    found.expect(scenario.steps.publish.is_none() || !live.is_empty(), || "nothing was published".to_owned());
}
