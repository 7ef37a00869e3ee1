//! Calls every operation. The expected requests are derived from the published document and a list of intended changes, not from
//! the document that the generator reads.

use partner_ingestion_sdk::OPERATIONS;
use partner_tests::bridge::Args;
use partner_tests::document::{CORRECTED, NAMES, PUBLISHED, operations, parameters, resolve, rust_name};
use partner_tests::generated::bridge::call;
use partner_tests::mock_server::{CannedResponse, MockServer, ReceivedRequest};
use partner_tests::sample::Sampler;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

/// Operations that send If-Match although the published document does not have it.
const ALSO_IF_MATCH: [&str; 6] = [
    "PUT /products/{productID}/listings/{listingID}/assets/{assetID}",
    "PUT /products/{productID}/listings/{listingID}/videos/{videoID}",
    "PUT /products/{productID}/packages/{packageID}",
    "PUT /products/{productID}/variants/{variantID}",
    "PUT /products/{productID}/cosellAssets/{cosellAssetID}",
    "PUT /products/{productID}/cosellListing/{instanceID}",
];

/// Success statuses that differ from the published document.
const OTHER_STATUSES: [(&str, &[&str]); 2] = [
    ("POST /products/{productID}/setup", &["200"]),
    ("POST /products/{productID}/submissions", &["200", "201", "202"]),
];

/// Returns an argument that has to be percent-encoded.
fn encodable(name: &str) -> String {
    format!("{name} é'(1)%=")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// A call of an operation, with the expected request and the response.
struct Case {
    key: String,
    name: String,
    args: Map<String, Value>,
    path: String,
    query: Vec<(String, String)>,
    if_match: bool,
    body: Option<Value>,
    status: u16,
    response: Option<Value>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (seed, (method, path, operation)) in operations(&PUBLISHED).into_iter().enumerate() {
        let key = format!("{method} {path}");
        let corrected = &CORRECTED["paths"][path][method.to_lowercase()];
        for status in statuses(&key, operation) {
            let mut sampler = Sampler::new(&CORRECTED, seed as u64 + 7);
            let response = resolve(&CORRECTED, &corrected["responses"][status.as_str()]);
            let response = response.pointer("/content/application~1json/schema").map(|schema| sampler.instance(schema));
            let schema = corrected.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| sampler.instance(schema));
            cases.push(case(&key, path, operation, status.parse().unwrap(), body, response));
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

fn case(key: &str, path: &str, operation: &Value, status: u16, body: Option<Value>, response: Option<Value>) -> Case {
    let mut args = Map::new();
    let mut expected = path.to_owned();
    let mut query = Vec::new();
    let mut if_match = ALSO_IF_MATCH.contains(&key);
    for parameter in parameters(&PUBLISHED, operation) {
        let wire = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str().unwrap() {
            "path" => {
                expected = expected.replace(&format!("{{{wire}}}"), &encodable(wire));
                args.insert(rust_name(wire), encodable(wire).into());
            }
            "query" => {
                query.push((wire.to_owned(), encodable(wire)));
                args.insert(rust_name(wire), encodable(wire).into());
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
    Case { key, name, args, path: expected, query, if_match, body, status, response }
}

fn check_request(case: &Case, request: &ReceivedRequest) {
    let key = &case.key;
    assert_eq!(request.method, key.split(' ').next().unwrap(), "{key}");
    assert_eq!(decoded(request.path()), format!("/v1.0/ingestion{}", case.path), "{key}");
    assert!(request.path().is_ascii() && !request.path().contains(' '), "{key}: {}", request.path());
    let mut sent: Vec<(String, String)> = request
        .query()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap())
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect();
    // The order of query parameters is irrelevant.
    let mut query = case.query.clone();
    sent.sort();
    query.sort();
    assert_eq!(sent, query, "{key}");
    assert_eq!(request.header("authorization"), Some("Bearer a-token"), "{key}");
    assert_eq!(
        request.header("accept"),
        if case.response.is_some() { Some("application/json") } else { request.header("accept") },
        "{key}"
    );
    assert_eq!(request.header("client-request-id").map(str::len), Some(36), "{key}");
    assert_eq!(request.header("api-version"), None, "{key}");
    assert_eq!(request.header("if-match"), case.if_match.then_some("\"tag\""), "{key}");
    match &case.body {
        Some(body) => {
            assert_eq!(request.header("content-type"), Some("application/json"), "{key}");
            assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), *body, "{key}");
        }
        None => assert!(request.body.is_empty(), "{key}"),
    }
}

#[tokio::test]
async fn every_operation_sends_the_documented_request_and_decodes_the_response() {
    let next: Arc<Mutex<CannedResponse>> = Arc::new(Mutex::new(CannedResponse::new(500, "")));
    let response = next.clone();
    let server = MockServer::start(move |_, _| response.lock().unwrap().clone()).await;
    let client = server.client();
    let cases = cases();
    assert_eq!(cases.len(), 80);
    for (count, case) in cases.iter().enumerate() {
        let body = case.response.as_ref().map(Value::to_string).unwrap_or_default();
        *next.lock().unwrap() = CannedResponse::new(case.status, body).header("request-id", "r-1");
        let args = Args::new(Value::Object(case.args.clone()));
        let response = call(&client, &case.name, &args).await.unwrap_or_else(|error| panic!("{}: {error}", case.key));
        let request = server.requests();
        assert_eq!(request.len(), count + 1, "{}", case.key);
        check_request(case, &request[count]);
        assert_eq!((response.status, response.request_id.as_deref()), (case.status, Some("r-1")), "{}", case.key);
        assert_eq!(response.body, case.response.clone().unwrap_or(json!(null)), "{}", case.key);
    }
}

#[test]
fn operation_table_matches_the_published_document() {
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
async fn every_request_has_a_new_id() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = server.client();
    for _ in 0..3 {
        client.list_products().send().await.unwrap();
    }
    let mut ids: Vec<String> =
        server.requests().iter().map(|s| s.header("client-request-id").unwrap().to_owned()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
