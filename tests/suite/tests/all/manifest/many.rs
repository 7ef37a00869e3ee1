//! Several offers at a time, and the limits of what happens at the same time.

use super::{Folder, writes};
use futures_util::{FutureExt, TryStreamExt};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, IfPending, OfferManifest, Stage};
use partner_sandbox::{Calls, Fault};
use partner_tests::offer::complete;
use partner_tests::test_env::TestEnv;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);
/// How many files are downloaded, compared or uploaded at a time.
const FILES_AT_A_TIME: u64 = 4;

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder.join(name)).unwrap();
    std::fs::write(folder.join(name).join("offer.json"), text).unwrap();
}

fn offer(id: &str, rest: &str) -> String {
    format!("{{\"offerId\": {id:?}, \"type\": \"AzureApplication\", \"name\": {id:?}{rest}}}")
}

fn offers(number: usize) -> Vec<OfferManifest> {
    let read = |number| {
        let text = offer(&format!("offer-{number}"), r#", "property": {"appVersion": "1"}"#);
        OfferManifest::from_json("offer.json", &text).unwrap()
    };
    (0..number).map(read).collect()
}

async fn products(env: &TestEnv) -> Vec<AzureProduct> {
    env.client.list_products().stream().try_collect().await.unwrap()
}

#[tokio::test]
async fn a_folder_of_offers_has_a_report_for_each_and_failures_do_not_stop_the_others() {
    let folder = Folder::new("many-report");
    write(folder.path(), "b-good", &offer("b", ""));
    write(folder.path(), "c-bad", &offer("c", r#", "plan": {}"#));
    write(folder.path(), "d-twin", &offer("twin", ""));
    write(folder.path(), "a-refused", &offer("a", r#", "property": {"appVersion": "1"}"#));
    write(folder.path(), "e-twin", &offer("Twin", ""));
    write(folder.path(), "f-good", &offer("f", r#", "property": {"appVersion": "1"}"#));
    std::fs::create_dir(folder.path().join("no-offer")).unwrap();
    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::of("PUT", "/products/{productID}/properties/{propertyID}"), Fault::status(400), 1);
    let ended = Arc::new(Mutex::new(Vec::new()));
    let log = ended.clone();
    // One at a time, so that the rejected request is that of the first.
    let apply = env.client.apply_offers(OfferManifest::load_all(folder.path()).await).max_concurrent_offers(1);
    let apply = apply.configure(|_, apply| apply.poll_interval(MOMENT, MOMENT));
    let report = apply.on_offer(move |offer| log.lock().unwrap().push(offer.folder.clone())).await;

    let names: Vec<&str> =
        report.offers.iter().map(|offer| offer.folder.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["a-refused", "b-good", "c-bad", "d-twin", "e-twin", "f-good"]);
    let folders: Vec<_> = report.offers.iter().map(|offer| offer.folder.clone()).collect();
    assert_eq!(*ended.lock().unwrap(), folders);
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("a: failed after 1 change: "), "{text}");
    assert_eq!((lines[1], lines[5]), ("b: 1 change", "f: 2 changes"));
    assert!(lines[2].contains("c-bad: failed: ") && lines[2].contains("did you mean `plans`?"), "{text}");
    assert!(
        lines[3].contains("offer.json:1:13: /offerId: is \"twin\", which") && lines[3].contains("e-twin"),
        "{text}"
    );
    assert!(lines[4].contains("is \"Twin\", which") && lines[4].ends_with("d-twin"), "{text}");
    let failed: Vec<_> = report.failures().map(|(offer, error)| (offer.offer_id.clone(), error.kind())).collect();
    let id = |id: &str| Some(id.to_owned());
    let kind = ErrorKind::Manifest;
    assert_eq!(failed, [(id("a"), ErrorKind::Status), (None, kind), (id("twin"), kind), (id("Twin"), kind)]);
    assert_eq!(report.offers[0].applied().unwrap().remaining, ["offer, Property"]);

    let there = products(&env).await;
    let there: BTreeSet<_> = there.iter().filter_map(AzureProduct::offer_id).collect();
    assert_eq!(there, BTreeSet::from(["a", "b", "f"]), "nothing of the others was sent");
}

#[tokio::test]
async fn a_folder_without_a_manifest_is_an_error_and_a_folder_with_one_is_one_offer() {
    let folder = Folder::new("many-one");
    for path in [folder.path().to_owned(), folder.path().join("nowhere")] {
        let [offer] = &OfferManifest::load_all(&path).await[..] else { panic!("one item") };
        let error = offer.manifest.as_ref().unwrap_err();
        assert_eq!((error.kind(), &offer.folder), (ErrorKind::Io, &path));
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    write(folder.path(), "a", &offer("a", ""));
    write(folder.path(), "a/inner", &offer("inner", ""));
    let [offer] = &OfferManifest::load_all(folder.path().join("a")).await[..] else { panic!("one item") };
    assert_eq!(offer.manifest.as_ref().unwrap().offer_id, "a");
    let file = folder.path().join("a/offer.json");
    let [offer] = &OfferManifest::load_all(&file).await[..] else { panic!("one item") };
    assert_eq!(offer.manifest.as_ref().unwrap().folder(), folder.path().join("a"));
}

/// Returns the largest number of offers that were applied at the same time.
async fn most_at_a_time(env: &TestEnv, limit: Option<usize>) -> usize {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begun, ended, largest) = (running.clone(), running, most.clone());
    let apply = env.client.apply_offers(offers(9));
    let apply = match limit {
        Some(limit) => apply.max_concurrent_offers(limit),
        None => apply,
    };
    let apply = apply.configure(move |_, apply| {
        largest.fetch_max(begun.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        apply.poll_interval(MOMENT, MOMENT)
    });
    let report = apply
        .on_offer(move |_| {
            ended.fetch_sub(1, Ordering::SeqCst);
        })
        .await;
    assert_eq!((report.offers.len(), report.failures().count()), (9, 0), "{report}");
    most.load(Ordering::SeqCst)
}

#[tokio::test]
async fn no_more_offers_than_the_limit_are_applied_at_a_time() {
    for (limit, most) in [(None, 4), (Some(1), 1), (Some(3), 3), (Some(0), 1), (Some(usize::MAX), 9)] {
        let env = TestEnv::start().await;
        assert_eq!(most_at_a_time(&env, limit).await, most, "limit {limit:?}");
    }
}

#[tokio::test]
async fn offers_that_were_dropped_continue() {
    let env = TestEnv::start().await;
    let created = Arc::new(AtomicUsize::new(0));
    let steps = created.clone();
    let apply = env.client.apply_offers(offers(6)).max_concurrent_offers(2).configure(move |_, apply| {
        let steps = steps.clone();
        apply.poll_interval(MOMENT, MOMENT).on_step(move |_| {
            steps.fetch_add(1, Ordering::SeqCst);
        })
    });
    let mut apply = apply.send().boxed();
    while created.load(Ordering::SeqCst) < 3 {
        assert!(futures_util::poll!(&mut apply).is_pending());
        tokio::task::yield_now().await;
    }
    drop(apply);
    assert!(created.load(Ordering::SeqCst) < 12, "all offers were applied");
    let again = || env.client.apply_offers(offers(6)).configure(|_, apply| apply.poll_interval(MOMENT, MOMENT));
    let report = again().await;
    assert_eq!(report.failures().count(), 0, "{report}");
    assert_eq!(products(&env).await.len(), 6, "no offer is there twice");
    let sent = writes(&env);
    assert_eq!(again().await.to_string(), (0..6).map(|n| format!("offer-{n}: no changes\n")).collect::<String>());
    assert_eq!(writes(&env), sent);
}

#[tokio::test]
async fn an_offer_is_published_after_it_was_applied_if_a_draft_differs_from_what_is_live() {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let mut manifest = env.client.export_offer(&offer.product).await.unwrap().manifest;
    let folder = Folder::new("many-publish");
    env.client.export_offer(&offer.product).to(folder.path()).await.unwrap();
    manifest = manifest.with_folder(folder.path());
    let publish = |manifest: &OfferManifest| {
        let apply = env.client.apply_offer(manifest).poll_interval(MOMENT, MOMENT);
        apply.publish(|publish| publish.to_live().if_pending(IfPending::Adopt).poll_interval(MOMENT, MOMENT))
    };
    let applied = publish(&manifest).await.unwrap();
    assert!(applied.steps.is_empty(), "{applied}");
    assert_eq!(applied.submission.as_ref().map(Stage::of), Some(Stage::Live));
    assert!(publish(&manifest).await.unwrap().submission.is_none(), "everything is live");

    manifest.property = Some(serde_json::from_str(r#"{"appVersion": "2"}"#).unwrap());
    env.sandbox.fail(Calls::of("POST", "/products/{productID}/submissions"), Fault::status(400), 1);
    let error = publish(&manifest).await.unwrap_err();
    assert_eq!(error.operation(), Some("create_submission"));
    let applied = error.applied().unwrap();
    assert_eq!(applied.to_string(), "offer, Property: changed\noffer, Submission: not done\n");
    assert!(publish(&manifest).await.unwrap().submission.is_some());

    env.sandbox.fail(Calls::of("PUT", "/products/{productID}/properties/{propertyID}"), Fault::status(400), 1);
    manifest.property = Some(serde_json::from_str(r#"{"appVersion": "3"}"#).unwrap());
    let error = publish(&manifest).await.unwrap_err();
    assert_eq!(error.applied().unwrap().remaining, ["offer, Property", "offer, Submission"]);
}

/// Each transfer takes a second of a clock that does not wait: eight files take two, four at a time.
#[tokio::test(start_paused = true)]
async fn no_more_than_four_files_are_transferred_at_a_time() {
    const FILES: u64 = 8;
    let env = TestEnv::with_processing_delay(Duration::ZERO).await;
    let folder = Folder::new("many-files");
    let images = (0..FILES).map(|number| {
        std::fs::write(folder.path().join(format!("{number}.png")), format!("image {number}")).unwrap();
        format!(r#"{{"file": "{number}.png", "type": "AzureScreenshot"}}"#)
    });
    let images = images.collect::<Vec<_>>().join(", ");
    let text = offer("app", &format!(r#", "listings": {{"en-us": {{"images": [{images}]}}}}"#));
    let manifest = OfferManifest::from_json("offer.json", &text).unwrap().with_folder(folder.path());
    let seconds = async |work: &mut (dyn Future<Output = ProductId> + Unpin + Send)| {
        env.sandbox.clear_faults();
        env.sandbox.fail(Calls::uploads(), Fault::delay(Duration::from_secs(1)), 1000);
        let begun = tokio::time::Instant::now();
        let product = work.await;
        (product, begun.elapsed().as_secs())
    };
    let apply = async { env.client.apply_offer(&manifest).await.unwrap().product.unwrap() };
    let (product, uploads) = seconds(&mut apply.boxed()).await;
    assert_eq!(uploads, FILES / FILES_AT_A_TIME, "uploads");
    let apply = async { env.client.apply_offer(&manifest).await.unwrap().product.unwrap() };
    let (product, comparisons) = (product, seconds(&mut apply.boxed()).await.1);
    assert_eq!(comparisons, FILES / FILES_AT_A_TIME, "comparisons");
    let export = async {
        env.client.export_offer(&product).to(folder.path().join("export")).await.unwrap();
        product.clone()
    };
    assert_eq!(seconds(&mut export.boxed()).await.1, FILES / FILES_AT_A_TIME, "downloads");
}
