//! The state file: a restarted sandbox continues, also after a crash.

use super::client_of;
use crate::sandbox_program::{Folder, Running};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, Page};
use partner_sandbox::{Incident, Sandbox};
use partner_tests::test_env::{TestEnv, checked};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Number of crashes. `PARTNER_CRASHES` sets another one.
const CRASHES: usize = 6;
/// Number of offers created before each crash.
const OFFERS: usize = 50;

#[tokio::test]
async fn a_restarted_sandbox_continues() {
    let folder = Folder::new();
    let file = folder.path("state.json");
    let builder = || checked(Sandbox::builder()).state_file(&file).without_rules().processing_delay(Duration::ZERO);
    let env = TestEnv::with_builder(builder().incident(Incident::WorkflowDetailsMissing)).await;
    let product = env.product("contoso").await;
    let plan = env.variant(&product).await;
    let (package, state) = env.package(&product, b"PK\x03\x04").await;
    env.client.publish(&product).await.unwrap();
    env.sandbox.stop().await.unwrap();

    let env = TestEnv::with_builder(builder()).await;
    let found = env.client.get_product(&product).send().await.unwrap();
    assert_eq!(found.name.as_deref(), Some("contoso"));
    env.draft(&product, "Listing", Some(&plan)).await;
    let again = env.client.get_package(&product, &package).send().await.unwrap();
    assert_eq!(again.state, Some(state));
    let submissions = env.client.list_submissions(&product).send().await.unwrap();
    assert_eq!(submissions.items().len(), 1);
    // A seed is read, but not changed, and a reset returns to it.
    env.sandbox.stop().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    let env = TestEnv::with_builder(checked(Sandbox::builder()).seed(&file)).await;
    env.product("fabrikam").await;
    env.sandbox.reset();
    let offers = env.client.list_products().send().await.unwrap();
    assert_eq!(offers.items().len(), 1);
    env.sandbox.stop().await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn an_unusable_file_is_an_error_at_the_start() {
    let folder = Folder::new();
    let newer = folder.with("newer.json", "{\"format\": 99, \"more\": 1}");
    for (file, expected) in [
        (folder.with("text.json", "text"), "is not a state file"),
        (newer, "format 99 is not supported"),
        (folder.path("missing/state.json"), "No such file"),
    ] {
        let error = checked(Sandbox::builder()).state_file(&file).start().await.unwrap_err().to_string();
        assert!(error.contains(expected) || !expected.contains("such"), "{error}");
    }
}

/// Returns the ids of the offers in a state file. It is complete at every moment.
fn saved(file: &Path) -> BTreeSet<String> {
    let Ok(text) = std::fs::read(file) else { return BTreeSet::new() };
    let state: Value = serde_json::from_slice(&text).expect("the file is complete");
    state["products"].as_object().unwrap().keys().cloned().collect()
}

/// Returns true if the program is writing its file.
fn is_writing(folder: &Path) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap();
    files.any(|file| file.unwrap().path().extension().is_some_and(|extension| extension == "tmp"))
}

/// Creates some offers, and changes the last one until the sandbox does not respond.
async fn change(client: &Client, round: usize) -> Result<(), Error> {
    let setup = json!({"resourceType": "AzureProductSetup", "sellingOption": "ListAndSell"});
    let mut path = String::new();
    for number in 0.. {
        if number < OFFERS {
            let name = format!("offer-{round}-{number}");
            let offer = client.create_product(AzureProduct::application(&name, &name)).await?;
            path = format!("products/{}/setup", offer.id.clone().unwrap());
        } else {
            client.request(Method::POST, &path).json(&setup).send::<Value>().await?;
        }
    }
    Ok(())
}

/// Changes offers until the program is killed. Every second crash is in the middle of saving.
async fn crash(mut running: Running, folder: &Path, file: &Path, round: usize) -> BTreeSet<String> {
    let client = client_of(&running);
    let changing = tokio::spawn(async move { change(&client, round).await });
    let mut random = fastrand::Rng::new();
    let wait = random.u64(0..2500);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    // Once something is saved, a crash can lose it.
    while saved(file).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while round % 2 == 1 && !is_writing(folder) {
        tokio::task::yield_now().await;
    }
    let before = saved(file);
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    changing.abort();
    before
}

/// Checks that every offer is complete.
async fn check(client: &Client, ids: &BTreeSet<String>) {
    let mut offers = client.list_products().stream();
    let mut found = BTreeSet::new();
    while let Some(offer) = futures_util::StreamExt::next(&mut offers).await {
        found.insert(offer.unwrap().id.clone().unwrap().as_str().to_owned());
    }
    let missing: Vec<_> = ids.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for id in found.iter().take(20) {
        let id = ProductId::from(id.as_str());
        client.get_product_setup(&id).send().await.unwrap();
        let branches = client.list_branches(&id, "Listing").send().await.unwrap();
        assert_eq!(branches.items().len(), 1);
    }
}

/// A sandbox that is killed at a random moment starts with a complete state, which has everything that was saved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_survives_crashes() {
    let folder = Folder::new();
    let file = folder.path("state.json");
    let crashes = std::env::var("PARTNER_CRASHES").map_or(CRASHES, |number| number.parse().unwrap());
    let args = ["--state", &file, "--page-size", "1000"];
    for round in 0..crashes {
        let before = crash(Running::start(&args), Path::new(&folder.path("")), Path::new(&file), round).await;
        let running = Running::start(&args);
        check(&client_of(&running), &before).await;
    }
    assert!(!saved(Path::new(&file)).is_empty(), "something was saved");
}
