//! Token requests to the sandbox's Entra ID.

use partner_auth::{
    Assertion, Certificate, Credential, Endpoint, ErrorKind, SigningAlgorithm, TokenProvider, TokenSource,
};
use partner_ingestion_sdk::reqwest;
use partner_sandbox::Sandbox;
use partner_tests::test_env::{authority, checked, start_sandbox, token_source};
use std::time::Duration;

#[tokio::test]
async fn gets_tokens_from_both_endpoints() {
    let sandbox = start_sandbox().await;
    for endpoint in [Endpoint::V1, Endpoint::V2] {
        let source = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
        let source = source.authority(authority(&sandbox)).endpoint(endpoint).build().unwrap();
        let token = source.token().await.unwrap();
        assert!(token.secret().starts_with("sandbox."));
        assert_eq!(source.cached(), Some(token));
    }
    assert_eq!(sandbox.issued_tokens(), 2);
}

/// Certificate and key of `partner-auth`'s tests.
const PEM: &str = include_str!("../../../../partner-auth/src/credential/testdata/application.pem");
const OTHER: &str = include_str!("../../../../partner-auth/src/credential/testdata/other.pem");

#[tokio::test]
async fn authenticates_with_certificates_and_federated_assertions() {
    let sandbox = checked(Sandbox::builder()).certificate(PEM).start().await.unwrap();
    let token = async |credential: Credential, endpoint| {
        let builder = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), credential).endpoint(endpoint);
        builder.authority(authority(&sandbox)).build().unwrap().token().await
    };
    let federated = || {
        let assertion = sandbox.federated_assertion();
        Credential::assertion_fn(move |_| std::future::ready(Ok(Assertion::new(assertion.clone()))))
    };
    let certificate = || Certificate::from_pem(PEM).unwrap();
    for endpoint in [Endpoint::V1, Endpoint::V2] {
        token(certificate().into(), endpoint).await.unwrap();
        token(certificate().algorithm(SigningAlgorithm::Rs256).into(), endpoint).await.unwrap();
        token(federated(), endpoint).await.unwrap();
    }
    assert_eq!(sandbox.issued_tokens(), 6);
    // An unregistered certificate, and an assertion of another identity provider.
    let other = Certificate::from_pem(OTHER).unwrap();
    let error = token(other.into(), Endpoint::V1).await.unwrap_err();
    assert_eq!((error.kind(), error.aadsts_codes()), (ErrorKind::Credential, &[700_027][..]));
    let foreign = start_sandbox().await.federated_assertion();
    let foreign = Credential::assertion_fn(move |_| std::future::ready(Ok(Assertion::new(foreign.clone()))));
    let error = token(foreign, Endpoint::V1).await.unwrap_err();
    assert_eq!(error.aadsts_codes(), [700_027]);
    assert!(checked(Sandbox::builder()).certificate("no PEM").start().await.is_err());
}

#[tokio::test]
async fn wrong_audience_error_has_a_hint() {
    let sandbox = start_sandbox().await;
    let source = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let source = source.authority(authority(&sandbox)).audience("https://api.partner.microsoft.com/").build().unwrap();
    let error = source.token().await.unwrap_err();
    assert_eq!((error.kind(), error.aadsts_codes()), (ErrorKind::Resource, &[500_011][..]));
    assert!(error.hint().unwrap().contains("without a trailing slash"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tasks_share_one_token_request() {
    let sandbox = start_sandbox().await;
    let source = token_source(&sandbox);
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.token().await.unwrap() })
        })
        .collect();
    let mut tokens = Vec::new();
    for task in tasks {
        tokens.push(task.await.unwrap());
    }
    tokens.dedup();
    assert_eq!((sandbox.issued_tokens(), tokens.len()), (1, 1));
    source.invalidate(&tokens[0]);
    let newer = source.token().await.unwrap();
    source.invalidate(&tokens[0]);
    assert_eq!(source.token().await.unwrap(), newer, "a late 401 for an old token does not drop the new one");
    assert_eq!(sandbox.issued_tokens(), 2);
}

#[tokio::test]
async fn expired_token_is_replaced() {
    let sandbox = checked(Sandbox::builder()).token_lifetime(Duration::from_secs(1)).start().await.unwrap();
    let source = token_source(&sandbox);
    let first = source.token().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(source.cached(), None);
    assert_ne!(source.token().await.unwrap(), first);
}

type Form<'f> = Vec<(&'f str, &'f str)>;

/// Posts a form to a token endpoint and returns status and body.
async fn posted(sandbox: &Sandbox, tenant: &str, version: &str, form: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let url = format!("{}/{tenant}/oauth2/{version}token", sandbox.authority());
    let mut body = reqwest::Url::parse("http://form").unwrap();
    body.query_pairs_mut().extend_pairs(form);
    let request = reqwest::Client::new().post(url).body(body.query().unwrap_or_default().to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn both_endpoints_return_the_errors_of_entra() {
    let sandbox = start_sandbox().await;
    let (tenant, client, secret) = (sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let expired = sandbox.federated_assertion();
    sandbox.advance(Duration::from_secs(3600));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let api = "https://api.partner.microsoft.com";
    for (version, audience, value, other) in [
        ("", "resource", api.to_owned(), "https://graph.microsoft.com"),
        ("v2.0/", "scope", format!("{api}/.default"), "https://graph.microsoft.com/.default"),
    ] {
        let grant = ("grant_type", "client_credentials");
        let good = [grant, ("client_id", &client), ("client_secret", &secret), (audience, &value)];
        let (status, body) = posted(&sandbox, &tenant, version, &good).await;
        assert_eq!((status, body["token_type"].as_str()), (200, Some("Bearer")));
        let (id, proof, wanted) = (good[1], good[2], good[3]);
        let wrong = ("client_secret", "wrong");
        let signed = [("client_assertion_type", kind), ("client_assertion", expired.as_str())];
        let table: [(&str, Form<'_>, u16, &str, u32); 8] = [
            (&tenant, vec![grant, id, wrong, wanted], 401, "invalid_client", 7_000_215),
            (&tenant, vec![grant, id, wanted], 401, "invalid_client", 7_000_218),
            ("other.example", good.to_vec(), 400, "invalid_request", 90_002),
            (&tenant, vec![grant, ("client_id", "other"), proof, wanted], 400, "unauthorized_client", 700_016),
            (&tenant, vec![grant, id, proof, (audience, other)], 400, "invalid_resource", 500_011),
            (&tenant, vec![grant, id, proof], 400, "invalid_request", 900_144),
            (&tenant, vec![("grant_type", "password"), id, proof, wanted], 400, "unsupported_grant_type", 70_003),
            (&tenant, vec![grant, id, signed[0], signed[1], wanted], 401, "invalid_client", 700_024),
        ];
        for (tenant, form, status, error, code) in table {
            let (found, body) = posted(&sandbox, tenant, version, &form).await;
            assert_eq!((found, body["error"].as_str()), (status, Some(error)), "{body}");
            assert_eq!(body["error_codes"], serde_json::json!([code]));
            let text = body["error_description"].as_str().unwrap();
            assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains("Trace ID: "), "{text}");
        }
    }
}
