//! Durations and numbers: zero, one and the largest value of every function that takes one, carried out until the value was used.

use super::{Row, row, run};
use futures_util::stream;
use partner_auth::testing::{FakeEntra, ManualClock, Reply, parse_response};
use partner_auth::{AccessToken, RefreshPolicy, TokenProvider, TokenSource, TokenSourceBuilder};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, ClientBuilder, FileSource, FileUpload, Publish, RetryPolicy};
use partner_sandbox::{Calls, ErrorShape, Fault, Sandbox, SandboxBuilder};
use partner_tests::test_env::{TestEnv, client_builder, token_source};
use std::time::{Duration, Instant, SystemTime};

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

/// Gets a token, and refreshes it during an outage, until it has expired and beyond.
async fn refresh(reply: Reply, configure: impl FnOnce(TokenSourceBuilder) -> TokenSourceBuilder) {
    let (entra, clock) = (FakeEntra::start().unwrap(), ManualClock::new());
    entra.script([reply]);
    entra.default_reply(Reply::status(503));
    let builder = TokenSource::builder("contoso.com", entra.client_id(), "secret").authority(entra.authority());
    let source = configure(builder).clock(&clock).build().unwrap();
    for step in [0, 2_000, 1_590, 20, 1_000_000] {
        clock.advance(Duration::from_secs(step));
        let _ = source.token().await;
        // A failed refresh runs beside its callers.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _ = source.status();
    }
}

async fn policy(change: impl FnOnce(RefreshPolicy) -> RefreshPolicy) {
    refresh(Reply::token("t"), |builder| builder.refresh_policy(change(RefreshPolicy::default()))).await;
}

async fn reply(reply: Reply) {
    refresh(reply, |builder| builder.attempt_timeout(Duration::from_millis(50))).await;
}

async fn call(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fail(Calls::any(), Fault::status(503), 1);
    let builder = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = configure(builder).build().unwrap();
    let _ = client.list_products().await;
    let _ = client.create_product(AzureProduct::application("a", "a")).await;
}

async fn upload(configure: impl FnOnce(FileUpload<AzurePackage>) -> FileUpload<AzurePackage>) {
    let env = TestEnv::start_unchecked().await;
    let product = env.product("app").await;
    let upload = env.client.upload_package(&product, FileSource::bytes("a.zip", ARCHIVE));
    let _ = configure(upload.poll_interval(SHORT, SHORT)).await;
}

async fn publish(configure: impl FnOnce(Publish) -> Publish) {
    let env = TestEnv::start_unchecked().await;
    let product = env.product("app").await;
    env.variant(&product).await;
    let _ = configure(env.client.publish(&product).poll_interval(SHORT, SHORT)).to_live().await;
}

/// Everything that the sandbox processes asynchronously.
async fn sandbox(configure: impl FnOnce(SandboxBuilder) -> SandboxBuilder) {
    let env = TestEnv::with_builder(configure(Sandbox::builder().without_rules())).await;
    process(&env.client).await;
}

async fn process(client: &Client) {
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
    let sandbox = Sandbox::start().await.unwrap();
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

fn partner_auth() -> Vec<Row<Extreme>> {
    vec![
        row("AccessToken::with_lifetime", |x: Extreme| async move {
            let _ = AccessToken::with_lifetime("t", Instant::now(), x.time);
        }),
        row("ManualClock::advance", |x: Extreme| async move {
            let clock = ManualClock::new();
            clock.advance(x.time);
            clock.advance(x.time);
            let _ = (clock.now(), clock.wall());
        }),
        row("ManualClock::set_wall", |x: Extreme| async move {
            let clock = ManualClock::new();
            clock.set_wall(SystemTime::UNIX_EPOCH.checked_add(x.time).unwrap_or(SystemTime::UNIX_EPOCH));
            clock.advance(x.time);
            let entra = FakeEntra::start().unwrap();
            let builder = TokenSource::builder("contoso.com", entra.client_id(), "s").authority(entra.authority());
            let _ = builder.clock(&clock).build().unwrap().token().await;
        }),
        row("RefreshPolicy::backoff", |x: Extreme| policy(move |p| p.backoff(x.time, x.time))),
        row("RefreshPolicy::critical_window", |x: Extreme| policy(move |p| p.critical_window(x.fraction, x.time))),
        row("RefreshPolicy::jitter", |x: Extreme| policy(move |p| p.jitter(x.fraction, x.time))),
        row("RefreshPolicy::refresh_window", |x: Extreme| policy(move |p| p.refresh_window(x.fraction, x.time))),
        row("RefreshPolicy::seed", |x: Extreme| policy(move |p| p.seed(x.number))),
        row("Reply::body", |x: Extreme| reply(Reply::body(x.status(), "{}"))),
        row("Reply::byte_delay", |x: Extreme| reply(Reply::token("t").byte_delay(x.time))),
        row("Reply::delay", |x: Extreme| reply(Reply::token("t").delay(x.time))),
        row("Reply::expires_in", |x: Extreme| reply(Reply::token("t").expires_in(x.number))),
        row("Reply::oauth_error", |x: Extreme| reply(Reply::oauth_error(x.status(), "e", x.small()))),
        row("Reply::refresh_in", |x: Extreme| reply(Reply::token("t").refresh_in(x.number))),
        row("Reply::status", |x: Extreme| reply(Reply::status(x.status()))),
        row("parse_response", |x: Extreme| async move {
            let _ = parse_response(x.status(), b"{}".to_vec());
        }),
        row("TokenSource::token_valid_for", |x: Extreme| async move {
            let entra = FakeEntra::start().unwrap();
            let builder = TokenSource::builder("contoso.com", entra.client_id(), "s").authority(entra.authority());
            let source = builder.clock(&ManualClock::new()).build().unwrap();
            let _ = source.token_valid_for(x.time).await;
            let _ = source.token_valid_for(x.time).await;
        }),
        row("TokenSourceBuilder::attempt_timeout", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.attempt_timeout(x.time))
        }),
        row("TokenSourceBuilder::max_attempts", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.max_attempts(x.size()))
        }),
        row("TokenSourceBuilder::timeout", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.timeout(x.time))
        }),
    ]
}

fn partner_ingestion_sdk() -> Vec<Row<Extreme>> {
    vec![
        row("BlobUpload::stall_timeout", |x: Extreme| async move {
            let env = TestEnv::start_unchecked().await;
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
        row("Draft::branch_wait", |x: Extreme| async move {
            let env = TestEnv::start_unchecked().await;
            let product = env.product("app").await;
            let plan = env.variant(&product).await;
            let _ = env.client.listing_draft(&product).plan(&plan).branch_wait(x.time).get().await;
        }),
        row("FileSource::stream", |x: Extreme| async move {
            let env = TestEnv::start_unchecked().await;
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
            let env = TestEnv::start_unchecked().await;
            let _ = env.client.list_products().attempt_timeout(x.time).await;
        }),
        row("call_options!::timeout", |x: Extreme| async move {
            let env = TestEnv::start_unchecked().await;
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
            let env = TestEnv::with_builder(Sandbox::builder().without_rules()).await;
            env.sandbox.advance(x.time);
            process(&env.client).await;
            env.sandbox.advance(x.time);
            process(&env.client).await;
        }),
        row("Sandbox::expect", |x: Extreme| async move {
            let sandbox = Sandbox::start().await.unwrap();
            sandbox.expect(Calls::any(), ..=x.size());
            sandbox.expect(Calls::any(), 0..x.size().max(1));
        }),
        row("Sandbox::fail", |x: Extreme| fault(Fault::status(503), x.size())),
        row("Sandbox::inject_random_faults", |x: Extreme| async move {
            let env = TestEnv::with_builder(Sandbox::builder().without_rules()).await;
            env.sandbox.inject_random_faults(x.number, u8::try_from(x.number).unwrap_or(u8::MAX));
            process(&env.client).await;
        }),
        row("Sandbox::set_token_lifetime", |x: Extreme| async move {
            let env = TestEnv::with_builder(Sandbox::builder().without_rules()).await;
            env.sandbox.set_token_lifetime(x.time);
            process(&env.client).await;
            env.sandbox.advance(Duration::MAX);
            process(&env.client).await;
        }),
        row("SandboxBuilder::page_size", |x: Extreme| sandbox(move |builder| builder.page_size(x.size()))),
        row("SandboxBuilder::port", |x: Extreme| async move {
            let _ = Sandbox::builder().port(x.status()).start().await;
        }),
        row("SandboxBuilder::processing_delay", |x: Extreme| sandbox(move |builder| builder.processing_delay(x.time))),
        row("SandboxBuilder::token_lifetime", |x: Extreme| sandbox(move |builder| builder.token_lifetime(x.time))),
    ]
}

pub(super) fn rows() -> Vec<(&'static str, Vec<Row<Extreme>>)> {
    vec![
        ("partner_auth", partner_auth()),
        ("partner_ingestion_sdk", partner_ingestion_sdk()),
        ("partner_sandbox", partner_sandbox()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durations_and_numbers_of_zero_one_and_the_maximum_do_not_panic() {
    let rows = rows().into_iter().flat_map(|(_, rows)| rows);
    assert_eq!(run(rows, &EXTREMES).await, Vec::<String>::new());
}
