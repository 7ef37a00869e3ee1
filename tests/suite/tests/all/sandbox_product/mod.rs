//! The sandbox as a product: its state file, its network, its page, and its protection from other web pages.

mod network;
mod page;
mod recording;
mod security;
mod state;

use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::{Client, reqwest};
use partner_sandbox::Sandbox;
use partner_tests::test_env::checked;

/// Returns a client of a sandbox in another process.
fn client_of(running: &crate::sandbox_program::Running) -> Client {
    let [tenant, id, secret] =
        ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"].map(|name| running.export(name).to_owned());
    let tokens = TokenSource::builder(tenant, id, secret);
    let tokens = tokens.authority(Authority::loopback(running.export("AZURE_AUTHORITY_HOST")).unwrap());
    Client::builder()
        .base_url(running.export("PARTNER_INGESTION_URL"))
        .token_provider(tokens.build().unwrap())
        .build()
        .unwrap()
}

/// A response to a request without credentials.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

/// Sends a request to a sandbox, with these headers.
async fn send(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = http.request(method.parse().unwrap(), format!("{}{path}", sandbox.authority()));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.body(body.to_owned()).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: response.text().await.unwrap() }
}

async fn page_sandbox() -> Sandbox {
    checked(Sandbox::builder()).page(true).start().await.unwrap()
}
