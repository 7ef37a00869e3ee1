//! The way of a request: its headers, its waits, its connection, and what an error says about the service's state.

use futures_util::{FutureExt, stream};
use partner_auth::{AccessToken, Authority, BoxFuture, StaticToken, TokenProvider, TokenSource};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, ErrorKind, FileSource, IfMatch, RetryPolicy};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{client_builder, start_sandbox};
use serde_json::{Value, json};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn offer() -> AzureProduct {
    AzureProduct::application("app", "App")
}

/// A server that returns a status and a body, whatever the document says.
async fn server(responses: &[(u16, &str)]) -> MockServer {
    let canned = responses.iter().map(|(status, body)| CannedResponse::new(*status, *body).violates_contract());
    MockServer::with_responses(canned.collect()).await
}

#[tokio::test]
async fn every_method_with_a_body_has_a_content_length() {
    let server = server(&[(200, "{}")]).await;
    let client = server.client();
    client.promote_submission("p", "s").send().await.unwrap();
    client.create_product(offer()).send().await.unwrap();
    client.request(Method::POST, "products/1/flights").send::<Value>().await.unwrap();
    client.request(Method::PUT, "products/1/flights").send::<Value>().await.unwrap();
    client.delete_product("p").send().await.unwrap();
    let requests = server.requests();
    let lengths: Vec<_> = requests.iter().map(|request| request.header("content-length")).collect();
    let created = requests[1].body.len().to_string();
    assert_eq!(lengths, [Some("0"), Some(&*created), Some("0"), Some("0"), None]);
}

#[tokio::test]
async fn the_sandbox_answers_411_without_a_length() {
    let sandbox = start_sandbox().await;
    let address = sandbox.url().split('/').nth(2).unwrap().to_owned();
    for (headers, status) in [("", "411"), ("content-length: 0\r\n", "401"), ("transfer-encoding: chunked\r\n", "401")]
    {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let end = if headers.starts_with('t') { "0\r\n\r\n" } else { "" };
        let request = format!(
            "POST /v1.0/ingestion/products/p/submissions/s/promote HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n{end}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{headers:?}: {response}");
    }
}

#[tokio::test]
async fn headers_of_a_call_replace_those_of_the_operation() {
    let server = server(&[(200, "{}")]).await;
    let client = server.client();
    let json = "application/json; charset=utf-8";
    let call = client.replace_listing("p", "l", AzureListing::default());
    let call = call.header("accept", json).header("Content-Type", json).header("IF-MATCH", "\"7\"").header("x-a", "1");
    call.header("x-a", "2").send().await.unwrap();
    let raw = client.request(Method::PUT, "x").json(&json!({})).header("content-type", json).header("accept", json);
    raw.header("if-match", "*").send::<Value>().await.unwrap();
    for (request, etag) in server.requests().iter().zip(["\"7\"", "*"]) {
        for (name, value) in [("accept", json), ("content-type", json), ("if-match", etag)] {
            let values: Vec<_> = request.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
    }
    assert_eq!(server.requests()[0].headers.get_all("x-a").iter().collect::<Vec<_>>(), ["2"]);
    for name in ["content-length", "Transfer-Encoding", "host", "a b"] {
        let error = client.list_products().header(name, "5").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_base_url_of_a_host_only_has_no_second_slash() {
    let server = server(&[(200, "{}")]).await;
    for base in [server.origin.clone(), format!("{}/", server.origin), format!("{}//", server.origin)] {
        let client = client_builder().base_url(base).token_provider(StaticToken::new("t").unwrap()).build().unwrap();
        client.list_products().send().await.unwrap();
        client.request(Method::GET, "/products").send::<Value>().await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.path() == "/products"), "{:?}", server.requests());
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn paths_with_encoded_dots_are_not_sent() {
    let server = server(&[(200, "{}")]).await;
    for path in ["%2e%2e/x", "products/.%2E", "products/.\t./x", "products/%2e?a", "..\n/x"] {
        let error = server.client().request(Method::GET, path).send::<Value>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{path:?}");
    }
    assert!(server.requests().is_empty());
}

/// The error of each method whose response is this one.
async fn errors_of(response: (u16, &str)) -> [(&'static str, Result<(), Error>); 4] {
    let server = server(&[response]).await;
    let client = server.client();
    let listing = AzureListing::default();
    [
        ("GET", client.get_product("p").send().await.map(drop)),
        ("PUT", client.replace_listing("p", "l", listing).if_match(IfMatch::Any).send().await.map(drop)),
        ("POST", client.create_product(offer()).send().await.map(drop)),
        ("raw POST", client.request(Method::POST, "x").json(&1).send::<Vec<String>>().await.map(drop)),
    ]
}

#[tokio::test]
async fn success_without_a_valid_body_may_have_been_processed_unless_it_is_a_get() {
    for body in ["", "{\"id\": ", "[7]", "<html>", "\"x\""] {
        for (method, outcome) in errors_of((200, body)).await {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{method} {body}");
            assert_eq!(error.may_have_been_processed(), method != "GET", "{method} {body}: {error}");
            // A body that was cut off can be complete the next time, if reading again changes nothing.
            let is_cut_off = ["", "{\"id\": "].contains(&body);
            assert_eq!(error.is_retryable(), method == "GET" && is_cut_off, "{method} {body}: {error}");
        }
    }
}

#[tokio::test]
async fn the_bodies_of_promote_and_cancel_are_not_needed() {
    for body in ["", "\"Accepted\"", "[]", "<html>", "{\"state\": 7}"] {
        for status in [200, 202, 204] {
            let body = if status == 204 { "" } else { body };
            let server = server(&[(status, body)]).await;
            let promoted = server.client().promote_submission("p", "s").send().await.unwrap();
            assert_eq!(promoted.status().as_u16(), status);
            server.client().cancel_submission("p", "s").send().await.unwrap();
        }
    }
    let server = server(&[(200, r#"{"targetEnvironment": "Live"}"#)]).await;
    let promoted = server.client().promote_submission("p", "s").send().await.unwrap();
    assert_eq!(serde_json::to_value(&*promoted).unwrap(), json!({"targetEnvironment": "Live"}));
}

#[tokio::test]
async fn a_repetition_is_suggested_only_where_it_is_safe() {
    for (method, outcome) in errors_of((500, "")).await {
        let error = outcome.unwrap_err();
        assert_eq!(error.is_retryable(), !method.ends_with("POST"), "{method}");
        assert_eq!(error.may_have_been_processed(), method != "GET", "{method}");
    }
    for (method, outcome) in errors_of((429, "")).await {
        assert!(outcome.unwrap_err().is_retryable(), "{method}: it was not processed");
    }
}

#[tokio::test]
async fn an_empty_404_does_not_mean_that_an_earlier_attempt_deleted_the_resource() {
    let message = "\"The product does not exist.\"";
    for (body, deleted) in [(message, true), ("", false), ("<html>Not found</html>", false)] {
        let server = server(&[(500, ""), (404, body)]).await;
        let outcome = server.client().delete_product("p").retry(RetryPolicy::default()).send().await;
        assert_eq!(outcome.is_ok(), deleted, "{body}");
        if let Err(error) = outcome {
            assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (404, 2));
            assert!(error.may_have_been_processed(), "{error}");
        }
    }
}

/// Returns one token.
#[derive(Debug, Default)]
struct OneToken(AtomicUsize);

impl TokenProvider for OneToken {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, partner_auth::Error>> {
        let error =
            || partner_auth::Error::other(partner_auth::ErrorKind::Credential, "expired", io::Error::other("x"));
        let first = self.0.fetch_add(1, Ordering::Relaxed) == 0;
        let token = if first { StaticToken::new("t").unwrap().cached().ok_or_else(error) } else { Err(error()) };
        Box::pin(std::future::ready(token))
    }

    fn invalidate(&self, _: &AccessToken) {}
}

#[tokio::test]
async fn an_ambiguous_attempt_is_not_forgotten_when_the_next_one_gets_no_token() {
    let server = server(&[(500, "")]).await;
    let client = || {
        let builder = client_builder().base_url(&server.origin).token_provider(OneToken::default());
        builder.build().unwrap()
    };
    let listing = || client().replace_listing("p", "l", AzureListing::default()).if_match("\"1\"");
    for error in [client().delete_product("p").send().await.unwrap_err(), listing().send().await.unwrap_err()] {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Auth, 1), "{error}");
        assert!(error.may_have_been_processed(), "{error}");
    }
    let error = client().get_product("p").send().await.unwrap_err();
    assert_eq!((error.attempts(), error.may_have_been_processed()), (1, false));
}

#[tokio::test]
async fn a_call_that_waits_after_a_429_was_not_processed() {
    let server = MockServer::start(|_, _| CannedResponse::new(429, "").header("retry-after", "5")).await;
    let call = server.client().create_product(offer()).retry(RetryPolicy::default());
    let error = call.timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(!error.may_have_been_processed() && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn calls_wait_for_the_rate_limit_only_within_their_own_limits() {
    let server = MockServer::start(|_, _| CannedResponse::new(429, "").header("retry-after", "3600")).await;
    let client = server.client();
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    let short = Duration::from_millis(100);
    let begun = Instant::now();
    for call in [
        client.create_product(offer()).attempt_timeout(short),
        client.create_product(offer()).retry(RetryPolicy::default().time_limit(short)),
        client.create_product(offer()).timeout(short),
    ] {
        let error = call.send().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 0), "{error}");
        assert!(!error.may_have_been_processed(), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn dates_in_retry_after_are_relative_to_the_date_of_the_response() {
    for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        let server = MockServer::start(move |_, _| {
            let response = CannedResponse::new(503, "").header("date", "Sun, 06 Nov 1994 08:49:00 GMT");
            response.header("retry-after", date)
        })
        .await;
        let error = server.client().get_product("p").send().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(37)), "{date}");
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_no_connection_error() {
    let server = server(&[(201, "")]).await;
    let client = server.client();
    let chunks = stream::iter([Ok(bytes::Bytes::from_static(b"start")), Err(io::Error::other("disk failure"))]);
    let file = FileSource::stream("a.zip", 10, chunks);
    let address = Secret::from(format!("{}/account/container/blob?sig=canary", server.origin));
    let error = client.upload(&address, file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("disk failure") && !error.is_retryable(), "{error}");
    assert!(!format!("{error} {error:?} {error:#?}").contains("canary"), "{error:?}");
}

/// Without a runtime, nothing panics.
#[test]
fn a_token_request_without_a_runtime_is_an_error() {
    let tokens = TokenSource::builder("contoso.example", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret");
    let tokens = tokens.authority(Authority::loopback("http://127.0.0.1:1").unwrap());
    let tokens = tokens.configure_http(|http| http.tls_certs_only([])).build().unwrap();
    let error = tokens.token().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), partner_auth::ErrorKind::Config);
    assert!(error.to_string().contains("Tokio runtime") && error.hint().unwrap().contains("block_on"), "{error:?}");
}
