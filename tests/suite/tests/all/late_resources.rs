//! New resources, which may be missing for a moment: workflows wait for them, and calls report the 404.

use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt, TryFutureExt};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, FileSource};
use partner_sandbox::{Calls, Fault, Incident, Sandbox};
use partner_tests::offer::{archive, png};
use partner_tests::test_env::{TestEnv, checked};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(5);
const LOGO: &str = "AzureLogoLarge";

fn logo() -> FileSource {
    FileSource::bytes("logo.png", png(16, 16))
}

fn package() -> FileSource {
    FileSource::bytes("app.zip", archive())
}

/// Every step follows the creation of the resource that it needs.
#[tokio::test]
async fn workflows_wait_for_the_resources_that_they_created() -> Result<(), Error> {
    let sandbox = checked(Sandbox::builder()).without_rules().processing_delay(Duration::from_millis(400));
    let TestEnv { sandbox, client } = TestEnv::with_builder(sandbox).await;
    sandbox.start_incident(Incident::LateResources).unwrap();
    let product = client.ensure_product(AzureProduct::application("app", "App")).await?;
    let plan = client.ensure_variant(&*product, AzureSkuVariant::managed_app("plan", "Plan")).await?;
    let listing = client.listing_draft(&*product).modify(|listing| listing.set_summary("New")).await?;
    client.ensure_image(&*product, &*listing, LOGO, logo()).await?;
    let package = client.ensure_package(&*product, package()).poll_interval(MOMENT, MOMENT).await?;
    client.package_configuration_draft(&*product, &*plan).modify(|draft| draft.set_package(&package)).await?;
    client.publish(&*product).await.map(drop)
}

type Workflow = fn(Client, ProductId, VariantId, ListingId) -> BoxFuture<'static, Result<(), Error>>;

/// The calls of each workflow that may name a resource which was just created.
const WORKFLOWS: [(&str, &str, Workflow); 14] = [
    ("GET", "/products/{productID}/variants", ensure_plan),
    ("POST", "/products/{productID}/variants", ensure_plan),
    ("GET", "/products/{productID}/branches/getByModule(module={module})", change_draft),
    ("GET", "/products/{productID}/listings/getByInstanceID(instanceID={instanceID})", change_draft),
    ("PUT", "/products/{productID}/listings/{listingID}", change_draft),
    ("GET", "/products/{productID}/listings/{listingID}", change_listing),
    ("PUT", "/products/{productID}/listings/{listingID}", change_listing),
    ("GET", "/products/{productID}/listings/{listingID}/images", ensure_logo),
    ("POST", "/products/{productID}/listings/{listingID}/images", ensure_logo),
    ("POST", "/products/{productID}/packages", upload_package),
    ("GET", "/products/{productID}", publish),
    ("GET", "/products/{productID}/submissions", publish),
    ("GET", "/products/{productID}/branches/getByModule(module={module})", publish),
    ("POST", "/products/{productID}/submissions", publish),
];

fn ensure_plan(
    client: Client,
    product: ProductId,
    _: VariantId,
    _: ListingId,
) -> BoxFuture<'static, Result<(), Error>> {
    async move { client.ensure_variant(product, AzureSkuVariant::managed_app("other", "Other")).await.map(drop) }
        .boxed()
}

fn change_draft(
    client: Client,
    product: ProductId,
    _: VariantId,
    _: ListingId,
) -> BoxFuture<'static, Result<(), Error>> {
    async move { client.listing_draft(product).modify(|listing| listing.set_summary("New")).await.map(drop) }.boxed()
}

fn change_listing(
    client: Client,
    product: ProductId,
    _: VariantId,
    listing: ListingId,
) -> BoxFuture<'static, Result<(), Error>> {
    async move { client.modify_listing(product, listing, |listing| listing.set_summary("New")).await.map(drop) }.boxed()
}

fn ensure_logo(
    client: Client,
    product: ProductId,
    _: VariantId,
    listing: ListingId,
) -> BoxFuture<'static, Result<(), Error>> {
    client.ensure_image(product, listing, LOGO, logo()).into_future().map_ok(drop).boxed()
}

fn upload_package(
    client: Client,
    product: ProductId,
    _: VariantId,
    _: ListingId,
) -> BoxFuture<'static, Result<(), Error>> {
    client.upload_package(product, package()).poll_interval(MOMENT, MOMENT).into_future().map_ok(drop).boxed()
}

fn publish(client: Client, product: ProductId, _: VariantId, _: ListingId) -> BoxFuture<'static, Result<(), Error>> {
    client.publish(product).poll_interval(MOMENT, MOMENT).into_future().map_ok(drop).boxed()
}

#[tokio::test]
async fn two_404_responses_do_not_fail_a_workflow() {
    let cases = WORKFLOWS.map(async |(method, path, workflow)| {
        let env = TestEnv::start_lenient().await;
        let product = env.product("app").await;
        let plan = env.variant(&product).await;
        let listing = ListingId::from(&*env.client.listing_draft(&product).get().await.unwrap());
        env.sandbox.fail(Calls::of(method, path), Fault::status(404), 2);
        let outcome = workflow(env.client.clone(), product, plan, listing).await;
        let missing = env.sandbox.calls().iter().filter(|call| call.status == 404).count();
        assert_eq!(missing, 2, "{method} {path}: {outcome:?}");
        outcome.err().map(|error| format!("{method} {path}: {error}"))
    });
    let failed: Vec<_> = join_all(cases).await.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// An id that does not exist is reported soon.
#[tokio::test]
async fn a_third_404_is_the_error() {
    let env = TestEnv::start_lenient().await;
    let missing = ProductId::from("11111111-2222-3333-4444-555555555555");
    let draft = env.client.listing_draft(&missing);
    let outcomes = [
        draft.modify(|listing| listing).map_ok(drop).boxed(),
        env.client.modify_listing(&missing, "7", |listing| listing).map_ok(drop).boxed(),
        env.client.publish(&missing).into_future().map_ok(drop).boxed(),
    ];
    for outcome in join_all(outcomes).await {
        let error = outcome.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(404), "{error}");
    }
    assert_eq!(env.sandbox.calls().iter().filter(|call| call.status == 404).count(), 9);
}
