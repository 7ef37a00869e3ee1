//! Tokens that the service rejects, under load.

use partner_auth::TokenProvider;
use partner_ingestion_sdk::RetryPolicy;
use partner_tests::server::{Say, Server};
use partner_tests::stage::{Stage, client_builder, source};
use std::collections::BTreeMap;

const TASKS: usize = 1000;

/// A service that rejects every token but those that `accepts` knows.
async fn service(status: u16, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    Server::start(move |seen, _| {
        let token = seen.header("authorization").unwrap();
        if accepts(token) {
            return Say::new(200, "{}");
        }
        let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJ9""#;
        Say::new(status, "").with("www-authenticate", challenge)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_401s_cost_one_token() {
    let stage = Stage::open().await;
    let tokens = source(&stage.sandbox);
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
    assert_eq!(stage.sandbox.issued_tokens(), 2);
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for seen in server.seen() {
        *sent.entry(seen.target).or_default() += 1;
    }
    assert_eq!(sent.len(), TASKS);
    assert!(sent.values().all(|times| *times <= 2), "each request is sent again at most once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_rejects_everything_costs_one_token() {
    let stage = Stage::open().await;
    let server = service(401, |_| false).await;
    let client = client_builder().base_url(&server.origin).token_provider(source(&stage.sandbox)).build().unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.list_products().send().await.unwrap_err() })
        })
        .collect();
    for call in calls {
        let error = call.await.unwrap();
        assert_eq!(error.status().unwrap().as_u16(), 401, "the 401 is the better error");
        assert_eq!(error.challenge().unwrap().claims(), Some("eyJ9"));
    }
    assert_eq!(stage.sandbox.issued_tokens(), 2);
    client.list_products().send().await.unwrap_err();
    assert_eq!(stage.sandbox.issued_tokens(), 2, "nor does a call that comes later");
}

#[tokio::test]
async fn a_403_renews_the_token_only_when_asked_to() {
    for (renew, grants) in [(false, 1), (true, 2)] {
        let stage = Stage::open().await;
        let tokens = source(&stage.sandbox);
        let old = tokens.token().await.unwrap().header().to_str().unwrap().to_owned();
        let server = service(403, move |token| token != old).await;
        let client = client_builder().base_url(&server.origin).token_provider(tokens).refresh_token_on_forbidden(renew);
        let outcome = client.retry(RetryPolicy::none()).build().unwrap().list_products().send().await;
        assert_eq!(outcome.is_ok(), renew);
        assert_eq!(stage.sandbox.issued_tokens(), grants);
    }
}
