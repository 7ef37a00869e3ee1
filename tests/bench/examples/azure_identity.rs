//! Uses a credential of `azure_identity` with the SDK: `cargo run --manifest-path tests/bench/Cargo.toml --example
//! azure_identity`, against a sandbox in this process.
//!
//! For the real service, use `ManagedIdentityCredential::new(None)?`, `AzureCliCredential::new(None)?` or another credential, and
//! `Client::builder().token_provider(TokenSource::from_azure(credential, PARTNER_CENTER)).build()?`. `Local`
//! only redirects the credential, which requires https and a public name, to the sandbox.

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use futures_util::TryStreamExt;
use partner_auth::{PARTNER_CENTER, TokenSource};
use partner_ingestion_sdk::Client;
use partner_ingestion_sdk::types::AzureProduct;
use partner_sandbox::Sandbox;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start().await?;
    let credential = credential(&sandbox)?;

    let tokens = TokenSource::from_azure(credential, PARTNER_CENTER);
    let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    let mut offers = client.list_products().stream();
    while let Some(offer) = offers.try_next().await? {
        println!("{offer}");
    }
    println!("{} token", sandbox.issued_tokens());
    Ok(())
}

fn credential(sandbox: &Sandbox) -> azure_core::Result<Arc<ClientSecretCredential>> {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = "https://localhost".to_owned();
    let client_options = ClientOptions {
        transport: Some(Transport::new(Arc::new(Local { origin: sandbox.authority() }))),
        cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
        ..ClientOptions::default()
    };
    let options = ClientSecretCredentialOptions { client_options };
    let secret = sandbox.client_secret().into();
    ClientSecretCredential::new(&sandbox.tenant(), sandbox.client_id(), secret, Some(options))
}

/// Sends the credential's requests to the sandbox.
#[derive(Debug)]
struct Local {
    origin: String,
}

#[async_trait::async_trait]
impl HttpClient for Local {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let failed =
            |error: reqwest::Error| azure_core::Error::new(azure_core::error::ErrorKind::Io, error.without_url());
        let body = azure_core::Bytes::from(request.body()).to_vec();
        let answer = reqwest::Client::new()
            .post(format!("{}{}", self.origin, request.url().path()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let status = answer.status().as_u16().into();
        let body = answer.bytes().await.map_err(failed)?;
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}
