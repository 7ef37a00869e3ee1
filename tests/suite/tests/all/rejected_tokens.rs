//! Concurrent calls whose token is rejected with 401 or 403.

use partner_auth::TokenProvider;
use partner_ingestion_sdk::RetryPolicy;
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, client_builder, token_source};
use std::collections::BTreeMap;

const TASKS: usize = 1000;

/// Starts a server that rejects every token for which `accepts` returns false.
async fn service(status: u16, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> MockServer {
    MockServer::start(move |request, _| {
        let token = request.header("authorization").unwrap();
        if accepts(token) {
            return CannedResponse::new(200, "{}");
        }
        let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJ9""#;
        CannedResponse::new(status, "").header("www-authenticate", challenge)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_401s_request_one_token() {
    let env = TestEnv::start().await;
    let tokens = token_source(&env.sandbox);
    let old = tokens.token().await.unwrap();
    let old = old.header().to_str().unwrap().to_owned();
    let server = service(401, move |token| token != old).await;
    let client = client_builder().base_url(&server.origin).token_provider(tokens).build().unwrap();
    let calls: Vec<_> = (0..TASKS)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.list_products().filter(n.to_string()).send().await.unwrap().attempts() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap() <= 2);
    }
    assert_eq!(env.sandbox.issued_tokens(), 2);
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for request in server.requests() {
        *sent.entry(request.target).or_default() += 1;
    }
    assert_eq!(sent.len(), TASKS);
    assert!(sent.values().all(|times| *times <= 2), "each request is retried at most once");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_rejections_request_one_token() {
    let env = TestEnv::start().await;
    let server = service(401, |_| false).await;
    let client = client_builder().base_url(&server.origin).token_provider(token_source(&env.sandbox)).build().unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.list_products().send().await.unwrap_err() })
        })
        .collect();
    for call in calls {
        let error = call.await.unwrap();
        assert_eq!(error.status().unwrap().as_u16(), 401, "the error is the 401");
        assert_eq!(error.challenge().unwrap().claims(), Some("eyJ9"));
    }
    assert_eq!(env.sandbox.issued_tokens(), 2);
    client.list_products().send().await.unwrap_err();
    assert_eq!(env.sandbox.issued_tokens(), 2, "a later call requests no token either");
}

#[tokio::test]
async fn refreshes_the_token_after_403_only_if_enabled() {
    for (enabled, requests) in [(false, 1), (true, 2)] {
        let env = TestEnv::start().await;
        let tokens = token_source(&env.sandbox);
        let old = tokens.token().await.unwrap().header().to_str().unwrap().to_owned();
        let server = service(403, move |token| token != old).await;
        let client =
            client_builder().base_url(&server.origin).token_provider(tokens).refresh_token_on_forbidden(enabled);
        let outcome = client.retry(RetryPolicy::none()).build().unwrap().list_products().send().await;
        assert_eq!(outcome.is_ok(), enabled);
        assert_eq!(env.sandbox.issued_tokens(), requests);
    }
}
