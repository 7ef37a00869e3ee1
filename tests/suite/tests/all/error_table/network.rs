//! Errors before a response: configuration, tokens and connections.

use super::{Row, row, row_at};
use partner_ingestion_sdk::partner_auth::{
    self, AccessToken, Authority, BoxFuture, StaticToken, TokenProvider, TokenSource,
};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::client_builder;
use partner_tests::tls_server::{LOOPBACK, OTHER_NAME, TlsServer};
use std::time::Duration;
use tokio::net::TcpListener;

const ENTRA: &str = "login.microsoftonline.com:443";

#[derive(Debug)]
struct ClosedVault;

impl TokenProvider for ClosedVault {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, partner_auth::Error>> {
        let source = std::io::Error::other("x");
        let error = partner_auth::Error::other(partner_auth::ErrorKind::Network, "the vault\ndid not respond", source);
        Box::pin(std::future::ready(Err(error)))
    }

    fn invalidate(&self, _: &AccessToken) {}
}

fn builder(base: &str) -> ClientBuilder {
    let builder = client_builder().base_url(base).token_provider(StaticToken::new("t").unwrap());
    builder.retry(RetryPolicy::none()).configure_http(|http| http.tls_certs_only([]).no_proxy())
}

/// The error of a call whose token request gets this response.
async fn rejected(response: CannedResponse) -> Error {
    let server = MockServer::with_responses(vec![response]).await;
    let tokens = signed_in_at(&server.origin);
    let client = client_builder().base_url("http://127.0.0.1:1").token_provider(tokens).build().unwrap();
    client.list_products().send().await.unwrap_err()
}

fn signed_in_at(authority: &str) -> TokenSource {
    TokenSource::builder("contoso.example", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret")
        .authority(Authority::loopback(authority).unwrap())
        .configure_http(|http| http.tls_certs_only([]).no_proxy())
        .max_attempts(1)
        .build()
        .unwrap()
}

fn aadsts(error: &str, code: u32) -> CannedResponse {
    let body = serde_json::json!({"error": error, "error_codes": [code], "trace_id": "0000aaaa-11bb"});
    CannedResponse::new(401, body.to_string())
}

/// A server that accepts connections and closes them, or never responds.
async fn broken_server(respond: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            match respond {
                true => {
                    // The request is read, so that the connection is closed and not reset.
                    stream.readable().await.unwrap();
                    let _ = stream.try_read(&mut [0; 4096]);
                }
                false => held.push(stream),
            }
        }
    });
    address
}

pub(super) async fn rows() -> Vec<Row> {
    let second = Duration::from_millis(500);
    let silent = broken_server(false).await;
    let closing = broken_server(true).await;
    let product = || AzureProduct::application("contoso-app", "Contoso");
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "{}")]).await;
    let client = server.client();
    let vault = client_builder().base_url("http://127.0.0.1:1").token_provider(ClosedVault).build().unwrap();
    let throttled = CannedResponse::new(429, "").header("retry-after", "90");
    let no_entra = signed_in_at("http://127.0.0.1:1");
    let no_entra = client_builder().base_url("http://127.0.0.1:1").token_provider(no_entra).build().unwrap();
    let refused = builder("http://127.0.0.1:1").build().unwrap();
    let unknown = builder("https://no-such-host.invalid/v1.0/ingestion").build().unwrap();
    let plain = builder(&server.origin.replace("http:", "https:")).build().unwrap();
    let servers = [TlsServer::closing(LOOPBACK).await, TlsServer::closing(OTHER_NAME).await];
    let (untrusted, other_name) = (servers[0].client(false), servers[1].client(true));
    let silent = builder(&silent).build().unwrap();
    let closing = builder(&closing).build().unwrap();
    let error_of = async |client: Client| client.list_products().send().await.unwrap_err();
    vec![
        row("a client without tokens", Client::builder().build().unwrap_err()),
        row("a base URL with a query", builder("https://api.partner.microsoft.com/?x=1").build().unwrap_err()),
        row("a resource that was never created, as an id", client.get_product(&product()).send().await.unwrap_err()),
        row("an id that would change the path", client.get_product("../x").send().await.unwrap_err()),
        row(
            "a PUT of an object that was not read",
            client.replace_listing("p", "l", AzureListing::default()).send().await.unwrap_err(),
        ),
        row("a wrong client secret", rejected(aadsts("invalid_client", 7_000_215)).await),
        row("an expired client secret", rejected(aadsts("invalid_client", 7_000_222)).await),
        row("an application that is not in the tenant", rejected(aadsts("unauthorized_client", 700_016)).await),
        row("too many token requests", rejected(throttled).await),
        row_at("no connection to Entra ID", ENTRA, error_of(no_entra).await),
        row("an error of your own token provider", error_of(vault).await),
        row("no server at the address", error_of(refused).await),
        row("an unknown host name", error_of(unknown).await),
        row("a certificate of an unknown authority", error_of(untrusted).await),
        row("a certificate of another host", error_of(other_name).await),
        row("a port without TLS", error_of(plain).await),
        row("no response in time", silent.list_products().attempt_timeout(second).send().await.unwrap_err()),
        row("the total timeout", silent.list_products().timeout(second).send().await.unwrap_err()),
        row("a POST whose response was lost", closing.create_product(product()).send().await.unwrap_err()),
    ]
}

/// A retry would be rejected again.
#[tokio::test]
async fn connections_with_an_invalid_certificate_are_not_retried() {
    for (certificate, trust, cause) in
        [(LOOPBACK, false, "the certificate is not trusted"), (OTHER_NAME, true, "not valid for this host name")]
    {
        let server = TlsServer::closing(certificate).await;
        let error = server.client(trust).list_products().send().await.unwrap_err();
        let host = server.origin.trim_start_matches("https://");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.to_string().contains(host) && error.to_string().contains(cause), "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert_eq!((error.attempts(), server.connections()), (1, 1));
        // Uploads behave like calls.
        let address = format!("{}/blob?sig=c4n4ry~s3cret", server.origin).into();
        let error = server.client(trust).upload(&address, &b"x"[..]).await.unwrap_err();
        assert!(
            error.to_string().contains(cause) && !format!("{error} {error:?} {error:#?}").contains("c4n4ry"),
            "{error}"
        );
        assert_eq!(server.connections(), 2);
    }
    // With a valid certificate, the connection is lost after the handshake, which is retried.
    let server = TlsServer::closing(LOOPBACK).await;
    let error = server.client(true).list_products().send().await.unwrap_err();
    assert!(error.is_retryable() && server.connections() > 1, "{error}");
}

/// The same for token requests.
#[tokio::test]
async fn token_requests_with_an_invalid_certificate_are_not_retried() {
    let server = TlsServer::closing(LOOPBACK).await;
    let tokens = TokenSource::builder("contoso.example", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret")
        .authority(Authority::custom(&server.origin).unwrap())
        .configure_http(|http| http.tls_certs_only([]).no_proxy());
    let error = tokens.build().unwrap().header().await.unwrap_err();
    assert!(error.to_string().contains("the certificate is not trusted"), "{error}");
    assert!(error.hint().unwrap().contains("root certificate") && !error.is_retryable());
    assert_eq!(server.connections(), 1);
}
