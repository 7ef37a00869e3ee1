//! The tables of `conformance/`, held against the sandbox by plain HTTP and against the SDK by its own calls.

use partner_ingestion_sdk::reqwest::{self, Method, Url};
use partner_sandbox::Sandbox;
use partner_tests::bridge::Args;
use partner_tests::conformance::{Kept, Row, filled, is_guid, scenarios};
use partner_tests::document::{CORRECTED, NAMES, operations, rust_name};
use partner_tests::generated::bridge::call;
use partner_tests::stage::{Stage, checked};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Hours pass in the tables; tokens live longer.
const DAYS: Duration = Duration::from_secs(1_000_000);

/// One step of processing. The tables advance the clock by a minute or an hour where they wait for steps.
const STEP: Duration = Duration::from_secs(20);

/// The offers of the tables are smaller than what the rules of publishing ask for.
async fn open() -> Stage {
    Stage::with(checked(Sandbox::builder()).processing_delay(STEP).without_rules()).await
}

/// Plain HTTP with a token of the sandbox's account.
struct Wire {
    stage: Stage,
    http: reqwest::Client,
    token: String,
}

impl Wire {
    async fn open() -> Self {
        let stage = open().await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let sandbox = &stage.sandbox;
        sandbox.set_token_lifetime(DAYS);
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
        Self { stage, http, token }
    }

    /// Sends a row; the number of assertions that its answer passed.
    async fn run(&self, row: &Row, kept: &mut Kept) -> Result<usize, String> {
        self.stage.sandbox.advance(Duration::from_secs(row.advance));
        let answer = self.request(row, kept).send().await.map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.map_err(|error| error.to_string())?;
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        if status != row.status {
            return Err(format!("{status} {text}"));
        }
        if row.send.is_some() {
            return Ok(1 + row.check_headers(header, &Value::Null, kept)?);
        }
        if !header("request-id").is_some_and(|id| is_guid(&id)) {
            return Err("request-id is no GUID".to_owned());
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
        count += row.check_headers(header, &body, kept)?;
        count += row.check_refusal(&body, kept)?;
        count += row.check_body(&body, kept)?;
        Ok(count)
    }

    fn request(&self, row: &Row, kept: &Kept) -> reqwest::RequestBuilder {
        if let Some(address) = &row.send {
            let request = self.http.put(filled(address, kept)).header("x-ms-blob-type", "BlockBlob");
            return request.body(row.content.clone());
        }
        let (method, template) = row.operation.split_once(' ').unwrap();
        let arguments = row.arguments(kept);
        let path = row.path.as_deref().unwrap_or(template);
        let mut url = Url::parse(&format!("{}{}", self.stage.sandbox.url(), filled(path, &arguments))).unwrap();
        for (name, value) in arguments.iter().filter(|(name, _)| name.starts_with('$')) {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        request = request.bearer_auth(&self.token);
        if let Some(tag) = &row.if_match {
            request = request.header("if-match", filled(tag, kept));
        }
        match row.body(kept) {
            Some(body) => request.json(&body),
            None => request,
        }
    }
}

/// Whether every object that has a type begins with it.
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
async fn the_sandbox_answers_as_the_service_does() {
    let mut assertions: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in scenarios() {
        let (wire, mut kept) = (Wire::open().await, Kept::new());
        for row in scenario.rows() {
            let outcome = wire.run(&row, &mut kept).await;
            let count =
                outcome.unwrap_or_else(|what| panic!("{}: {}, {}: {what}", scenario.name, row.operation, row.about));
            *assertions.entry(row.operation.clone()).or_default() += count;
        }
    }
    for (method, path, _) in operations(&CORRECTED) {
        let count = assertions.get(&format!("{method} {path}")).copied().unwrap_or_default();
        assert!(count >= 5, "{method} {path}: {count} assertions");
    }
}

/// Sends a row through the SDK.
async fn through_the_sdk(stage: &Stage, row: &Row, kept: &mut Kept) -> Result<(), String> {
    stage.sandbox.advance(Duration::from_secs(row.advance));
    if let Some(address) = &row.send {
        let address = filled(address, kept).as_str().into();
        let sent = stage.client.upload(&address, row.content.clone().into_bytes()).await;
        let status = match &sent {
            Ok(()) => 201,
            Err(error) => error.status().map_or(0, |status| status.as_u16()),
        };
        return expect(status == row.status, || format!("{status}, {sent:?}"));
    }
    let arguments = row.arguments(kept);
    let mut args: Map<String, Value> =
        arguments.iter().map(|(name, value)| (rust_name(name), value.as_str().into())).collect();
    if let Some(body) = row.body(kept) {
        args.insert("body".to_owned(), body);
    }
    if let Some(tag) = &row.if_match {
        args.insert("if_match".to_owned(), filled(tag, kept).into());
    }
    match call(&stage.client, &NAMES[&row.operation], &Args(Value::Object(args))).await {
        Ok(answer) => {
            expect(answer.status == row.status, || format!("{}", answer.status))?;
            row.check_body(&answer.body, kept).map(drop)
        }
        Err(error) => {
            let status = error.status().map_or(0, |status| status.as_u16());
            expect(status == row.status, || error.to_string())?;
            expect(error.request_id().is_some(), || "no request id".to_owned())?;
            let refused = row.refused.clone().unwrap_or_default();
            let code = refused.code.as_deref();
            expect(code.is_none() || error.service_code() == code, || error.to_string())?;
            let field = refused.field.unwrap_or_default();
            let known = error.field_errors().keys().any(|name| name.eq_ignore_ascii_case(&field));
            expect(field.is_empty() || known, || error.to_string())
        }
    }
}

fn expect(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Every operation succeeds and fails at least once; an operation that the document gains has no rows and fails here.
#[tokio::test]
async fn the_sdk_calls_every_operation_with_success_and_with_failure() {
    let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for scenario in scenarios() {
        let (stage, mut kept) = (open().await, Kept::new());
        stage.sandbox.set_token_lifetime(DAYS);
        let rows = scenario.rows();
        for row in &rows {
            // What only plain HTTP can send still has to happen, for the rows after it.
            let outcome = if row.raw {
                sent_raw(&stage, row, &mut kept).await
            } else {
                through_the_sdk(&stage, row, &mut kept).await
            };
            outcome.unwrap_or_else(|what| panic!("{}: {}, {}: {what}", scenario.name, row.operation, row.about));
            match row.status {
                _ if row.raw || row.send.is_some() => false,
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

async fn sent_raw(stage: &Stage, row: &Row, kept: &mut Kept) -> Result<(), String> {
    let (method, template) = row.operation.split_once(' ').unwrap();
    let arguments = row.arguments(kept);
    let path = filled(row.path.as_deref().unwrap_or(template), &arguments);
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = stage.client.request(method, path.trim_start_matches('/'));
    for (name, value) in arguments.iter().filter(|(name, _)| name.starts_with('$')) {
        request = request.query(name, value);
    }
    if let Some(body) = row.body(kept) {
        request = request.json(&body);
    }
    if let Some(tag) = &row.if_match {
        request = request.if_match(filled(tag, kept).as_str());
    }
    match request.send::<Value>().await {
        Ok(answer) => row.check_body(&answer, kept).map(drop),
        Err(error) => expect(error.status().is_some_and(|status| status.as_u16() == row.status), || error.to_string()),
    }
}
