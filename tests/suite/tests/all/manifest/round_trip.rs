//! Random offers: applied, exported, applied to an empty account and exported again. `cargo xtask soak offers` runs more of them.

use super::random::{RandomOffer, Size, with_secrets};
use super::schema::validator;
use super::{Folder, files, writes};
use futures_util::{StreamExt, stream};
use jsonschema::Validator;
use partner_ingestion_sdk::{Applied, OfferManifest};
use partner_sandbox::Sandbox;
use partner_tests::test_env::{TestEnv, checked};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// The schema of a manifest.
static SCHEMA: LazyLock<Validator> = LazyLock::new(validator);
const MOMENT: Duration = Duration::from_millis(1);

pub(super) async fn start() -> TestEnv {
    TestEnv::with_builder(checked(Sandbox::builder()).without_rules().processing_delay(MOMENT)).await
}

pub(super) async fn apply(env: &TestEnv, manifest: &OfferManifest) -> Applied {
    let apply = with_secrets(env.client.apply_offer(manifest)).poll_interval(MOMENT, MOMENT);
    apply.await.unwrap_or_else(|error| panic!("{error}\n{:?}", error.applied()))
}

pub(super) async fn export(env: &TestEnv, applied: &Applied, folder: &Path) -> OfferManifest {
    let product = applied.product.clone().unwrap();
    env.client.export_offer(&product).to(folder).await.unwrap().manifest
}

/// The number of random offers.
pub(super) fn offers(default: u64) -> u64 {
    std::env::var("PARTNER_OFFERS").map_or(default, |offers| offers.parse().unwrap())
}

fn assert_same_files(seed: u64, left: &Path, right: &Path) {
    let (left, right) = (files(left), files(right));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right), "seed {seed}");
    for ((name, left), (_, right)) in left.iter().zip(&right) {
        assert_eq!(String::from_utf8_lossy(left), String::from_utf8_lossy(right), "seed {seed}, {name}");
    }
}

async fn round_trip(seed: u64) {
    let offer = RandomOffer::new("round-trip", seed, Size::FULL);
    let manifest = offer.manifest();
    let first = start().await;
    let applied = apply(&first, &manifest).await;
    let exported = Folder::new(&format!("round-trip-{seed}-first"));
    let state = export(&first, &applied, exported.path()).await;
    let json = serde_json::from_str(&state.to_json()).unwrap();
    let faults: Vec<String> =
        SCHEMA.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "seed {seed}: the export follows the schema\n{faults:#?}");
    let diff = manifest.diff_from(&state);
    assert!(diff.is_empty(), "seed {seed}: what was applied is there\n{diff}");

    let second = start().await;
    let loaded = OfferManifest::load(exported.path()).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let applied = apply(&second, &loaded).await;
    let again = Folder::new(&format!("round-trip-{seed}-second"));
    export(&second, &applied, again.path()).await;
    assert_same_files(seed, exported.path(), again.path());

    let sent = writes(&second);
    let unchanged = apply(&second, &loaded).await;
    assert_eq!((unchanged.to_string().as_str(), writes(&second)), ("", sent), "seed {seed}: nothing is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exported_random_offer_is_applied_to_an_empty_account_and_exported_the_same() {
    stream::iter(0..offers(15))
        .map(|seed| tokio::spawn(round_trip(seed)))
        .buffer_unordered(4)
        .for_each(async |outcome| {
            outcome.unwrap();
        })
        .await;
}
