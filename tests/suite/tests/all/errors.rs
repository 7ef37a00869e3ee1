//! Errors of calls: kind, message, hint, and whether the call was retried.

use partner_auth::{AccessToken, BoxFuture, Error as AuthError, ErrorKind as AuthErrorKind, TokenProvider};
use partner_ingestion_sdk::partner_auth::{StaticToken, TokenSource};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::{Client, Error, ErrorKind, IfMatch, RetryPolicy};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, authority, client_builder, token_source};
use serde_json::json;
use std::error::Error as _;
use std::time::Duration;

#[derive(Debug)]
struct NoToken;

impl TokenProvider for NoToken {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, AuthError>> {
        Box::pin(async {
            Err(AuthError::other(AuthErrorKind::Network, "the vault is closed", std::io::Error::other("x")))
        })
    }

    fn invalidate(&self, _: &AccessToken) {}
}

#[tokio::test]
async fn sends_nothing_without_a_token() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = client_builder().base_url(&server.origin).token_provider(NoToken).build().unwrap();
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.is_auth() && error.is_retryable());
    assert_eq!(error.auth_error().unwrap().kind(), AuthErrorKind::Network);
    assert!(
        error.to_string().contains("list_products: no access token could be obtained: the vault is closed"),
        "{error}"
    );
    assert!(error.source().unwrap().downcast_ref::<AuthError>().is_some());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn wrong_credentials_have_a_code_and_a_hint() {
    let env = TestEnv::start().await;
    for (secret, client_id, tenant, code) in [
        (Some("wrong"), None, None, 7_000_215),
        (None, Some("11111111-0000-0000-0000-000000000000"), None, 700_016),
        (None, None, Some("other.example"), 90_002),
    ] {
        let sandbox = &env.sandbox;
        let (own_tenant, own_client, own_secret) = (sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
        let tokens = TokenSource::builder(
            tenant.unwrap_or(&own_tenant),
            client_id.unwrap_or(&own_client),
            secret.unwrap_or(&own_secret),
        );
        let tokens = tokens.authority(authority(sandbox)).build().unwrap();
        let client = client_builder().base_url(sandbox.url()).token_provider(tokens).build().unwrap();
        let calls = sandbox.calls().len();
        let error = client.list_products().send().await.unwrap_err();
        let auth = error.auth_error().unwrap();
        assert_eq!(auth.aadsts_codes(), [code]);
        assert!(auth.trace_id().is_some() && auth.hint().is_some());
        assert!(error.to_string().contains(&format!("AADSTS{code}")), "{error}");
        assert_eq!(error.hint().unwrap_or_default(), auth.hint().unwrap());
        assert!(!error.is_retryable());
        assert_eq!(sandbox.calls().len(), calls + 1, "only the token request was sent");
    }
}

#[tokio::test]
async fn html_error_keeps_status_and_request_id() {
    let response = CannedResponse::new(502, "<html><body>Bad gateway</body></html>")
        .header("request-id", "r-7")
        .header("content-type", "text/html");
    let server = MockServer::with_responses(vec![response]).await;
    let error = server.client().get_listing("p", "l").send().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.request_id()), (502, Some("r-7")));
    assert_eq!(error.body_excerpt(), Some("<html><body>Bad gateway</body></html>"));
    assert!(error.is_retryable() && error.kind() == ErrorKind::Status);
    assert_eq!(error.to_string(), "get_listing: service returned 502 Bad Gateway (request id r-7)");
}

#[tokio::test]
async fn parses_error_bodies_of_every_form() {
    let text = "ICH50400-Not valid. {\"faultCode\":50400,\"correlationId\":\"c\",\"operationId\":\"o\",\"data\":{\"A\":[\"b\"]}}";
    let table: [(u16, String, Option<&str>, Option<&str>); 7] = [
        (400, json!(text).to_string(), Some("ICH50400"), Some("Not valid.")),
        (403, json!("Not applicable for this product").to_string(), None, Some("Not applicable for this product")),
        (
            429,
            json!({"statusCode": 429, "message": "Try again in 7 seconds"}).to_string(),
            None,
            Some("Try again in 7 seconds"),
        ),
        (409, json!({"code": "InvalidState", "message": "no"}).to_string(), Some("InvalidState"), Some("no")),
        (404, String::new(), None, None),
        (401, String::new(), None, None),
        (301, json!("Duplicate {\"toId\":\"p-2\"}").to_string(), None, Some("Duplicate")),
    ];
    for (status, body, code, message) in table {
        let server = MockServer::with_responses(vec![
            CannedResponse::new(status, body).header("request-id", "r").header("retry-after", "7"),
        ])
        .await;
        let error = server.client().get_package("p", "k").send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!((error.service_code(), error.service_message()), (code, message));
        assert_eq!((error.request_id(), error.retry_after()), (Some("r"), Some(Duration::from_secs(7))));
        assert_eq!(error.operation(), Some("get_package"));
        assert_eq!(
            error.hint().unwrap_or_default().contains("Manager role"),
            matches!(status, 401 | 403 | 404),
            "{status}"
        );
    }
}

#[tokio::test]
async fn decode_error_names_the_path() {
    let body = json!({"value": [{"id": "1"}, {"id": "2", "name": {"secret": "x"}}]}).to_string();
    let server = MockServer::with_responses(vec![
        CannedResponse::new(200, body).header("request-id", "r-1").violates_contract(),
    ])
    .await;
    let error = server.client().list_products().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    assert!(text.contains("value[1]") && text.contains("expected a string, found an object"), "{text}");
    assert_eq!((error.status().unwrap().as_u16(), error.request_id()), (200, Some("r-1")));
    assert!(error.body_excerpt().unwrap().starts_with("{\"value\":[{\"id\":\"1\"}"));
    for (body, expected) in [("", "no body"), ("<html>", "not JSON"), ("{\"value\":[", "is truncated")] {
        let server = MockServer::with_responses(vec![CannedResponse::new(200, body).violates_contract()]).await;
        let error = server.client().list_products().send().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// A read whose body is lost is repeated. A raw request may have no body.
#[tokio::test]
async fn a_read_without_a_complete_body_is_repeated() {
    let list = || CannedResponse::new(200, "{\"value\":[]}");
    for cut_off in ["", "{\"value\":[", "{\"value\":[{\"id\":\"1\"}"] {
        let lost = || CannedResponse::new(200, cut_off).violates_contract();
        let server = MockServer::with_responses(vec![lost(), list()]).await;
        let twice = RetryPolicy::default().max_attempts(2);
        let page = server.client().list_products().retry(twice).send().await.unwrap();
        assert_eq!(page.attempts(), 2, "{cut_off}");
        let server = MockServer::with_responses(vec![lost()]).await;
        let error = server.client().list_products().retry(twice).send().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (ErrorKind::Decode, 2, true), "{error}");
    }
    let server = MockServer::with_responses(vec![CannedResponse::new(200, ""), list()]).await;
    assert_eq!(server.client().request(Method::GET, "other").send::<()>().await.unwrap().attempts(), 1);
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "<html>").violates_contract()]).await;
    assert!(!server.client().list_products().send().await.unwrap_err().is_retryable(), "the same page again");
}

#[tokio::test]
async fn refreshes_the_token_once_after_401() {
    let env = TestEnv::start().await;
    env.client.list_products().send().await.unwrap();
    assert_eq!(env.sandbox.issued_tokens(), 1);
    env.sandbox.revoke_tokens();
    let response = env.client.list_products().send().await.unwrap();
    assert_eq!((env.sandbox.issued_tokens(), response.attempts()), (2, 2));

    // The service rejects every token: one new token, then the 401 is returned.
    let server = MockServer::with_responses(vec![CannedResponse::new(401, "")]).await;
    let client = client_builder().base_url(&server.origin).token_provider(token_source(&env.sandbox)).build().unwrap();
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), server.requests().len()), (401, 2));
    let tokens: Vec<_> =
        server.requests().iter().map(|request| request.header("authorization").unwrap().to_owned()).collect();
    assert_ne!(tokens[0], tokens[1]);

    // The provider has no other token: the 401 is returned at once.
    let server = MockServer::with_responses(vec![CannedResponse::new(401, "")]).await;
    assert!(server.client().list_products().send().await.unwrap_err().is_auth());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn retries_depend_on_method_and_cause() {
    let busy = || CannedResponse::new(503, "").header("retry-after", "0");
    let server =
        MockServer::with_responses(vec![busy(), CannedResponse::new(500, ""), CannedResponse::new(200, "{}")]).await;
    let client =
        client_builder().base_url(&server.origin).token_provider(StaticToken::new("t").unwrap()).build().unwrap();
    let response = client.list_products().send().await.unwrap();
    assert_eq!((response.attempts(), server.requests().len()), (3, 3));

    // A POST that may have been processed is not sent again.
    let server = MockServer::with_responses(vec![CannedResponse::new(500, ""), CannedResponse::new(201, "{}")]).await;
    let client =
        client_builder().base_url(&server.origin).token_provider(StaticToken::new("t").unwrap()).build().unwrap();
    let error = client.create_product(partner_ingestion_sdk::types::AzureProduct::default()).send().await.unwrap_err();
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));

    // A Retry-After beyond the time limit of the retry policy.
    let server = MockServer::with_responses(vec![CannedResponse::new(503, "").header("retry-after", "3600")]).await;
    let client =
        client_builder().base_url(&server.origin).token_provider(StaticToken::new("t").unwrap()).build().unwrap();
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!((error.retry_after(), server.requests().len()), (Some(Duration::from_secs(3600)), 1));
}

#[tokio::test]
async fn reports_timeouts_and_connection_errors() {
    let unresponsive = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", unresponsive.local_addr().unwrap());
    let client =
        client_builder().base_url(&address).token_provider(StaticToken::new("t").unwrap()).retry(RetryPolicy::none());
    let client = client.build().unwrap();
    let error = client.list_products().attempt_timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, None));
    drop(unresponsive);
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.source().is_some() && error.is_retryable());
}

#[tokio::test]
async fn response_above_the_size_limit_is_an_error() {
    let response = CannedResponse::new(200, "x".repeat(5000)).header("request-id", "r").violates_contract();
    let server = MockServer::with_responses(vec![response]).await;
    let builder = client_builder().base_url(&server.origin).max_response_bytes(4096);
    let client = builder.token_provider(StaticToken::new("t").unwrap()).build().unwrap();
    let error = client.list_products().send().await.unwrap_err();
    assert_eq!((error.kind(), error.request_id()), (ErrorKind::ResponseTooLarge, Some("r")));
}

#[tokio::test]
async fn does_not_follow_redirects() {
    let server =
        MockServer::start(|_, _| CannedResponse::new(302, "").header("location", "https://evil.example/")).await;
    let error = server.client().list_products().send().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), server.requests().len()), (302, 1));
}

#[tokio::test]
async fn sends_call_options() {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}").header("etag", "\"e\"")]).await;
    let client = server.client();
    let call = client.get_listing("p", "l").header("x-ms-publisherId", "7").if_match(IfMatch::Any);
    let response = call.send().await.unwrap();
    assert_eq!(response.etag(), Some("\"e\""));
    let request = &server.requests()[0];
    assert_eq!((request.header("x-ms-publisherid"), request.header("if-match")), (Some("7"), Some("*")));
    let raw = client.request(Method::POST, "products/p/flights").query("a b", "c&d").json(&json!({"x": 1}));
    let body = raw.send::<serde_json::Value>().await.unwrap().into_inner();
    assert_eq!(body, json!({}));
    let request = &server.requests()[1];
    assert_eq!(request.target, "/v1.0/ingestion/products/p/flights?a+b=c%26d");
    assert_eq!(
        (request.body.as_slice(), request.header("authorization")),
        (&br#"{"x":1}"#[..], Some("Bearer a-token"))
    );
}

#[test]
fn clients_calls_and_errors_are_send() {
    fn send<T: Send>(_: &T) {}
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Client>();
    shared::<Error>();
    let client = Client::builder().token_provider(NoToken).build().unwrap();
    // The bridge awaits every call, so this covers all of them.
    let args = partner_tests::bridge::Args::new(json!({}));
    send(&partner_tests::generated::bridge::call(&client, "list_products", &args));
    send(&client.list_products().send());
    send(&client.list_products().stream());
    send(&client.replace_listing("p", "l", partner_ingestion_sdk::types::AzureListing::default()).send());
    send(&client.create_variant("p", partner_ingestion_sdk::types::AzureSkuVariant::default()).send());
    send(&client.request(Method::GET, "x").send::<serde_json::Value>());
    send(&client.upload(&"https://a".into(), "x"));
}
