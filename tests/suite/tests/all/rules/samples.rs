//! Every rule has an offer that follows it and one that does not.

use super::table::{At, samples};
use super::{codes, found, publish, set, start};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::VariantId;
use partner_tests::offer::{CompleteOffer, complete};
use partner_tests::test_env::TestEnv;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Rules about files, numbers of resources, offer ids, deletion and what is published have separate tests.
const ELSEWHERE: [&str; 22] = [
    "offer-id-length",
    "offer-id-characters",
    "delete-published-offer",
    "delete-published-plan",
    "contract-kept",
    "plan-id-kept",
    "plan-cloud-kept",
    "visibility-kept",
    "managed-version-raised",
    "template-version-raised",
    "image-type",
    "large-logo-required",
    "large-logo-size",
    "medium-logo-size",
    "small-logo-size",
    "screenshot-count",
    "screenshot-size",
    "screenshot-caption",
    "plan-count",
    "private-plan-count",
    "plan-name-unique",
    "package-archive",
];

/// The path of a resource.
pub(super) async fn path(env: &TestEnv, offer: &CompleteOffer, at: At) -> String {
    let product = &offer.product;
    let draft = async |module: &str, collection: &str, plan: Option<&VariantId>| {
        let draft = env.draft(product, module, plan).await;
        let resource = env.resource(product, collection, &draft).await;
        format!("products/{product}/{collection}/{}", resource["id"].as_str().unwrap())
    };
    let (managed, template) = (Some(&offer.managed), Some(&offer.template));
    match at {
        At::Property => draft("Property", "properties", None).await,
        At::Listing => draft("Listing", "listings", None).await,
        At::Preview => draft("Availability", "productavailabilities", None).await,
        At::Video => format!("products/{product}/listings/{}/videos", offer.listing),
        At::Plan => format!("products/{product}/variants/{}", offer.managed),
        At::PlanListing => draft("Listing", "listings", managed).await,
        At::Managed => draft("Availability", "featureavailabilities", managed).await,
        At::Template => draft("Availability", "featureavailabilities", template).await,
        At::ManagedPackage => draft("Package", "packageconfigurations", managed).await,
        At::TemplatePackage => draft("Package", "packageconfigurations", template).await,
    }
}

/// Changes a resource, as a JSON merge patch of one level does. Returns what undoes it.
pub(super) async fn change(env: &TestEnv, path: &str, patch: &Value) -> Value {
    let full = format!("{path}?$expand=MarketStates,Trial,PriceSchedules");
    let path_read = if path.contains("featureavailabilities") { &full } else { path };
    let before = env.send_json(Method::GET, path_read, Value::Null, None).await.unwrap();
    let mut after = before.as_object().unwrap().clone();
    after.extend(patch.as_object().unwrap().clone());
    after.retain(|_, value| !value.is_null());
    let changed = env.send_json(Method::PUT, path, after.into(), Some("*")).await;
    changed.unwrap_or_else(|error| panic!("{path} {patch:.200}: {error}"));
    before
}

/// Adds videos, and removes them afterwards.
async fn videos(env: &TestEnv, path: &str, sample: &Value) -> Vec<String> {
    let mut added = Vec::new();
    for _ in 0..sample["count"].as_u64().unwrap_or(1) {
        let address = sample["streamingUri"].as_str().unwrap_or("https://vimeo.com/1");
        let video = json!({"resourceType": "ListingVideo", "fileName": "v.png", "streamingUri": address});
        let mut video = env.send_json(Method::POST, path, video, None).await.unwrap();
        let own = format!("{path}/{}", video["id"].as_str().unwrap());
        let upload = partner_ingestion_sdk::types::Secret::from(video["fileSasUri"].as_str().unwrap().to_owned());
        env.client.upload(&upload, &b"video"[..]).await.unwrap();
        video["state"] = "Uploaded".into();
        env.send_json(Method::PUT, &own, video, Some("*")).await.unwrap();
        added.push(own);
    }
    added
}

/// Submits the drafts of an earlier submission. Returns the rules that the validation names.
async fn submitted(env: &TestEnv, offer: &CompleteOffer, earlier: &Value) -> BTreeSet<String> {
    let path = format!("products/{}/submissions", offer.product);
    let keys = ["targets", "resources", "variantResources"];
    let request: Value = keys.iter().map(|key| ((*key).to_owned(), earlier[*key].clone())).collect();
    let submission = env.send_json(Method::POST, &path, request, None).await.unwrap();
    let id = submission["id"].as_str().unwrap();
    let validations = env.client.list_submission_validations(&offer.product, id).send().await.unwrap();
    env.client.cancel_submission(&offer.product, id).send().await.unwrap();
    codes(&validations.into_inner().value.unwrap(), "sandbox/")
}

#[tokio::test]
async fn every_rule_has_an_offer_that_follows_it_and_one_that_does_not() {
    // The samples give a plan another id.
    let env = start(|sandbox| sandbox.without_rule("plan-id-kept")).await;
    let offer = complete(&env, "app").await;
    let preview = publish(&env, &offer.product).send().await.unwrap();
    let request = serde_json::to_value(&preview).unwrap();
    env.client.cancel_submission(&offer.product, preview.id.unwrap()).send().await.unwrap();
    assert_eq!(found(&env, &offer.product).await, set(&[]));
    let mut wrong = Vec::new();
    for (rule, at, fails, passes) in samples() {
        let path = path(&env, &offer, at).await;
        for (sample, expected) in [(fails, set(&[rule])), (passes, set(&[]))] {
            if sample.is_null() {
                continue;
            }
            let added = match at {
                At::Video => videos(&env, &path, &sample).await,
                _ => Vec::new(),
            };
            let before = match at {
                At::Video => None,
                _ => Some(change(&env, &path, &sample).await),
            };
            for (who, rules) in
                [("sandbox", submitted(&env, &offer, &request).await), ("check", found(&env, &offer.product).await)]
            {
                if rules != expected {
                    wrong.push(format!("{who}, {rule}: {rules:?} instead of {expected:?} for {at:?} {sample:.200}"));
                }
            }
            for video in added {
                let deleted = env.client.request(Method::DELETE, &video).send::<Value>().await;
                assert!(deleted.is_ok() || env.send_json(Method::GET, &video, Value::Null, None).await.is_err());
            }
            if let Some(before) = before {
                env.send_json(Method::PUT, &path, before, Some("*")).await.unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_test() {
    let rules = include_str!("../../../../sandbox/src/generated/publishing-rules.json");
    let rules: Value = serde_json::from_str(rules).unwrap();
    let known: BTreeSet<&str> =
        rules["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let samples = samples();
    let tested: BTreeSet<&str> = samples.iter().map(|(rule, ..)| *rule).chain(ELSEWHERE).collect();
    assert_eq!(tested, known);
}
