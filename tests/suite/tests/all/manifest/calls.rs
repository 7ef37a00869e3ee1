//! The calls of an apply, beside those that a person makes by hand. `cargo xtask bench offers` measures 100 offers and prints the time.

use super::Folder;
use super::round_trip::offers;
use futures_util::{StreamExt, TryStreamExt, stream};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{FileSource, OfferManifest};
use partner_sandbox::Sandbox;
use partner_tests::offer::{archive, complete, png};
use partner_tests::test_env::{TestEnv, checked, items};
use std::path::Path;
use std::time::{Duration, Instant};

const MOMENT: Duration = Duration::from_millis(1);
/// How many offers are applied at a time.
const CONCURRENT: usize = 4;
/// The largest ratio of calls.
const MOST: f64 = 1.2;

/// Exports an offer of three plans with a logo and a package.
async fn sample(folder: &Path) -> OfferManifest {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    let manifest = env.client.export_offer(&offer.product).to(folder).await.unwrap().manifest;
    let mut json: serde_json::Value = serde_json::from_str(&manifest.to_json()).unwrap();
    let mut third = json["plans"]["managed"].clone();
    third["friendlyName"] = "Third".into();
    json["plans"]["third"] = third;
    OfferManifest::from_json("offer.json", &json.to_string()).unwrap().with_folder(folder)
}

fn named(manifest: &OfferManifest, number: u64) -> OfferManifest {
    let mut manifest = manifest.clone();
    manifest.offer_id = format!("offer-{number}");
    manifest
}

/// The drafts of an offer and its plans, as a person reads them: the branches of a module, and then each draft.
struct Drafts {
    product: ProductId,
    listings: Vec<AzureListing>,
    property: AzureProperty,
    audience: ProductAvailability,
    availabilities: Vec<FeatureAvailability>,
    configurations: Vec<PackageConfiguration>,
}

async fn read_drafts(env: &TestEnv, product: ProductId) -> Drafts {
    let client = &env.client;
    let mut instances = Vec::new();
    for module in [Module::Listing, Module::Property, Module::Availability, Module::Package] {
        let branches: Vec<Branch> = client.list_branches(&product, module).stream().try_collect().await.unwrap();
        let of_module =
            branches.into_iter().map(|branch| (branch.variant_id, branch.current_draft_instance_id.unwrap()));
        instances.push(of_module.collect::<Vec<_>>());
    }
    let of_offer = |module: usize| instances[module].iter().find(|(plan, _)| plan.is_none()).unwrap().1.clone();
    let of_plans = |module: usize| {
        instances[module].iter().filter(|(plan, _)| plan.is_some()).map(|(_, instance)| instance.clone())
    };
    let mut listings = items(client.find_listings(&product, of_offer(0)).send()).await;
    for instance in of_plans(0) {
        listings.extend(items(client.find_listings(&product, &instance).send()).await);
    }
    let property = items(client.find_properties(&product, of_offer(1)).send()).await.remove(0);
    let audience = items(client.find_product_availabilities(&product, of_offer(2)).send()).await.remove(0);
    let (mut availabilities, mut configurations) = (Vec::new(), Vec::new());
    for instance in of_plans(2) {
        availabilities.extend(items(client.find_feature_availabilities(&product, &instance).send()).await);
    }
    for instance in of_plans(3) {
        configurations.extend(items(client.find_package_configurations(&product, &instance).send()).await);
    }
    Drafts { product, listings, property, audience, availabilities, configurations }
}

/// Finds out whether an offer differs from its files: reads everything that the files describe.
async fn compare_by_hand(env: &TestEnv, manifest: &OfferManifest) -> Drafts {
    let client = &env.client;
    let product = ProductId::from(&client.product_by_offer_id(&manifest.offer_id).await.unwrap());
    assert_eq!(items(client.list_variants(&product).send()).await.len(), 3);
    if manifest.setup.is_some() {
        client.get_product_setup(&product).send().await.unwrap();
    }
    let drafts = read_drafts(env, product).await;
    let images = client.list_listing_images(&drafts.product, &drafts.listings[0]).expand("FileSasUri").send();
    assert_eq!(items(images).await.len(), 1);
    let packages = items(client.list_packages(&drafts.product).send()).await;
    client.get_package(&drafts.product, &packages[0]).send().await.unwrap();
    drafts
}

async fn change_by_hand(env: &TestEnv, manifest: &OfferManifest) {
    let drafts = compare_by_hand(env, manifest).await;
    let listing = drafts.listings[0].clone().set_summary("By hand");
    env.client.replace_listing(&drafts.product, &drafts.listings[0], listing).send().await.unwrap();
}

/// Creates an offer: what is created is read for its entity tag, and written.
async fn create_by_hand(env: &TestEnv, manifest: &OfferManifest) {
    let client = &env.client;
    let new = AzureProduct::application(&manifest.offer_id, &manifest.name);
    let product = ProductId::from(&client.create_product(new).send().await.unwrap());
    if let Some(setup) = &manifest.setup {
        client.set_product_setup(&product, setup.to_resource().unwrap()).send().await.unwrap();
    }
    for (id, plan) in &manifest.plans {
        let Variant::AzureSku(sku) = plan.plan.to_resource().unwrap() else { panic!("a plan") };
        client.create_variant(&product, Variant::AzureSku(sku.set_external_id(id))).send().await.unwrap();
    }
    let Drafts { product, listings, property, audience, availabilities, configurations } =
        read_drafts(env, product).await;
    let image = ListingImage::default().set_type("AzureLogoLarge").set_file_name("logo.png");
    let image = client.create_listing_image(&product, &listings[0], image).send().await.unwrap();
    client.upload(image.file_sas_uri.as_ref().unwrap(), FileSource::bytes("logo.png", png(216, 216))).await.unwrap();
    let marked = (*image).clone().set_state(UploadState::Uploaded);
    client.replace_listing_image(&product, &listings[0], &image, marked).send().await.unwrap();
    let file = AzurePackage::default().set_file_name("app.zip");
    let package = client.create_package(&product, file).send().await.unwrap();
    client.upload(package.file_sas_uri.as_ref().unwrap(), FileSource::bytes("app.zip", archive())).await.unwrap();
    let marked = (*package).clone().set_state(UploadState::Uploaded);
    client.replace_package(&product, &package, marked).send().await.unwrap();
    client.get_package(&product, &package).send().await.unwrap();
    for listing in listings {
        client.replace_listing(&product, &listing, listing.clone()).send().await.unwrap();
    }
    client.replace_property(&product, &property, property.clone()).send().await.unwrap();
    client.replace_product_availability(&product, &audience, audience.clone()).send().await.unwrap();
    for availability in availabilities {
        client.replace_feature_availability(&product, &availability, availability.clone()).send().await.unwrap();
    }
    for configuration in configurations {
        client.replace_package_configuration(&product, &configuration, configuration.clone()).send().await.unwrap();
    }
}

/// A sandbox without waits: branches and packages are there at once.
async fn start() -> TestEnv {
    TestEnv::with_builder(checked(Sandbox::builder()).processing_delay(Duration::ZERO)).await
}

/// The calls and the time of a function.
async fn measured<T>(env: &TestEnv, run: impl Future<Output = T>) -> (usize, Duration) {
    let (before, start) = (env.sandbox.call_count(), Instant::now());
    run.await;
    (env.sandbox.call_count() - before, start.elapsed())
}

async fn apply_all(env: &TestEnv, manifests: &[OfferManifest]) {
    let apply = |manifest| async move { env.client.apply_offer(manifest).poll_interval(MOMENT, MOMENT).await.unwrap() };
    stream::iter(manifests).map(apply).buffer_unordered(CONCURRENT).for_each(async |_| {}).await;
}

#[tokio::test]
async fn an_apply_needs_hardly_more_calls_than_a_person() {
    let folder = Folder::new("calls");
    let sample = sample(folder.path()).await;
    let number = offers(2);
    let mut manifests: Vec<OfferManifest> = (0..number).map(|number| named(&sample, number)).collect();
    let (env, hand) = (start().await, start().await);
    // An account without offers is searched more thoroughly, once.
    env.product("another").await;
    let by_hand = named(&sample, 0);
    println!("\n| {number} offers of 3 plans | calls for an offer | by hand | ratio | time, 4 at a time |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for what in ["all new", "nothing changed", "one field changed"] {
        if what == "one field changed" {
            for manifest in &mut manifests {
                let listing = manifest.listings.get_mut("en-us").unwrap();
                let mut json = serde_json::to_value(&listing.listing).unwrap();
                json["summary"] = "Now faster".into();
                listing.listing = serde_json::from_value(json).unwrap();
            }
        }
        let (calls, time) = measured(&env, apply_all(&env, &manifests)).await;
        let (person, _) = match what {
            "all new" => measured(&hand, create_by_hand(&hand, &by_hand)).await,
            "nothing changed" => measured(&env, compare_by_hand(&env, &by_hand)).await,
            _ => measured(&env, change_by_hand(&env, &by_hand)).await,
        };
        let calls = calls as f64 / number as f64;
        let ratio = calls / person as f64;
        println!("| {what} | {calls:.1} | {person} | {ratio:.2} | {:.2} s |", time.as_secs_f64());
        assert!(ratio <= MOST, "{what}: {calls:.1} calls, {person} by hand");
    }
}
