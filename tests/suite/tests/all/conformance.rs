//! Runs the tables of `conformance/` against the sandbox, first over plain HTTP and then through the SDK.

use partner_ingestion_sdk::reqwest::{self, Method, Url};
use partner_sandbox::Sandbox;
use partner_tests::bridge::Args;
use partner_tests::conformance::{Row, Saved, is_guid, scenarios, substitute};
use partner_tests::document::{CORRECTED, NAMES, operations, rust_name};
use partner_tests::generated::bridge::call;
use partner_tests::test_env::{TestEnv, checked};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Longer than the hours by which the tables advance the clock.
const TOKEN_LIFETIME: Duration = Duration::from_secs(1_000_000);

/// The duration of a processing step. The tables advance the clock by a minute or an hour to complete steps.
const STEP: Duration = Duration::from_secs(20);

/// The offers of the tables do not follow the rules of publishing.
async fn start() -> TestEnv {
    TestEnv::with_builder(checked(Sandbox::builder()).processing_delay(STEP).without_rules()).await
}

/// A plain HTTP client with a token of the sandbox's account.
struct HttpClient {
    env: TestEnv,
    http: reqwest::Client,
    token: String,
}

impl HttpClient {
    async fn start() -> Self {
        let env = start().await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let sandbox = &env.sandbox;
        sandbox.set_token_lifetime(TOKEN_LIFETIME);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&resource=https%3A%2F%2Fapi.partner.microsoft.com",
            sandbox.client_id(),
            sandbox.client_secret()
        );
        let endpoint = format!("{}/{}/oauth2/token", sandbox.authority(), sandbox.tenant());
        let request = http.post(endpoint).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let token: Value = request.send().await.unwrap().json().await.unwrap();
        let token = token["access_token"].as_str().unwrap().to_owned();
        Self { env, http, token }
    }

    /// Sends the request of a row and returns the number of assertions that the response passed.
    async fn run(&self, row: &Row, saved: &mut Saved) -> Result<usize, String> {
        self.env.sandbox.advance(Duration::from_secs(row.advance_seconds));
        let response = self.request(row, saved).send().await.map_err(|error| error.to_string())?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.map_err(|error| error.to_string())?;
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        if status != row.status {
            return Err(format!("{status} {text}"));
        }
        if row.upload_to.is_some() {
            return Ok(1 + row.check_headers(header, &Value::Null, saved)?);
        }
        if !header("request-id").is_some_and(|id| is_guid(&id)) {
            return Err("request-id is not a GUID".to_owned());
        }
        let body: Value = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).map_err(|error| error.to_string())?,
        };
        let expected = (!text.is_empty()).then_some("application/json; charset=utf-8");
        if header("content-type").as_deref() != expected {
            return Err(format!("content-type {:?}", header("content-type")));
        }
        if text.contains("\"resourceType\"") && status < 300 && !type_comes_first(&text) {
            return Err(format!("resourceType is not the first key: {text}"));
        }
        let mut count = 4;
        count += row.check_headers(header, &body, saved)?;
        count += row.check_error(&body, saved)?;
        count += row.check_body(&body, saved)?;
        Ok(count)
    }

    fn request(&self, row: &Row, saved: &Saved) -> reqwest::RequestBuilder {
        if let Some(address) = &row.upload_to {
            let request = self.http.put(substitute(address, saved)).header("x-ms-blob-type", "BlockBlob");
            return request.body(row.content.clone());
        }
        let (method, template) = row.operation.split_once(' ').unwrap();
        let arguments = row.resolved_arguments(saved);
        let path = row.path.as_deref().unwrap_or(template);
        let mut url = Url::parse(&format!("{}{}", self.env.sandbox.url(), substitute(path, &arguments))).unwrap();
        for (name, value) in arguments.iter().filter(|(name, _)| name.starts_with('$')) {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        request = request.bearer_auth(&self.token);
        if let Some(tag) = &row.if_match {
            request = request.header("if-match", substitute(tag, saved));
        }
        match row.body(saved) {
            Some(body) => request.json(&body),
            None if method == "GET" || method == "DELETE" => request,
            None => request.header("content-length", 0),
        }
    }
}

/// Returns true if `resourceType` is the first key of every object that has it.
fn type_comes_first(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("\"resourceType\"") {
        if !rest[..at].ends_with('{') {
            return false;
        }
        rest = &rest[at + 1..];
    }
    true
}

#[tokio::test]
async fn sandbox_responses_match_the_recorded_service() {
    let mut assertions: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in scenarios() {
        let (client, mut saved) = (HttpClient::start().await, Saved::new());
        for row in scenario.rows() {
            let outcome = client.run(&row, &mut saved).await;
            let count = outcome
                .unwrap_or_else(|what| panic!("{}: {}, {}: {what}", scenario.name, row.operation, row.description));
            *assertions.entry(row.operation.clone()).or_default() += count;
        }
    }
    for (method, path, _) in operations(&CORRECTED) {
        let count = assertions.get(&format!("{method} {path}")).copied().unwrap_or_default();
        assert!(count >= 5, "{method} {path}: {count} assertions");
    }
}

/// Sends the request of a row through the SDK.
async fn run_with_sdk(env: &TestEnv, row: &Row, saved: &mut Saved) -> Result<(), String> {
    env.sandbox.advance(Duration::from_secs(row.advance_seconds));
    if let Some(address) = &row.upload_to {
        let address = substitute(address, saved).as_str().into();
        let sent = env.client.upload(&address, row.content.clone().into_bytes()).await;
        let status = match &sent {
            Ok(()) => 201,
            Err(error) => error.status().map_or(0, |status| status.as_u16()),
        };
        return expect(status == row.status, || format!("{status}, {sent:?}"));
    }
    let arguments = row.resolved_arguments(saved);
    let mut args: Map<String, Value> =
        arguments.iter().map(|(name, value)| (rust_name(name), value.as_str().into())).collect();
    if let Some(body) = row.body(saved) {
        args.insert("body".to_owned(), body);
    }
    if let Some(tag) = &row.if_match {
        args.insert("if_match".to_owned(), substitute(tag, saved).into());
    }
    match call(&env.client, &NAMES[&row.operation], &Args::new(Value::Object(args))).await {
        Ok(response) => {
            expect(response.status == row.status, || format!("{}", response.status))?;
            row.check_body(&response.body, saved).map(drop)
        }
        Err(error) => {
            let status = error.status().map_or(0, |status| status.as_u16());
            expect(status == row.status, || error.to_string())?;
            expect(error.request_id().is_some(), || "no request id".to_owned())?;
            let expected = row.error.clone().unwrap_or_default();
            let code = expected.code.as_deref();
            expect(code.is_none() || error.service_code() == code, || error.to_string())?;
            let field = expected.field.unwrap_or_default();
            let known = error.field_errors().keys().any(|name| name.eq_ignore_ascii_case(&field));
            expect(field.is_empty() || known, || error.to_string())
        }
    }
}

fn expect(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Every operation succeeds and fails at least once. Fails for a new operation of the document until the tables have rows for it.
#[tokio::test]
async fn sdk_succeeds_and_fails_on_every_operation() {
    let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for scenario in scenarios() {
        let (env, mut saved) = (start().await, Saved::new());
        env.sandbox.set_token_lifetime(TOKEN_LIFETIME);
        let rows = scenario.rows();
        for row in &rows {
            // Later rows depend on this one, so it is sent although the typed call cannot.
            let outcome = if row.untyped {
                run_with_request(&env, row, &mut saved).await
            } else {
                run_with_sdk(&env, row, &mut saved).await
            };
            outcome.unwrap_or_else(|what| panic!("{}: {}, {}: {what}", scenario.name, row.operation, row.description));
            match row.status {
                _ if row.untyped || row.upload_to.is_some() => false,
                200..=299 => succeeded.insert(row.operation.clone()),
                _ => failed.insert(row.operation.clone()),
            };
        }
    }
    let all: BTreeSet<String> =
        operations(&CORRECTED).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let without = |set: &BTreeSet<String>| all.difference(set).cloned().collect::<Vec<_>>();
    assert_eq!(without(&succeeded), Vec::<String>::new(), "without a success");
    assert_eq!(without(&failed), Vec::<String>::new(), "without a failure");
}

async fn run_with_request(env: &TestEnv, row: &Row, saved: &mut Saved) -> Result<(), String> {
    let (method, template) = row.operation.split_once(' ').unwrap();
    let arguments = row.resolved_arguments(saved);
    let path = substitute(row.path.as_deref().unwrap_or(template), &arguments);
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = env.client.request(method, path.trim_start_matches('/'));
    for (name, value) in arguments.iter().filter(|(name, _)| name.starts_with('$')) {
        request = request.query(name, value);
    }
    if let Some(body) = row.body(saved) {
        request = request.json(&body);
    }
    if let Some(tag) = &row.if_match {
        request = request.if_match(substitute(tag, saved).as_str());
    }
    match request.send::<Value>().await {
        Ok(response) => row.check_body(&response, saved).map(drop),
        Err(error) => expect(error.status().is_some_and(|status| status.as_u16() == row.status), || error.to_string()),
    }
}
