//! Applies that are interrupted at every request and run again. `cargo xtask soak offers` interrupts at every request, `cargo test` at some.

use super::random::{RandomOffer, Size, with_secrets};
use super::round_trip::{apply, export, offers, start};
use super::{Folder, writes};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Applied, Client, OfferManifest, RetryPolicy};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::{TestEnv, client_builder, items, token_source};
use std::collections::BTreeSet;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);
const SMALL: Size = Size { languages: 2, plans: 2, files: 2 };

/// How the program is interrupted.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The connection is lost before the request is processed.
    Before,
    /// The connection is lost after the request was processed.
    After,
    /// The future is dropped while the request is in progress.
    Dropped,
}

/// A client that repeats nothing.
fn impatient(env: &TestEnv) -> Client {
    let client = client_builder().base_url(env.sandbox.url()).token_provider(token_source(&env.sandbox));
    client.retry(RetryPolicy::none()).build().unwrap()
}

/// Applies the manifest with an interruption at the request with this number. Returns false if there are fewer requests.
async fn interrupt(env: &TestEnv, manifest: &OfferManifest, calls: Calls, number: usize, cut: Cut) -> bool {
    let client = impatient(env);
    if number > 0 {
        env.sandbox.fail(calls.clone(), Fault::delay(Duration::ZERO), number);
    }
    let fault = match cut {
        Cut::Before => Fault::reset(),
        Cut::After => Fault::drop_response(),
        Cut::Dropped => Fault::delay(Duration::from_secs(60)),
    };
    env.sandbox.fail(calls, fault, 1000);
    let apply = with_secrets(client.apply_offer(manifest)).poll_interval(MOMENT, MOMENT).branch_wait(MOMENT);
    // A lost creation is searched for several seconds: the program is stopped meanwhile.
    let limit = Duration::from_millis(if matches!(cut, Cut::Dropped) { 400 } else { 2000 });
    let outcome = tokio::time::timeout(limit, apply.send()).await;
    env.sandbox.clear_faults();
    !matches!(outcome, Ok(Ok(_)))
}

/// Checks that nothing is there twice.
async fn assert_nothing_twice(env: &TestEnv, offer: &str, what: &str) {
    let product = ProductId::from(&env.client.product_by_offer_id(offer).await.unwrap());
    let listing = env.client.listing_draft(&product);
    let instance = listing.instance_id().await.unwrap();
    let mut names = Vec::new();
    for variant in items(env.client.list_variants(&product).send()).await {
        names.push(format!("plan {:?}", variant.as_azure_sku().map(|sku| sku.external_id.clone())));
    }
    for package in items(env.client.list_packages(&product).send()).await {
        names.push(format!("package {:?}", package.file_name));
    }
    for asset in items(env.client.list_cosell_assets(&product).send()).await {
        names.push(format!("cosell {:?}", asset.file_name));
    }
    let content = env.client.supplemental_content_draft(&product).get().await.unwrap();
    names.extend(content.assets.iter().flatten().map(|asset| format!("supplement {:?}", asset.file_name)));
    for listing in items(env.client.find_listings(&product, &instance).send()).await {
        let id = ListingId::from(&listing);
        let language = listing.language_code.clone();
        names.push(format!("listing {language:?}"));
        for image in items(env.client.list_listing_images(&product, &id).send()).await {
            names.push(format!("image {language:?} {:?}", image.file_name));
        }
        for asset in items(env.client.list_listing_assets(&product, &id).send()).await {
            names.push(format!("document {language:?} {:?}", asset.file_name));
        }
        for video in items(env.client.list_listing_videos(&product, &id).send()).await {
            names.push(format!("video {language:?} {:?} {:?}", video.file_name, video.streaming_uri));
        }
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = names.iter().filter(|name| !seen.insert(*name)).collect();
    assert!(twice.is_empty(), "{what}: {twice:?}");
}

/// Checks that the end state is that of the manifest, that nothing is there twice, and that nothing differs any more.
async fn assert_complete(env: &TestEnv, manifest: &OfferManifest, applied: &Applied, what: &str) {
    let folder = Folder::new(&what.replace(' ', "-"));
    let state = export(env, applied, folder.path()).await;
    let diff = manifest.diff_from(&state);
    assert!(
        diff.is_empty() && state.diff_from(manifest).changes().iter().all(|c| c.before().is_none()),
        "{what}: {diff}"
    );
    assert_nothing_twice(env, &manifest.offer_id, what).await;
    let sent = writes(env);
    let unchanged = apply(env, manifest).await;
    assert_eq!((unchanged.to_string().as_str(), writes(env)), ("", sent), "{what}");
}

/// Interrupts at one request in each step, counted from `first`.
async fn interrupted(cut: Cut, calls: fn() -> Calls, step: usize) {
    let offer = RandomOffer::new(&format!("faults-{cut:?}-{}", calls()), 5, SMALL);
    let manifest = offer.manifest();
    let step = if std::env::var("PARTNER_FAULTS").is_ok() { 1 } else { step };
    let mut interruptions = 0;
    for number in (0..500).step_by(step) {
        let env = start().await;
        if !interrupt(&env, &manifest, calls(), number, cut).await {
            break;
        }
        interruptions += 1;
        let what = format!("{cut:?} {} {number}", calls());
        let applied = apply(&env, &manifest).await;
        assert_complete(&env, &manifest, &applied, &what).await;
    }
    assert!(interruptions >= 3, "{interruptions} interruptions");
}

#[tokio::test]
async fn an_apply_that_lost_its_connection_before_a_request_continues() {
    interrupted(Cut::Before, Calls::any, 9).await;
}

#[tokio::test]
async fn an_apply_that_lost_its_connection_after_a_request_continues() {
    interrupted(Cut::After, Calls::any, 9).await;
}

#[tokio::test]
async fn an_apply_that_lost_its_connection_in_an_upload_continues() {
    interrupted(Cut::Before, Calls::uploads, 2).await;
    interrupted(Cut::After, Calls::uploads, 2).await;
}

#[tokio::test]
async fn an_apply_that_was_dropped_continues() {
    interrupted(Cut::Dropped, Calls::any, 30).await;
}

/// Faults between any two requests, on a clock that does not wait. The program starts again until it is done.
#[tokio::test(start_paused = true)]
async fn an_apply_under_random_faults_ends_with_what_the_manifest_says() {
    let mut restarts = 0;
    for seed in 0..offers(8) {
        let what = format!("random faults {seed}");
        let offer = RandomOffer::new("faults-random", seed, SMALL);
        let manifest = offer.manifest();
        let env = start().await;
        let client = if seed % 2 == 0 { impatient(&env) } else { env.client.clone() };
        env.sandbox.inject_random_faults(seed, 5);
        let mut starts = 0;
        let applied = loop {
            starts += 1;
            assert!(starts < 200, "{what}: {starts} starts");
            match with_secrets(client.apply_offer(&manifest)).await {
                Ok(applied) => break applied,
                Err(error) => {
                    assert!(error.applied().is_some_and(|applied| !applied.remaining.is_empty()), "{what}: {error}")
                }
            }
        };
        env.sandbox.clear_faults();
        restarts += starts - 1;
        assert_complete(&env, &manifest, &applied, &what).await;
    }
    assert!(restarts > 0, "the faults reach the program");
}

/// A request that the service rejects ends the apply. What the report says was done and what the next apply does is everything, once.
#[tokio::test]
async fn the_report_of_a_failed_apply_is_exact() {
    let offer = RandomOffer::new("faults-report", 5, SMALL);
    let manifest = offer.manifest();
    let sorted = |steps: Vec<String>| {
        let mut steps = steps;
        steps.sort();
        steps
    };
    let names = |applied: &Applied| applied.steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let whole = sorted(names(&apply(&start().await, &manifest).await));
    let writes = [
        Calls::of("PUT", "/products/{productID}/listings/{listingID}/images/{imageID}"),
        Calls::of("POST", "/products/{productID}/listings/{listingID}/assets"),
        Calls::of("PUT", "/products/{productID}/featureavailabilities/{featureAvailabilityID}"),
        Calls::of("PUT", "/products/{productID}/packageconfigurations/{packageConfigurationID}"),
        Calls::of("POST", "/products/{productID}/resellerConfiguration"),
    ];
    for calls in writes {
        let env = start().await;
        env.sandbox.fail(calls.clone(), Fault::status(400), 1);
        let client = impatient(&env);
        let error = with_secrets(client.apply_offer(&manifest)).poll_interval(MOMENT, MOMENT).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(400), "{error}");
        let first = error.applied().unwrap();
        assert!(!first.steps.is_empty() && !first.remaining.is_empty(), "{first}");
        let second = apply(&env, &manifest).await;
        assert_eq!(sorted([names(first), names(&second)].concat()), whole, "{calls}");
    }
}
