//! Connections that were idle, and proxies.

use partner_auth::{Authority, StaticToken, TokenSource};
use partner_ingestion_sdk::reqwest::{self, Method};
use partner_ingestion_sdk::{Client, ErrorKind, RetryPolicy};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::start_sandbox;
use serde_json::Value;
use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that closes each connection, without a response, when it gets a second request.
async fn closes_at_the_second_request() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                let _ = stream.read(&mut buffer).await;
            });
        }
    });
    (origin, opened)
}

/// A connection that the server may be closing at this moment is not used again.
#[tokio::test]
async fn a_post_after_idling_uses_a_new_connection() {
    let (origin, opened) = closes_at_the_second_request().await;
    let idle = Duration::from_millis(50);
    let builder = Client::builder().base_url(origin).token_provider(StaticToken::new("t").unwrap());
    let builder = builder.configure_http(move |http| http.tls_certs_only([]).pool_idle_timeout(idle));
    let client = builder.retry(RetryPolicy::none()).build().unwrap();
    let post = || client.request(Method::POST, "x").send::<Value>();
    for _ in 0..3 {
        post().await.unwrap();
        tokio::time::sleep(2 * idle).await;
    }
    assert_eq!(opened.load(Ordering::Relaxed), 3);
    // Without idling, the connection is used again: the request may have been processed.
    post().await.unwrap();
    let error = post().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connection && error.may_have_been_processed(), "{error}");
}

/// hyper sends a request again that it could not write to a connection which was used before. On a new connection, it returns an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_never_written_was_not_processed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let builder = Client::builder().base_url(origin).token_provider(StaticToken::new("t").unwrap());
    let client = builder.configure_http(|http| http.tls_certs_only([])).retry(RetryPolicy::none()).build().unwrap();
    // Whether the request or the end of the connection is first is up to the scheduler.
    for _ in 0..10_000 {
        let error = client.request(Method::POST, "x").send::<Value>().await.unwrap_err();
        let causes = std::iter::successors(error.source(), |cause: &&(dyn StdError + 'static)| (**cause).source());
        if causes.map(|cause| format!("{cause:?}")).any(|cause| cause.contains("Canceled")) {
            assert!(!error.may_have_been_processed() && error.is_retryable(), "{error}");
            return;
        }
        assert!(error.may_have_been_processed(), "{error}");
    }
    panic!("no request remained unwritten");
}

/// Proxies in the environment are part of the fault table.
#[tokio::test]
async fn loopback_addresses_use_no_configured_proxy() {
    let proxy = MockServer::with_responses(vec![CannedResponse::new(502, "from the proxy")]).await;
    let address = proxy.origin.clone();
    let configure = move |http: reqwest::ClientBuilder| {
        http.tls_certs_only([]).proxy(reqwest::Proxy::all(address.as_str()).unwrap())
    };
    let sandbox = start_sandbox().await;
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::loopback(&sandbox.authority()).unwrap()).configure_http(configure.clone());
    let client = Client::builder().base_url(sandbox.url()).token_provider(tokens.build().unwrap());
    let client = client.configure_http(configure.clone()).build().unwrap();
    client.list_products().send().await.unwrap();
    assert!(proxy.requests().is_empty());
    // Other hosts use it.
    let client = Client::builder().base_url("https://partner.invalid").token_provider(StaticToken::new("t").unwrap());
    let client = client.configure_http(configure).retry(RetryPolicy::none()).build().unwrap();
    client.list_products().send().await.unwrap_err();
    assert_eq!(proxy.requests().len(), 1, "CONNECT");
}
