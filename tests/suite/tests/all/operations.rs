//! All operations through the bridge. What is expected is read from the publisher's document and a list of intended changes,
//! never from what the generator read.

use partner_ingestion_sdk::OPERATIONS;
use partner_tests::bridge::Args;
use partner_tests::document::{CORRECTED, NAMES, PUBLISHED, operations, parameters, resolve, rust_name};
use partner_tests::generated::bridge::call;
use partner_tests::sample::Sampler;
use partner_tests::server::{Say, Seen, Server};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

/// If-Match is sent here too, although the publisher's document does not mention it.
const ALSO_IF_MATCH: [&str; 6] = [
    "PUT /products/{productID}/listings/{listingID}/assets/{assetID}",
    "PUT /products/{productID}/listings/{listingID}/videos/{videoID}",
    "PUT /products/{productID}/packages/{packageID}",
    "PUT /products/{productID}/variants/{variantID}",
    "PUT /products/{productID}/cosellAssets/{cosellAssetID}",
    "PUT /products/{productID}/cosellListing/{instanceID}",
];

/// Success statuses that differ from the publisher's document.
const OTHER_STATUSES: [(&str, &[&str]); 2] = [
    ("POST /products/{productID}/setup", &["200"]),
    ("POST /products/{productID}/submissions", &["200", "201", "202"]),
];

/// An argument that has to be encoded.
fn awkward(name: &str) -> String {
    format!("{name} é'(1)%=")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// One call of an operation and what has to come of it.
struct Case {
    key: String,
    name: String,
    args: Map<String, Value>,
    path: String,
    query: Vec<(String, String)>,
    if_match: bool,
    body: Option<Value>,
    status: u16,
    answer: Option<Value>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, (method, path, operation)) in operations(&PUBLISHED).into_iter().enumerate() {
        let key = format!("{method} {path}");
        let corrected = &CORRECTED["paths"][path][method.to_lowercase()];
        for status in statuses(&key, operation) {
            let mut sampler = Sampler::new(&CORRECTED, seed as u64 + 7);
            let response = resolve(&CORRECTED, &corrected["responses"][status.as_str()]);
            let answer = response.pointer("/content/application~1json/schema").map(|schema| sampler.instance(schema));
            let schema = corrected.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| sampler.instance(schema));
            cases.push(case(&key, path, operation, status.parse().unwrap(), body, answer));
        }
    }
    cases
}

fn statuses(key: &str, operation: &Value) -> Vec<String> {
    if let Some((_, statuses)) = OTHER_STATUSES.iter().find(|(other, _)| *other == key) {
        return statuses.iter().map(|status| (*status).to_owned()).collect();
    }
    let all = operation["responses"].as_object().unwrap().keys();
    all.filter(|status| status.starts_with('2')).cloned().collect()
}

fn case(key: &str, path: &str, operation: &Value, status: u16, body: Option<Value>, answer: Option<Value>) -> Case {
    let mut args = Map::new();
    let mut expected = path.to_owned();
    let mut query = Vec::new();
    let mut if_match = ALSO_IF_MATCH.contains(&key);
    for parameter in parameters(&PUBLISHED, operation) {
        let wire = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str().unwrap() {
            "path" => {
                expected = expected.replace(&format!("{{{wire}}}"), &awkward(wire));
                args.insert(rust_name(wire), awkward(wire).into());
            }
            "query" => {
                query.push((wire.to_owned(), awkward(wire)));
                args.insert(rust_name(wire), awkward(wire).into());
            }
            _ => if_match |= wire == "If-Match",
        }
    }
    if let Some(body) = &body {
        args.insert("body".to_owned(), body.clone());
    }
    if if_match {
        args.insert("if_match".to_owned(), "\"tag\"".into());
    }
    let (key, name) = (key.to_owned(), NAMES[key].clone());
    Case { key, name, args, path: expected, query, if_match, body, status, answer }
}

fn check_request(case: &Case, seen: &Seen) {
    let key = &case.key;
    assert_eq!(seen.method, key.split(' ').next().unwrap(), "{key}");
    assert_eq!(decoded(seen.path()), format!("/v1.0/ingestion{}", case.path), "{key}");
    assert!(seen.path().is_ascii() && !seen.path().contains(' '), "{key}: {}", seen.path());
    let mut sent: Vec<(String, String)> = seen
        .query()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap())
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect();
    // The order of a query means nothing.
    let mut query = case.query.clone();
    sent.sort();
    query.sort();
    assert_eq!(sent, query, "{key}");
    assert_eq!(seen.header("authorization"), Some("Bearer a-token"), "{key}");
    assert_eq!(
        seen.header("accept"),
        if case.answer.is_some() { Some("application/json") } else { seen.header("accept") },
        "{key}"
    );
    assert_eq!(seen.header("client-request-id").map(str::len), Some(36), "{key}");
    assert_eq!(seen.header("api-version"), None, "{key}");
    assert_eq!(seen.header("if-match"), case.if_match.then_some("\"tag\""), "{key}");
    match &case.body {
        Some(body) => {
            assert_eq!(seen.header("content-type"), Some("application/json"), "{key}");
            assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), *body, "{key}");
        }
        None => assert!(seen.body.is_empty(), "{key}"),
    }
}

#[tokio::test]
async fn every_operation_arrives_as_documented_and_decodes_its_answer() {
    let next: Arc<Mutex<Say>> = Arc::new(Mutex::new(Say::new(500, "")));
    let say = next.clone();
    let server = Server::start(move |_, _| say.lock().unwrap().clone()).await;
    let client = server.client();
    let cases = cases();
    assert_eq!(cases.len(), 80);
    for (count, case) in cases.iter().enumerate() {
        let body = case.answer.as_ref().map(Value::to_string).unwrap_or_default();
        *next.lock().unwrap() = Say::new(case.status, body).with("request-id", "r-1");
        let args = Args(Value::Object(case.args.clone()));
        let answer = call(&client, &case.name, &args).await.unwrap_or_else(|error| panic!("{}: {error}", case.key));
        let seen = server.seen();
        assert_eq!(seen.len(), count + 1, "{}", case.key);
        check_request(case, &seen[count]);
        assert_eq!((answer.status, answer.request_id.as_deref()), (case.status, Some("r-1")), "{}", case.key);
        assert_eq!(answer.body, case.answer.clone().unwrap_or(json!(null)), "{}", case.key);
    }
}

#[test]
fn the_table_is_the_publishers() {
    let mut published: Vec<(String, String, String)> = operations(&PUBLISHED)
        .into_iter()
        .map(|(method, path, _)| (NAMES[&format!("{method} {path}")].clone(), method, path.to_owned()))
        .collect();
    published.sort();
    let table: Vec<_> =
        OPERATIONS.iter().map(|op| (op.name.to_owned(), op.method.to_owned(), op.path.to_owned())).collect();
    assert_eq!(table, published);
}

#[tokio::test]
async fn request_ids_are_fresh() {
    let server = Server::script(vec![Say::new(200, "{}")]).await;
    let client = server.client();
    for _ in 0..3 {
        client.list_products().send().await.unwrap();
    }
    let mut ids: Vec<String> =
        server.seen().iter().map(|s| s.header("client-request-id").unwrap().to_owned()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
