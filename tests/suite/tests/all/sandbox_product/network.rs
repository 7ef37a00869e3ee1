//! One port, plain HTTP to a named host, reset and recorded bodies.

use super::send;
use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, ErrorKind, Page};
use partner_sandbox::{Incident, Sandbox};
use partner_tests::test_env::{TestEnv, checked};
use serde_json::Value;

/// A client in another container knows the sandbox by a name, and uses plain HTTP.
#[tokio::test]
async fn client_in_another_container_allows_plain_http_to_one_host() {
    let sandbox = checked(Sandbox::builder()).hostname("sandbox.internal").blob_port(None).start().await.unwrap();
    let port: u16 = sandbox.authority().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(sandbox.authority(), format!("http://sandbox.internal:{port}"));
    let address = ([127, 0, 0, 1], port).into();
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::plain_http(&sandbox.authority()).unwrap());
    let tokens = tokens.configure_http(move |http| http.resolve("sandbox.internal", address)).build().unwrap();
    let builder = || {
        let builder = Client::builder().base_url(sandbox.url()).token_provider(tokens.clone());
        builder.configure_http(move |http| http.resolve("sandbox.internal", address))
    };
    assert_eq!(builder().build().unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(builder().allow_plain_http("other.internal").build().unwrap_err().kind(), ErrorKind::Config);
    let client = builder().allow_plain_http("sandbox.internal").build().unwrap();
    let env = TestEnv { sandbox, client };
    let product = env.product("contoso").await;
    let (_, state) = env.package(&product, b"PK").await;
    assert_eq!(state, UploadState::Processed);
    let uploads = env.sandbox.calls();
    let upload = uploads.iter().find(|call| call.path.starts_with("/ingestionpackages/")).unwrap();
    assert_eq!((upload.status, upload.operation.as_deref()), (201, None), "uploads use the same port");
}

#[tokio::test]
async fn reset_returns_to_the_start() {
    let builder = checked(Sandbox::builder()).control(true).incident(Incident::ListEmpty);
    let env = TestEnv::with_builder(builder).await;
    env.product("contoso").await;
    env.sandbox.stop_incident(Incident::ListEmpty);
    assert_eq!(env.client.list_products().send().await.unwrap().items().len(), 1);
    assert_eq!(send(&env.sandbox, "POST", "/sandbox/reset", &[], "").await.status, 204);
    assert!(env.sandbox.calls().is_empty());
    // The token is still valid, and the offer id is free.
    env.product("contoso").await;
    assert!(env.client.list_products().send().await.unwrap().items().is_empty(), "the incident is active again");
}

#[tokio::test]
async fn recorded_bodies_have_no_secrets() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).control(true)).await;
    let product = env.product("contoso").await;
    env.package(&product, b"PK").await;
    let log = send(&env.sandbox, "GET", "/sandbox/calls", &[], "").await.body;
    let calls: Vec<Value> = serde_json::from_str(&log).unwrap();
    let create = calls.iter().find(|call| call["operation"] == "POST /products").unwrap();
    assert_eq!(create["request"]["body"]["resourceType"], "AzureApplication");
    assert_eq!(create["response"]["body"]["id"], product.as_str());
    assert_eq!(create["request"]["headers"]["authorization"], "Bearer ***");
    assert!(create["durationMilliseconds"].as_f64().unwrap() > 0.0 && create["requestID"].is_string(), "{create}");
    let package = calls.iter().find(|call| call["operation"] == "POST /products/{productID}/packages").unwrap();
    let address = package["response"]["body"]["fileSasUri"].as_str().unwrap();
    assert!(address.contains("sig=***&se="), "{address}");
    assert!(!log.contains(&env.sandbox.client_secret()) && !log.contains("sandbox."), "a secret or a token");
    let last = calls.last().unwrap()["number"].as_u64().unwrap();
    let newer = send(&env.sandbox, "GET", &format!("/sandbox/calls?after={}", last - 1), &[], "").await.body;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&newer).unwrap().len(), 1);
    assert_eq!(send(&env.sandbox, "GET", "/sandbox/calls?after=x", &[], "").await.status, 400);
}
