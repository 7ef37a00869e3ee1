//! Texts of every public function that takes one: whatever a parser, a header, a path or a file system stumbles over.

use super::{Row, row, run};
use crate::secrets::CANARY;
use futures_util::{FutureExt, stream};
use partner_auth::StaticToken;
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{
    Client, Error, FailedSubmission, FileManifest, FileSource, Filter, IfMatch, OPERATIONS, OfferManifest, Part,
    RetryPolicy, Stage,
};
use partner_sandbox::{Calls, ErrorShape, Fault, Incident, Sandbox, SandboxBuilder, SubmissionOutcome};
use partner_tests::bridge::Args;
use partner_tests::generated::bridge::call;
use partner_tests::test_env::{TestEnv, checked, client_builder};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FIXED: &[&str] = &[
    "",
    " ",
    "\0",
    "\r\n",
    "\t",
    ".",
    "..",
    "/",
    "//",
    "\\",
    "%",
    "%2e%2e",
    "%zz",
    "?",
    "#",
    "@",
    ":",
    "\"",
    "'",
    "=",
    ",",
    "{",
    "}",
    "[",
    "é",
    "\u{1f600}",
    "\u{202e}",
    "\u{feff}",
    "-",
    "+",
    "0",
    "-0",
    "1.",
    ".5",
    "NaN",
    "1e999999999",
    "1e-999999999",
    "9999999999999999999999999",
    "a:b",
    "://",
    "http://",
    "https://[::1]:99999",
    "https://user:password@a",
    "https://a.example/?a#b",
    "data:,a",
    "9999-12-31T23:59:59.9999999Z",
    "0000-00-00T00:00:00",
    "-262143-01-01T00:00:00Z",
    "2022-08-04T10:37:60+99:99",
    "ICH-{",
    "*",
    "W/\"",
];

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = FIXED.iter().map(|text| (*text).to_owned()).collect();
    texts.push("a".repeat(100_000));
    texts.push("\u{1f600}".repeat(1_000));
    texts.push(CANARY.to_owned());
    texts
}

/// A client without a server: what is not rejected before it is sent fails at once.
fn client() -> Client {
    let builder = client_builder().base_url("http://127.0.0.1:1").token_provider(StaticToken::new("t").unwrap());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn printed(error: &Error) {
    drop(format!("{error} {error:?} {error:#?} {:?}", error.hint()));
}

/// Sends what a function of the client creates.
fn sent<T: Send + 'static, F>(
    function: &'static str,
    send: impl Fn(Client, String) -> F + Send + Sync + 'static,
) -> Row<String>
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let client = client();
    row(function, move |text: String| {
        let outcome = send(client.clone(), text);
        async move { outcome.await.err().iter().for_each(printed) }
    })
}

/// Calls a function that does not wait.
fn now(function: &'static str, call: impl Fn(&str) + Send + Sync + 'static) -> Row<String> {
    let call = Arc::new(call);
    row(function, move |text: String| {
        let call = call.clone();
        async move { call(&text) }
    })
}

fn calls() -> Vec<Row<String>> {
    vec![
        sent("Apply::secret", |c, x| async move { c.apply_offer(&manifest("a")).secret(x.as_str(), x.as_str()).await }),
        sent("Client::apply_offer", |c, x| async move { c.apply_offer(&manifest(&x)).await }),
        sent("Client::ensure_image", |c, x| async move {
            c.ensure_image(x.as_str(), x.as_str(), x.as_str(), FileSource::bytes(x.as_str(), &b"x"[..])).await
        }),
        sent("Client::ensure_package", |c, x| async move { c.ensure_package(x.as_str(), x.as_str()).await }),
        sent("Client::export_offer", |c, x| async move { c.export_offer(x).await }),
        sent("Client::has_unpublished_changes", |c, x| async move { c.has_unpublished_changes(x).await }),
        sent("DiffOffer::secret", |c, x| async move { manifest("a").diff(&c).secret(x.as_str(), x.as_str()).await }),
        sent("Export::to", |c, x| async move { c.export_offer("p").to(x).await }),
        sent("FileUpload::resume", |c, x| async move {
            c.upload_package("p", FileSource::bytes("a", &b"x"[..])).resume(x).await
        }),
        sent("OfferManifest::diff", |c, x| async move { manifest(&x).diff(&c).await }),
        sent(
            "OfferManifest::load",
            |_, x| async move { OfferManifest::load(Path::new("/no-such-folder").join(x)).await },
        ),
        sent("OfferManifest::load_all", |_, x| async move {
            OfferManifest::load_all(Path::new("/no-such-folder").join(x)).await.remove(0).manifest
        }),
        // Below a file there is no folder, on any system.
        sent(
            "OfferManifest::save",
            |_, x| async move { manifest(&x).save(std::env::current_exe().unwrap().join(x)).await },
        ),
        sent("Publish::only_plans", |c, x| async move { c.publish("p").only_plans([x]).await }),
        sent("Client::cosell_listing_draft", |c, x| async move { c.cosell_listing_draft(x).get().await }),
        sent("Client::ensure_product", |c, x| async move { c.ensure_product(AzureProduct::application(&x, &x)).await }),
        sent("Client::ensure_variant", |c, x| async move {
            c.ensure_variant(x.as_str(), AzureSkuVariant::plan(&x, &x)).await
        }),
        sent("Client::feature_availability_draft", |c, x| async move {
            c.feature_availability_draft(x.as_str(), x.as_str()).get().await
        }),
        sent("Client::follow", |c, x| async move { c.follow(&x).send::<Value>().await }),
        sent("Client::listing_draft", |c, x| async move { c.listing_draft(x).get().await }),
        sent("Client::offer_package_configuration_draft", |c, x| async move {
            c.offer_package_configuration_draft(x).get().await
        }),
        sent("Client::package_configuration_draft", |c, x| async move {
            c.package_configuration_draft(x.as_str(), x.as_str()).get().await
        }),
        sent("Client::pages_from", |c, x| async move {
            use futures_util::TryStreamExt;
            c.pages_from::<ProductPage>(x).try_next().await
        }),
        sent("Client::pending_submission", |c, x| async move { c.pending_submission(x).await }),
        sent("Client::product_availability_draft", |c, x| async move { c.product_availability_draft(x).get().await }),
        sent("Client::product_by_offer_id", |c, x| async move { c.product_by_offer_id(x).await }),
        sent("Client::property_draft", |c, x| async move { c.property_draft(x).get().await }),
        sent("Client::publish", |c, x| async move { c.publish(x).to_live().await }),
        sent("Client::request", |c, x| async move { c.request(Method::GET, &x).send::<Value>().await }),
        sent("Client::resume", |c, x| async move { c.resume(x.as_str(), x.as_str()).await }),
        sent("Client::supplemental_content_draft", |c, x| async move { c.supplemental_content_draft(x).get().await }),
        sent("Client::upload", |c, x| async move { c.upload(&Secret::from(x), &b"x"[..]).await }),
        sent("Client::upload_asset", |c, x| async move {
            c.upload_asset(x.as_str(), x.as_str(), FileSource::bytes(x.as_str(), &b"x"[..])).await
        }),
        sent("Client::upload_cosell_asset", |c, x| async move {
            c.upload_cosell_asset(x.as_str(), FileSource::bytes(x.as_str(), &b"x"[..])).await
        }),
        sent("Client::upload_image", |c, x| async move {
            c.upload_image(x.as_str(), x.as_str(), x.as_str(), FileSource::bytes(x.as_str(), &b"x"[..])).await
        }),
        sent("Client::upload_package", |c, x| async move { c.upload_package(x.as_str(), x.as_str()).await }),
        sent("Client::upload_video", |c, x| async move {
            c.upload_video(x.as_str(), x.as_str(), FileSource::bytes(x.as_str(), &b"x"[..])).await
        }),
        sent("Client::variant_by_plan_id", |c, x| async move { c.variant_by_plan_id(x.as_str(), x.as_str()).await }),
        sent("Draft::plan", |c, x| async move { c.listing_draft("p").plan(x).get().await }),
        sent("Publish::certification_notes", |c, x| async move { c.publish("p").certification_notes(x).await }),
        sent("RawRequest::json", |c, x| async move { c.request(Method::POST, "x").json(&json!({ x: 1 })).await }),
        sent("RawRequest::query", |c, x| async move { c.request(Method::GET, "x").query(&x, &x).await }),
        sent("call_options!::header", |c, x| async move { c.list_products().header(&x, &x).await }),
        sent("call_options!::if_match", |c, x| async move { c.list_products().if_match(x).await }),
    ]
}

/// A manifest with this text in every place that takes one.
fn manifest(text: &str) -> OfferManifest {
    let mut manifest = OfferManifest::new(text, ProductType::AzureApplication, text).with_folder(text);
    manifest.property = Part::new(&AzureProperty::default().set_app_version(text)).ok();
    manifest
}

fn values() -> Vec<Row<String>> {
    vec![
        now("FileManifest::new", |x| drop(FileManifest::<ListingImage>::new(x))),
        now("OfferManifest::diff_from", |x| {
            let diff = manifest(x).diff_from(&OfferManifest::new("a", ProductType::AzureApplication, "A"));
            drop(format!("{diff} {} {}", diff.to_terminal(), diff.to_markdown()));
        }),
        now("OfferManifest::from_json", |x| {
            let quoted = Value::from(x).to_string();
            for text in [x.to_owned(), format!("{{{quoted}: {quoted}}}"), format!("{{\"offerId\": {quoted}}}")] {
                OfferManifest::from_json(x, &text).err().iter().for_each(printed);
            }
        }),
        now("OfferManifest::from_yaml", |x| {
            for text in [x.to_owned(), format!("{x}: {x}"), format!("offerId: {x}")] {
                OfferManifest::from_yaml(x, &text).err().iter().for_each(printed);
            }
        }),
        now("OfferManifest::new", |x| drop(manifest(x).to_json())),
        now("OfferManifest::with_folder", |x| drop(manifest("a").with_folder(x))),
        now("Part::new", |x| drop(Part::new(&AzureProperty::default().set_app_version(x)))),
        now("ClientBuilder::application_id", |x| {
            drop(client_builder().token_provider(StaticToken::new("t").unwrap()).application_id(x).build());
        }),
        now("ClientBuilder::root_certificates", |x| {
            drop(client_builder().token_provider(StaticToken::new("t").unwrap()).root_certificates(x).build());
        }),
        now("ClientBuilder::allow_plain_http", |x| {
            let builder = client_builder().allow_plain_http(x).token_provider(StaticToken::new("t").unwrap());
            drop(builder.base_url("http://sandbox.example").build());
        }),
        now("ClientBuilder::base_url", |x| {
            let builder = client_builder().base_url(x).token_provider(StaticToken::new("t").unwrap());
            drop(format!("{builder:?}"));
            drop(builder.build());
        }),
        now("Decimal::FromStr", |x| drop(x.parse::<Decimal>().map(|decimal| (decimal.to_f64(), decimal.to_string())))),
        now("Extra::From<Map<String,Value>>", |x| {
            let map = json!({ x: x }).as_object().unwrap().clone();
            drop(format!("{:?}", Extra::from(map)));
        }),
        now("FailedSubmission::describe", |x| {
            let item = json!({"message": x, "code": x, "resourceId": x, "resourceType": x, "details": x});
            let mut failed = FailedSubmission::default();
            failed.reason = Some(x.to_owned());
            drop(serde_json::from_value::<ValidationItem>(item).map(|item| failed.describe(&item)));
            drop(format!("{failed:?}"));
        }),
        now("FileSource::From<&'static[u8]>", |_| drop(FileSource::from(&b""[..]))),
        now("FileSource::From<&Path>", |x| drop(format!("{:?}", FileSource::from(Path::new(x))))),
        now("FileSource::From<&PathBuf>", |x| drop(format!("{:?}", FileSource::from(&PathBuf::from(x))))),
        now("FileSource::From<&str>", |x| drop(format!("{:?}", FileSource::from(x)))),
        now("FileSource::From<Bytes>", |x| drop(FileSource::from(bytes::Bytes::from(x.to_owned())))),
        now("FileSource::From<PathBuf>", |x| drop(FileSource::from(PathBuf::from(x)))),
        now("FileSource::From<String>", |x| drop(FileSource::from(x.to_owned()))),
        now("FileSource::From<Vec<u8>>", |x| drop(FileSource::from(x.as_bytes().to_vec()))),
        now("FileSource::bytes", |x| drop(FileSource::bytes(x, x.to_owned()))),
        now("FileSource::named", |x| drop(format!("{:?}", FileSource::from("a").named(x)))),
        now("FileSource::stream", |x| drop(FileSource::stream(x, 0, stream::empty()))),
        now("Filter::and", |x| drop(Filter::raw(x).and(Filter::state(x)).to_string())),
        now("Filter::offer_id", |x| drop(Filter::offer_id(x).to_string())),
        now("Filter::or", |x| drop(Filter::raw(x).or(Filter::raw(x)).to_string())),
        now("Filter::raw", |x| drop(Filter::raw(x).to_string())),
        now("Filter::resource_type", |x| drop(Filter::resource_type(x).to_string())),
        now("Filter::state", |x| drop(Filter::state(x).to_string())),
        now("IfMatch::From<&str>", |x| drop(format!("{:?}", IfMatch::from(x)))),
        now("IfMatch::From<String>", |x| drop(format!("{:?}", IfMatch::from(x.to_owned())))),
        now("ResourceType::From<&str>", |x| drop(ResourceType::from(x).to_string())),
        now("ResourceType::From<String>", |x| drop(ResourceType::from(x.to_owned()).to_string())),
        now("Secret::From<&str>", |x| drop(format!("{:?}", Secret::from(x)))),
        now("Secret::From<String>", |x| drop(format!("{:?}", Secret::from(x.to_owned())))),
        now("Stage::of", |x| {
            let submission = json!({"state": x, "substate": x, "pendingUpdateInfo": {"updateType": x, "status": x}});
            drop(Stage::of(&serde_json::from_value(submission).unwrap()).to_string());
        }),
        now("Timestamp::From<&str>", |x| assert!(Timestamp::from(x).to_utc().is_none() || !x.is_empty())),
        now("Timestamp::From<String>", |x| drop(Timestamp::from(x.to_owned()).to_utc().map(Timestamp::from))),
    ]
}

fn partner_sandbox() -> Vec<Row<String>> {
    vec![
        now("Calls::of", |x| drop(Calls::of(x, x).to_string())),
        row("Fault::body", |x: String| fault(Fault::status(400).body(x))),
        row("Fault::header", |x: String| fault(Fault::status(400).header(&x, &x).header("x-a", &x))),
        row("SandboxBuilder::certificate", |x: String| async move {
            drop(checked(Sandbox::builder()).certificate(x).start().await);
        }),
        row("Sandbox::replay", |x: String| async move {
            let sandbox = checked(Sandbox::builder()).start().await.unwrap();
            drop(sandbox.replay(&x).map_err(|error| error.to_string()));
            let line = json!({"time": "2026-01-01T00:00:00Z", "method": x, "path": x, "status": 200});
            drop(sandbox.replay(&line.to_string()));
        }),
        row("SandboxBuilder::host", |x: String| async move { drop(checked(Sandbox::builder()).host(x).start().await) }),
        row("SandboxBuilder::hostname", |x: String| started(move |builder| builder.hostname(x))),
        row("SandboxBuilder::tenant", |x: String| started(move |builder| builder.tenant(x))),
        row("SandboxBuilder::client_id", |x: String| started(move |builder| builder.client_id(x))),
        row("SandboxBuilder::client_secret", |x: String| started(move |builder| builder.client_secret(x))),
        row("SandboxBuilder::seed", |x: String| async move { drop(checked(Sandbox::builder()).seed(x).start().await) }),
        row("SandboxBuilder::without_rule", |x: String| async move {
            drop(checked(Sandbox::builder()).without_rule(x).start().await);
        }),
        now("ErrorShape::FromStr", |x| drop(x.parse::<ErrorShape>().map_err(|unknown| unknown.to_string()))),
        now("Incident::FromStr", |x| drop(x.parse::<Incident>().map_err(|unknown| unknown.to_string()))),
        now("SubmissionOutcome::FromStr", |x| {
            drop(x.parse::<SubmissionOutcome>().map_err(|unknown| unknown.to_string()))
        }),
    ]
}

async fn started(configure: impl FnOnce(SandboxBuilder) -> SandboxBuilder) {
    let sandbox = configure(checked(Sandbox::builder())).start().await.unwrap();
    assert!(sandbox.url().starts_with("http://"));
}

async fn fault(fault: Fault) {
    let env = TestEnv::start_unchecked().await;
    env.sandbox.fail(Calls::any(), fault, 1);
    env.client.list_products().await.err().iter().for_each(printed);
}

pub(super) fn rows() -> [Vec<Row<String>>; 2] {
    [calls().into_iter().chain(values()).collect(), partner_sandbox()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_every_kind_do_not_panic() {
    assert_eq!(run(rows().into_iter().flatten(), &texts()).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_operation_takes_any_text_in_every_argument() {
    let client = client();
    for text in texts() {
        for operation in OPERATIONS {
            let args = Args::all(&text);
            // Rejected before it is sent, or a connection that is refused.
            if let Some(outcome) = call(&client, operation.name, &args).now_or_never() {
                outcome.err().iter().for_each(printed);
            }
        }
    }
}
