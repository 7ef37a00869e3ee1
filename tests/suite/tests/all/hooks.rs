//! Hooks of a client: `before_send`, `observe`, and the user agent.

use partner_ingestion_sdk::partner_auth::StaticToken;
use partner_ingestion_sdk::reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, IF_MATCH, USER_AGENT};
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{ClientBuilder, ErrorKind, Event, Measurement};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::client_builder;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PRODUCT: &str = r#"{"resourceType":"AzureApplication","name":"Contoso","id":"p"}"#;

fn builder(server: &MockServer) -> ClientBuilder {
    let base = format!("{}/v1.0/ingestion", server.origin);
    client_builder().base_url(base).token_provider(StaticToken::new("t0ken").unwrap())
}

fn busy() -> CannedResponse {
    CannedResponse::new(503, "").header("retry-after", "0").header("request-id", "first")
}

fn product() -> CannedResponse {
    CannedResponse::new(200, PRODUCT).header("request-id", "second")
}

#[tokio::test]
async fn before_send_sees_each_attempt_and_changes_its_headers() {
    let server = MockServer::with_responses(vec![busy(), product()]).await;
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let log = seen.clone();
    let client = builder(&server).before_send(move |request| {
        let operation = request.operation();
        log.lock().unwrap().push((operation.name, operation.path, request.method().clone(), request.attempt()));
        let attempt = HeaderValue::from(request.attempt());
        request.headers_mut().insert("x-attempt", attempt);
    });
    // The second hook sees the header of the first one.
    let client = client.before_send(|request| {
        let value = request.headers()["x-attempt"].clone();
        request.headers_mut().insert("x-copy", value);
    });
    client.build().unwrap().get_product("p").send().await.unwrap();
    let seen = seen.lock().unwrap();
    let names: Vec<_> =
        seen.iter().map(|(name, path, method, attempt)| (*name, *path, method.as_str(), *attempt)).collect();
    let path = "/products/{productID}";
    assert_eq!(names, [("get_product", path, "GET", 1), ("get_product", path, "GET", 2)]);
    let copies: Vec<_> = server.requests().iter().map(|request| request.header("x-copy").unwrap().to_owned()).collect();
    assert_eq!(copies, ["1", "2"]);
}

/// The token, and the headers that retries and the connection depend on, are out of reach.
#[tokio::test]
async fn before_send_cannot_see_or_change_the_token_and_fixed_headers() {
    let server = MockServer::with_responses(vec![product().violates_contract()]).await;
    let client = builder(&server).before_send(|request| {
        assert!(request.headers().get(AUTHORIZATION).is_none());
        assert!(!format!("{request:?}").contains("t0ken"));
        let headers = request.headers_mut();
        for name in [AUTHORIZATION, HOST, IF_MATCH, CONTENT_LENGTH] {
            headers.insert(name, HeaderValue::from_static("7"));
        }
        headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    });
    client.build().unwrap().get_product("p").if_match("\"a\"").send().await.unwrap();
    let requests = server.requests();
    let header = |name| requests[0].header(name);
    assert_eq!(header("authorization"), Some("Bearer t0ken"));
    assert_eq!(header("if-match"), Some("\"a\""));
    assert_eq!(header("content-length").or(header("transfer-encoding")), None);
    assert!(server.origin.ends_with(header("host").unwrap()));
}

/// The figures of an event.
#[derive(Clone, Debug, PartialEq)]
struct Figures {
    what: &'static str,
    operation: &'static str,
    method: String,
    attempt: u32,
    status: Option<u16>,
    error: Option<ErrorKind>,
    request_id: Option<String>,
    bytes: (u64, u64),
}

fn figures(event: &Event<'_>) -> (Figures, Duration, Duration) {
    let of = |what, m: &Measurement<'_>| {
        let figures = Figures {
            what,
            operation: m.operation().name,
            method: m.method().to_string(),
            attempt: m.attempt(),
            status: m.status().map(|status| status.as_u16()),
            error: m.error_kind(),
            request_id: m.request_id().map(str::to_owned),
            bytes: (m.request_bytes(), m.response_bytes()),
        };
        (figures, m.duration(), m.backoff())
    };
    match event {
        Event::Attempt(attempt) => of("attempt", attempt),
        Event::Call(call) => of("call", call),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn observers_receive_each_attempt_and_each_call() {
    let created = CannedResponse::new(201, PRODUCT).header("request-id", "second");
    let server = MockServer::with_responses(vec![busy(), created]).await;
    let events = Arc::<Mutex<Vec<_>>>::default();
    let log = events.clone();
    let client = builder(&server).observe(move |event| log.lock().unwrap().push(figures(event))).build().unwrap();
    client.create_product(AzureProduct::application("contoso", "Contoso")).send().await.unwrap();
    let sent = server.requests()[0].body.len() as u64;
    let event = |what, attempt, status, error, id: &str, bytes| Figures {
        what,
        operation: "create_product",
        method: "POST".to_owned(),
        attempt,
        status: Some(status),
        error,
        request_id: Some(id.to_owned()),
        bytes,
    };
    let received = PRODUCT.len() as u64;
    let expected = [
        event("attempt", 1, 503, Some(ErrorKind::Status), "first", (sent, 0)),
        event("attempt", 2, 201, None, "second", (sent, received)),
        event("call", 2, 201, None, "second", (2 * sent, received)),
    ];
    let events = events.lock().unwrap();
    let found: Vec<Figures> = events.iter().map(|(figures, ..)| figures.clone()).collect();
    assert_eq!(found, expected);
    assert_eq!(events[0].2, Duration::ZERO, "no delay before the first attempt");
    assert_eq!(events[2].2, events[1].2, "the delay of a call is the sum");
    assert!(events[2].1 >= events[0].1 + events[1].1, "the call takes as long as its attempts");
}

#[tokio::test]
async fn observers_receive_failures_without_a_response() {
    let events = Arc::<Mutex<Vec<_>>>::default();
    let log = events.clone();
    let client = client_builder().base_url("http://127.0.0.1:1").token_provider(StaticToken::new("t").unwrap());
    let client = client.retry(partner_ingestion_sdk::RetryPolicy::none());
    let client = client.observe(move |event| log.lock().unwrap().push(figures(event).0)).build().unwrap();
    client.get_product("p").send().await.unwrap_err();
    let events = events.lock().unwrap();
    assert_eq!(
        events.iter().map(|event| (event.what, event.error, event.status)).collect::<Vec<_>>(),
        [("attempt", Some(ErrorKind::Connection), None), ("call", Some(ErrorKind::Connection), None),]
    );
}

async fn user_agent(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> String {
    let server = MockServer::with_responses(vec![product()]).await;
    configure(builder(&server)).build().unwrap().get_product("p").send().await.unwrap();
    server.requests()[0].header(USER_AGENT.as_str()).unwrap().to_owned()
}

#[tokio::test]
async fn the_application_id_is_in_front_of_the_user_agent() {
    let ours = concat!("partner-ingestion-sdk/", env!("CARGO_PKG_VERSION"));
    assert_eq!(user_agent(|client| client).await, ours);
    let named = user_agent(|client| client.application_id("contoso-ci/1.2")).await;
    assert_eq!(named, format!("contoso-ci/1.2 {ours}"));
}

#[tokio::test]
async fn a_user_agent_of_the_transport_is_not_overwritten() {
    let own = |client: ClientBuilder| client.application_id("contoso").configure_http(|http| http.user_agent("own/1"));
    assert_eq!(user_agent(own).await, "own/1");
}

#[test]
fn invalid_application_ids_are_rejected() {
    let long = "x".repeat(101);
    for id in ["", " a", "a ", "a\nb", "ü", "a(b)", "a;b", long.as_str()] {
        let error = client_builder().token_provider(StaticToken::new("t").unwrap()).application_id(id).build();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Config, "{id:?}");
    }
}
