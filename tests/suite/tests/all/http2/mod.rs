//! HTTP/2 over TLS: one connection for all calls, the fallback to HTTP/1.1, and faults of streams and connections.

mod faults;
mod server;

use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use partner_tests::tls_server::{TlsOptions, TlsServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PRODUCT: &str = r#"{"resourceType":"AzureApplication","name":"Contoso","id":"p"}"#;

fn product(_: &Request<Incoming>) -> Response<Full<Bytes>> {
    Response::new(Full::new(Bytes::from_static(PRODUCT.as_bytes())))
}

#[tokio::test]
async fn two_hundred_concurrent_requests_use_one_connection() {
    let streams = Arc::<AtomicUsize>::default();
    let counter = streams.clone();
    let server = TlsServer::http(TlsOptions::default(), move |request| {
        assert_eq!(request.version(), http::Version::HTTP_2);
        counter.fetch_add(1, Ordering::Relaxed);
        product(request)
    })
    .await;
    let client = server.client(true);
    let calls = (0..200).map(|_| async { client.get_product("p").send().await.unwrap().attempts() });
    assert_eq!(join_all(calls).await, [1; 200]);
    assert_eq!((server.connections(), streams.load(Ordering::Relaxed)), (1, 200));
}

#[tokio::test]
async fn alpn_falls_back_to_http1() {
    let only: [&[u8]; 1] = [b"http/1.1"];
    let server = TlsServer::http(TlsOptions { protocols: &only, ..TlsOptions::default() }, |request| {
        assert_eq!(request.version(), http::Version::HTTP_11);
        product(request)
    })
    .await;
    let client = server.client(true);
    let calls = (0..20).map(|_| async { client.get_product("p").send().await.map(drop) });
    for outcome in join_all(calls).await {
        outcome.unwrap();
    }
    assert!(server.connections() > 1);
}

/// A server that offers both is asked in the protocol that the caller's transport allows.
#[tokio::test]
async fn http2_is_off_if_the_transport_says_so() {
    let server = TlsServer::http(TlsOptions::default(), |request| {
        assert_eq!(request.version(), http::Version::HTTP_11);
        product(request)
    })
    .await;
    let roots = partner_tests::tls_server::authority_file();
    let builder = server.client_builder(false).configure_http(|http| http.http1_only().no_proxy());
    builder.root_certificates(roots).build().unwrap().get_product("p").await.unwrap();
}

/// A server that rotates its connections ends them gracefully: no call notices.
#[tokio::test]
async fn graceful_shutdown_of_a_connection_is_not_noticed() {
    let server = server::rotating(10).await;
    let client = server.client(true);
    for _ in 0..45 {
        assert_eq!(client.get_product("p").send().await.unwrap().attempts(), 1);
    }
    assert_eq!(server.connections(), 5);
}

/// A server that no longer reads is detected by its missing answer to a ping, before the attempt timeout.
#[tokio::test]
async fn pings_detect_a_dead_connection() {
    let server = server::silent().await;
    let roots = partner_tests::tls_server::authority_file();
    let client = server.client_builder(false).root_certificates(roots).attempt_timeout(Duration::from_secs(60));
    let client = client.configure_http(|http| {
        let http = http.no_proxy().http2_keep_alive_interval(Duration::from_millis(50));
        http.http2_keep_alive_timeout(Duration::from_millis(50))
    });
    let client = client.retry(partner_ingestion_sdk::RetryPolicy::none()).build().unwrap();
    let error = client.get_product("p").send().await.unwrap_err();
    assert_eq!(error.kind(), partner_ingestion_sdk::ErrorKind::Timeout, "{error}");
    let created = client.create_product(partner_ingestion_sdk::types::AzureProduct::application("a", "A"));
    assert!(created.send().await.unwrap_err().may_have_been_processed());
}
