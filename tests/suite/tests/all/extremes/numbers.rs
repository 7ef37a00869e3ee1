//! Durations and numbers: zero, one and the largest value of every function that takes one, in a call that uses the value.

use super::{Row, row, run};
use futures_util::stream;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{
    Apply, Client, ClientBuilder, FileSource, FileUpload, OfferManifest, Part, Publish, RetryPolicy,
};
use partner_sandbox::{Calls, ErrorShape, Fault, Sandbox, SandboxBuilder};
use partner_tests::test_env::{TestEnv, checked, client_builder, start_sandbox, token_source};
use std::time::Duration;

/// The value of one run, in every type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extreme {
    time: Duration,
    number: u64,
    fraction: f64,
}

impl Extreme {
    fn size(self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX)
    }

    fn small(self) -> u32 {
        u32::try_from(self.number).unwrap_or(u32::MAX)
    }

    fn status(self) -> u16 {
        u16::try_from(self.number).unwrap_or(u16::MAX)
    }
}

const EXTREMES: [Extreme; 3] = [
    Extreme { time: Duration::ZERO, number: 0, fraction: f64::NAN },
    Extreme { time: Duration::from_nanos(1), number: 1, fraction: f64::NEG_INFINITY },
    Extreme { time: Duration::MAX, number: u64::MAX, fraction: f64::MAX },
];

const SHORT: Duration = Duration::from_millis(20);
const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

pub(super) async fn call(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) {
    let sandbox = start_sandbox().await;
    sandbox.fail(Calls::any(), Fault::status(503), 1);
    let builder = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = configure(builder).build().unwrap();
    let _ = client.list_products().await;
    let _ = client.create_product(AzureProduct::application("a", "a")).await;
}

async fn upload(configure: impl FnOnce(FileUpload<AzurePackage>) -> FileUpload<AzurePackage>) {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let upload = env.client.upload_package(&product, FileSource::bytes("a.zip", ARCHIVE));
    let _ = configure(upload.poll_interval(SHORT, SHORT)).await;
}

pub(super) async fn publish(configure: impl FnOnce(Publish) -> Publish) {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    env.variant(&product).await;
    let _ = configure(env.client.publish(&product).poll_interval(SHORT, SHORT)).to_live().await;
}

pub(super) async fn apply(configure: impl FnOnce(Apply) -> Apply) {
    let env = TestEnv::start().await;
    let mut manifest = OfferManifest::new("app", ProductType::AzureApplication, "App");
    manifest.property = Part::new(&AzureProperty::default().set_app_version("1")).ok();
    let _ = configure(env.client.apply_offer(&manifest)).await;
}

/// Everything that the sandbox processes asynchronously.
pub(super) async fn sandbox(configure: impl FnOnce(SandboxBuilder) -> SandboxBuilder) {
    let env = TestEnv::with_builder(configure(checked(Sandbox::builder()).without_rules())).await;
    process(&env.client).await;
}

pub(super) async fn process(client: &Client) {
    for offer in ["a", "b"] {
        let Ok(product) = client.create_product(AzureProduct::application(offer, offer)).await else { return };
        let _ = client.create_variant(&*product, AzureSkuVariant::plan("p", "P")).await;
        let file = FileSource::bytes("a.zip", ARCHIVE);
        let _ = client.upload_package(&*product, file).poll_interval(SHORT, SHORT).max_wait(5 * SHORT).await;
        let publish = client.publish(&*product).poll_interval(SHORT, SHORT).branch_wait(5 * SHORT);
        let _ = publish.max_wait(10 * SHORT).to_live().await;
        let _ = client.list_submissions(&*product).await;
    }
    let _ = client.list_products().await;
}

/// Calls of every kind with a fault in each of them.
async fn fault(fault: Fault, times: usize) {
    let sandbox = start_sandbox().await;
    for calls in [Calls::tokens(), Calls::any(), Calls::uploads()] {
        sandbox.fail(calls, fault.clone(), times);
    }
    let builder = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = builder.retry(RetryPolicy::none()).timeout(Duration::from_millis(100)).build().unwrap();
    for _ in 0..3 {
        let _ = client.list_products().await;
    }
    process(&client).await;
}

fn partner_ingestion_sdk() -> Vec<Row<Extreme>> {
    vec![
        row("BlobUpload::stall_timeout", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let product = env.product("app").await;
            let package = AzurePackage::default().set_file_name("a.zip");
            let package = env.client.create_package(&product, package).await.unwrap().into_inner();
            let _ = env.client.upload(package.file_sas_uri.as_ref().unwrap(), ARCHIVE).stall_timeout(x.time).await;
        }),
        row("ClientBuilder::attempt_timeout", |x: Extreme| call(move |builder| builder.attempt_timeout(x.time))),
        row("ClientBuilder::max_concurrent_requests", |x: Extreme| {
            call(move |builder| builder.max_concurrent_requests(x.size()))
        }),
        row("ClientBuilder::max_response_bytes", |x: Extreme| {
            call(move |builder| builder.max_response_bytes(x.size()))
        }),
        row("ClientBuilder::timeout", |x: Extreme| call(move |builder| builder.timeout(x.time))),
        row("Decimal::TryFrom<f64>", |x: Extreme| async move {
            let _ = Decimal::try_from(x.fraction).map(|decimal| (decimal.to_f64(), decimal.to_string()));
        }),
        row("Apply::branch_wait", |x: Extreme| apply(move |apply| apply.branch_wait(x.time))),
        row("Apply::poll_interval", |x: Extreme| apply(move |apply| apply.poll_interval(x.time, x.time))),
        row("ApplyOffers::max_concurrent_offers", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let manifest = OfferManifest::new("app", ProductType::AzureApplication, "App");
            let _ = env.client.apply_offers([manifest]).max_concurrent_offers(x.size()).await;
        }),
        row("Draft::branch_wait", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let product = env.product("app").await;
            let plan = env.variant(&product).await;
            let _ = env.client.listing_draft(&product).plan(&plan).branch_wait(x.time).get().await;
        }),
        row("FileSource::stream", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let product = env.product("app").await;
            let source = FileSource::stream("a.zip", x.number, stream::iter([Ok(ARCHIVE.into())]));
            let _ = env.client.upload_package(&product, source).await;
        }),
        row("FileUpload::max_wait", |x: Extreme| upload(move |upload| upload.max_wait(x.time))),
        row("FileUpload::poll_interval", |x: Extreme| upload(move |upload| upload.poll_interval(x.time, x.time))),
        row("FileUpload::stall_timeout", |x: Extreme| upload(move |upload| upload.stall_timeout(x.time))),
        row("Publish::branch_wait", |x: Extreme| publish(move |publish| publish.branch_wait(x.time))),
        row("Publish::max_wait", |x: Extreme| publish(move |publish| publish.max_wait(x.time))),
        row("Publish::poll_interval", |x: Extreme| publish(move |publish| publish.poll_interval(x.time, x.time))),
        row("RetryPolicy::max_attempts", |x: Extreme| {
            call(move |builder| builder.retry(RetryPolicy::default().max_attempts(x.small())))
        }),
        row("RetryPolicy::time_limit", |x: Extreme| {
            call(move |builder| builder.retry(RetryPolicy::default().time_limit(x.time)))
        }),
        row("call_options!::attempt_timeout", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let _ = env.client.list_products().attempt_timeout(x.time).await;
        }),
        row("call_options!::timeout", |x: Extreme| async move {
            let env = TestEnv::start().await;
            let _ = env.client.list_products().timeout(x.time).await;
        }),
    ]
}

fn partner_sandbox() -> Vec<Row<Extreme>> {
    vec![
        row("Fault::after", |x: Extreme| fault(Fault::drop_response().after(x.time), 1)),
        row("Fault::delay", |x: Extreme| fault(Fault::delay(x.time), 1)),
        row("Fault::error", |x: Extreme| fault(Fault::error(x.status(), ErrorShape::Gateway), 1)),
        row("Fault::rate_limit", |x: Extreme| fault(Fault::rate_limit(x.small()), 3)),
        row("Fault::status", |x: Extreme| fault(Fault::status(x.status()), 1)),
        row("Sandbox::advance", |x: Extreme| async move {
            let env = TestEnv::with_builder(checked(Sandbox::builder()).without_rules()).await;
            env.sandbox.advance(x.time);
            process(&env.client).await;
            env.sandbox.advance(x.time);
            process(&env.client).await;
        }),
        row("Sandbox::expect", |x: Extreme| async move {
            let sandbox = start_sandbox().await;
            sandbox.expect(Calls::any(), ..=x.size());
            sandbox.expect(Calls::any(), 0..x.size().max(1));
        }),
        row("Sandbox::fail", |x: Extreme| fault(Fault::status(503), x.size())),
        row("Sandbox::inject_random_faults", |x: Extreme| async move {
            let env = TestEnv::with_builder(checked(Sandbox::builder()).without_rules()).await;
            env.sandbox.inject_random_faults(x.number, u8::try_from(x.number).unwrap_or(u8::MAX));
            process(&env.client).await;
        }),
        row("Sandbox::set_token_lifetime", |x: Extreme| async move {
            let env = TestEnv::with_builder(checked(Sandbox::builder()).without_rules()).await;
            env.sandbox.set_token_lifetime(x.time);
            process(&env.client).await;
            env.sandbox.advance(Duration::MAX);
            process(&env.client).await;
        }),
        row("SandboxBuilder::blob_port", |x: Extreme| async move {
            let _ = checked(Sandbox::builder()).blob_port(x.status()).start().await;
        }),
        row("SandboxBuilder::page_size", |x: Extreme| sandbox(move |builder| builder.page_size(x.size()))),
        row("SandboxBuilder::port", |x: Extreme| async move {
            let _ = checked(Sandbox::builder()).port(x.status()).start().await;
        }),
        row("SandboxBuilder::processing_delay", |x: Extreme| sandbox(move |builder| builder.processing_delay(x.time))),
        row("SandboxBuilder::token_lifetime", |x: Extreme| sandbox(move |builder| builder.token_lifetime(x.time))),
    ]
}

pub(super) fn rows() -> [Vec<Row<Extreme>>; 2] {
    [partner_ingestion_sdk(), partner_sandbox()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durations_and_numbers_of_zero_one_and_the_maximum_do_not_panic() {
    let rows = rows().into_iter().flatten();
    assert_eq!(run(rows, &EXTREMES).await, Vec::<String>::new());
}
