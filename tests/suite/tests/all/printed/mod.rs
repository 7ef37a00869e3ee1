//! `{:?}` and `{:#?}` of every public type that can hold a secret. The types are read from the sources, so that a new type without
//! a row fails a test.

mod generated;

use crate::secrets::{CANARY as SECRET, leak};
use partner_auth::StaticToken;
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Event, FailedSubmission, FileSource, OfferManifest, Part, Response};
use partner_sandbox::Sandbox;
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::public_api::{CRATES, read, rows};
use partner_tests::test_env::{checked, client_builder, token_source};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// Types that hold no secret, and why.
const WITHOUT: [(&str, &str); 58] = [
    ("AssertionSource", "a trait"),
    ("TokenProvider", "a trait"),
    ("DraftResource", "a trait"),
    ("FileResource", "a trait"),
    ("IntoDecimal", "a trait"),
    ("Page", "a trait"),
    ("RateLimitStore", "a trait"),
    ("Resource", "a trait"),
    ("Authority", "a host and a port: an address with a password is rejected"),
    ("Challenge", "the service's description of a rejection"),
    ("ConnectionFailure", "an enum without data"),
    ("Endpoint", "an enum without data"),
    ("SigningAlgorithm", "an enum without data"),
    ("FederatedTokenFile", "a path"),
    ("Gate", "true or false"),
    ("ManualClock", "a time"),
    ("RefreshPolicy", "numbers"),
    ("Reply", "what a test scripted: a secret in it is the test's own"),
    ("Decimal", "a number"),
    ("DecimalError", "no data"),
    ("DryRun", "ids and names of drafts"),
    ("VariantDrafts", "ids and names of drafts"),
    ("PublishEvent", "ids and names of drafts"),
    ("SkippedVariant", "ids and names of drafts"),
    ("Applied", "names of resources and files"),
    ("AppliedOffer", "names of resources and files"),
    ("AppliedOffers", "names of resources and files"),
    ("AppliedStep", "names of resources and files"),
    ("ChangeKind", "an enum without data"),
    ("CosellManifest", "parts"),
    ("Export", "ids and a path"),
    ("ExportedOffer", "parts"),
    ("FileManifest", "a part and a path"),
    ("ListingManifest", "parts"),
    ("LoadedOffer", "parts"),
    ("ManifestPart", "a trait"),
    ("PlanManifest", "parts"),
    ("SupplementalContentManifest", "parts"),
    ("VideoManifest", "parts"),
    ("ErrorKind", "an enum without data"),
    ("Filter", "a query of products"),
    ("IfMatch", "an entity tag"),
    ("IfMatchRule", "an enum without data"),
    ("IfPending", "an enum without data"),
    ("Operation", "constant"),
    ("Progress", "two numbers"),
    ("ResourceType", "the name of a type"),
    ("RetryPolicy", "numbers"),
    ("Stage", "an enum without data"),
    ("Timestamp", "a date-time"),
    ("UnknownValue", "a value of an enum"),
    ("Calls", "an operation of the document"),
    ("ErrorShape", "an enum without data"),
    ("Fault", "what a test injects: a secret in it is the test's own"),
    ("Incident", "an enum without data"),
    ("SubmissionOutcome", "an enum without data"),
    ("UnknownName", "a name that a test got wrong"),
    ("SandboxBuilder", "without `Debug`"),
];

/// What was printed of each type.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn add(&mut self, name: &'static str, value: &(impl Debug + ?Sized)) {
        self.0.push((name, format!("{value:?} {value:#?}")));
    }
}

fn bytes(name: &str) -> FileSource {
    FileSource::bytes(name, SECRET)
}

fn partner_ingestion_sdk() -> Printed {
    let mut printed = Printed::default();
    let builder = || client_builder().token_provider(StaticToken::new(SECRET).unwrap());
    printed.add("ClientBuilder", &builder().base_url(format!("https://user:{SECRET}@a.example")));
    printed.add("ClientBuilder", &builder().base_url(format!("https://a.example?sig={SECRET}")));
    let client = builder().build().unwrap();
    printed.add("Client", &client);
    let address = Secret::from(format!("https://a.example/b?sig={SECRET}"));
    printed.add("Secret", &address);
    printed.add("BlobUpload", &client.upload(&address, bytes("a.zip")));
    let upload = client.upload_package("p", bytes("a.zip"));
    printed.add("FileUpload", &upload.map_resource(|package| package.set_file_sas_uri(SECRET)));
    printed.add("FileSource", &bytes("a.zip"));
    printed.add("Draft", &client.listing_draft("p"));
    printed.add("Publish", &client.publish("p").certification_notes(SECRET));
    let link = format!("https://a.example/v1.0/ingestion/products?sig={SECRET}");
    printed.add("Pages", &client.pages_from::<ProductPage>(link.clone()));
    printed.add("Items", &client.pages_from::<ProductPage>(link.clone()).items());
    let request = client.request(Method::POST, &format!("products?sig={SECRET}"));
    let request = request.query("key", SECRET).json(&json!({"password": SECRET})).header("x-key", SECRET);
    printed.add("RawRequest", &request);
    printed.add("RawRequest", &client.follow(&link));
    printed.add("RawRequest", &client.follow(&format!("https://{SECRET}@[")));
    let unknown = json!({"resourceType": "New", "key": SECRET});
    let lead: LeadConfiguration = serde_json::from_value(unknown.clone()).unwrap();
    printed.add("UnknownMember", lead.as_unknown().unwrap());
    printed.add("Extra", &serde_json::from_value::<AzureListing>(unknown).unwrap().extra);
    let lead = AzureTableLeadConfiguration::default().set_connection_string(SECRET);
    let lead = Part::new(&LeadConfiguration::from(lead)).unwrap();
    printed.add("Part", &lead);
    let mut manifest = OfferManifest::new("a", ProductType::AzureApplication, "A");
    manifest.leads = Some(lead);
    printed.add("OfferManifest", &manifest);
    let diff = manifest.diff_from(&OfferManifest::new("a", ProductType::AzureApplication, "A"));
    printed.add("OfferDiff", &diff);
    printed.add("Change", &diff.changes()[0]);
    let client = builder().base_url("http://127.0.0.1:1").build().unwrap();
    printed.add("DiffOffer", &manifest.diff(&client).secret("CONNECTION_STRING", SECRET));
    printed.add("Apply", &client.apply_offer(&manifest).secret("CONNECTION_STRING", SECRET));
    printed.add("ApplyOffers", &client.apply_offers([manifest]));
    let mut failed = FailedSubmission::default();
    failed.reason = Some(format!("cannot read https://a.example/x?sv=1&sig={SECRET}&sp=r"));
    failed.reports = vec![serde_json::from_value(json!({"fileUri": format!("https://a.example/{SECRET}")})).unwrap()];
    printed.add("FailedSubmission", &failed);
    printed
}

/// Responses and errors of calls and of raw requests.
async fn responses() -> Printed {
    let mut printed = Printed::default();
    let body = json!({"id": "k", "fileSasUri": format!("https://a.example/b?sig={SECRET}"), "new": SECRET}).to_string();
    let replies = || {
        let created = || CannedResponse::new(200, body.clone()).header("location", format!("/x?sig={SECRET}"));
        vec![created().violates_contract(), CannedResponse::new(400, body.clone()).violates_contract()]
    };
    let client = MockServer::with_responses(replies()).await;
    let client = client.client();
    printed.add("Response", &client.get_package("p", "k").await.unwrap());
    printed.add("Error", &client.get_package("p", "k").await.unwrap_err());
    let server = MockServer::with_responses(replies()).await;
    let client = server.client();
    let raw: Response<Value> = client.request(Method::GET, "x").send().await.unwrap();
    printed.add("Response", &raw);
    printed.add("Response", &raw.map(|value| vec![value]));
    printed.add("Error", &client.request(Method::GET, "x").send::<Value>().await.unwrap_err());
    printed.0.extend(hooks(replies()).await);
    printed
}

/// What hooks receive of a call.
async fn hooks(replies: Vec<CannedResponse>) -> Vec<(&'static str, String)> {
    let server = MockServer::with_responses(replies).await;
    let printed = Arc::<Mutex<Printed>>::default();
    let (sent, observed) = (printed.clone(), printed.clone());
    let client = client_builder().base_url(&server.origin).token_provider(StaticToken::new(SECRET).unwrap());
    let client = client.before_send(move |request| sent.lock().unwrap().add("OutgoingRequest", request));
    let client = client.observe(move |event| {
        let (Event::Attempt(figures) | Event::Call(figures)) = event else { return };
        let mut observed = observed.lock().unwrap();
        observed.add("Event", event);
        observed.add("Measurement", figures);
    });
    let request = client.build().unwrap().request(Method::POST, &format!("x?sig={SECRET}"));
    request.json(&json!({"password": SECRET})).header("x-key", SECRET).send::<Value>().await.unwrap();
    std::mem::take(&mut printed.lock().unwrap().0)
}

/// The sandbox prints neither the secret and the tokens of its account nor upload addresses.
async fn partner_sandbox() -> Vec<(&'static str, String)> {
    let mut found = Printed::default();
    let exchanges: Arc<Mutex<Vec<partner_sandbox::Exchange>>> = Arc::default();
    let kept = exchanges.clone();
    let sandbox = checked(Sandbox::builder()).on_exchange(move |exchange| kept.lock().unwrap().push(exchange.clone()));
    let sandbox = sandbox.start().await.unwrap();
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    let product = client.create_product(AzureProduct::application("a", "a")).await.unwrap();
    let product = product.id.clone().unwrap();
    let package = client.create_package(&product, AzurePackage::default().set_file_name("a.zip")).await.unwrap();
    let address = package.file_sas_uri.clone().unwrap();
    client.upload(&address, bytes("a.zip")).await.unwrap();
    found.add("Sandbox", &sandbox);
    let exchanges = exchanges.lock().unwrap();
    let token = exchanges.iter().find_map(|exchange| {
        exchange.request_headers.iter().find_map(|(_, value)| value.strip_prefix("Bearer ").map(str::to_owned))
    });
    for exchange in exchanges.iter() {
        found.add("Exchange", exchange);
        found.add("CallRecord", &exchange.call);
    }
    found.add("CallRecord", &sandbox.calls());
    let line =
        json!({"time": "2026-01-01T00:00:00Z", "method": "GET", "path": format!("/x?sig={SECRET}"), "status": 200});
    let replay = sandbox.replay(&line.to_string()).unwrap();
    found.add("Difference", &replay.differences);
    found.add("Replay", &replay);
    let signature = address.expose().split("sig=").nth(1).unwrap().to_owned();
    for secret in [sandbox.client_secret(), token.unwrap(), signature] {
        found.0.iter_mut().filter(|(_, text)| text.contains(&secret)).for_each(|(_, text)| *text += SECRET);
    }
    found.0
}

#[tokio::test]
async fn debug_of_every_public_type_prints_no_secret() {
    let printed = [[partner_ingestion_sdk().0, responses().await.0].concat(), partner_sandbox().await];
    let leaks = printed.iter().flatten().filter(|(_, text)| leak(text).is_some());
    assert_eq!(leaks.map(|(name, _)| *name).collect::<Vec<_>>(), Vec::<&str>::new());
    let mut tested = vec![rows(&["partner-auth/src/secret_leaks.rs"])];
    tested.extend(printed.iter().map(|rows| rows.iter().map(|(name, _)| (*name).to_owned()).collect()));
    for ((name, folder), tested) in CRATES.into_iter().zip(tested) {
        let public = read(folder).types;
        let without = WITHOUT.iter().map(|(name, _)| (*name).to_owned()).filter(|name| public.contains(name));
        let without: BTreeSet<String> = without.collect();
        assert!(without.is_disjoint(&tested), "{name}: tested, but in WITHOUT");
        assert_eq!(&without | &tested, public, "{name}: add a row, or a reason to WITHOUT");
    }
}
