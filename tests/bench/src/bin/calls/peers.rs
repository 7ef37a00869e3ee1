//! The clients that are compared. All send a token and a new request id, and decode into the same kind of type.

use crate::server::AUTHORITY;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{ClientOptions, Context, Method, Pipeline, Transport, Url};
use azure_core::time::{Duration as AzureDuration, OffsetDateTime};
use futures_util::TryStreamExt;
use partner_auth::StaticToken;
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{Client, RetryPolicy};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use reqwest_tracing::TracingMiddleware;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// The output of progenitor with its positional interface.
#[allow(clippy::all, dead_code, irrefutable_let_patterns, reason = "generated")]
mod plain {
    progenitor::generate_api!(
        spec = "src/bin/calls/products.json",
        interface = Positional,
        inner_type = String,
        pre_hook_async = crate::peers::add_token
    );
}

const TOKEN: &str = "a-token";

#[derive(Serialize, Deserialize)]
struct Product {
    #[serde(rename = "resourceType")]
    resource_type: Option<String>,
    name: Option<String>,
    id: Option<String>,
    #[serde(rename = "externalIDs")]
    external_ids: Option<Vec<Map<String, Value>>>,
    #[serde(rename = "isModularPublishing")]
    modular: Option<bool>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Product>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

/// A client.
#[async_trait]
pub trait Peer {
    fn name(&self) -> &'static str;
    /// Reads a product.
    async fn get(&self);
    /// Creates a product with a note.
    async fn post(&self, note: &str);
    /// Reads all pages of the short list, and returns the number of products.
    async fn pages(&self) -> usize;
}

pub const BY_HAND: &str = "reqwest and serde";
pub const SDK: &str = "SDK";

/// Returns all clients of a server.
pub fn all(origin: &str) -> Vec<Box<dyn Peer>> {
    let base = format!("{origin}/v1.0/ingestion");
    let retry = RetryTransientMiddleware::new_with_policy(ExponentialBackoff::builder().build_with_max_retries(3));
    let layers = ClientBuilder::new(http()).with(TracingMiddleware::default()).with(retry).build();
    let policy = BearerTokenAuthorizationPolicy::new(Arc::new(Credential), ["https://example.com/.default"]);
    let options = ClientOptions { transport: Some(Transport::new(Arc::new(http()))), ..ClientOptions::default() };
    // The policy refuses to send a token without TLS; there, a header replaces it.
    let policies: Vec<Arc<dyn Policy>> = if origin.starts_with("https") { vec![Arc::new(policy)] } else { Vec::new() };
    let pipeline = Pipeline::new(Some("bench"), Some("0.1.0"), options, vec![], policies, None);
    vec![
        Box::new(ByHand { http: http(), origin: origin.to_owned(), base: base.clone() }),
        Box::new(Sdk(sdk(origin))),
        Box::new(Progenitor(plain::Client::new_with_client(&base, http(), format!("Bearer {TOKEN}")))),
        Box::new(Middleware { http: layers, origin: origin.to_owned(), base: base.clone() }),
        Box::new(Azure { pipeline, origin: origin.to_owned(), base }),
    ]
}

pub fn sdk(origin: &str) -> Client {
    let builder = Client::builder().base_url(format!("{origin}/v1.0/ingestion")).retry(RetryPolicy::default());
    // The same limit for all: 512 calls at a time are sent at once.
    let builder = builder.max_concurrent_requests(1_000).configure_http(trust);
    builder.token_provider(StaticToken::new(TOKEN).unwrap()).build().unwrap()
}

fn trust(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_certs_merge([reqwest::Certificate::from_pem(AUTHORITY).unwrap()])
}

fn http() -> reqwest::Client {
    let builder = trust(reqwest::Client::builder()).redirect(reqwest::redirect::Policy::none());
    builder.timeout(Duration::from_secs(60)).user_agent("by-hand/0.1.0").build().unwrap()
}

/// A new request id, as the SDK creates it.
fn new_id() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string()
}

fn product(note: &str) -> Product {
    let extra = Map::from_iter([("note".to_owned(), Value::from(note))]);
    Product {
        resource_type: Some("AzureApplication".to_owned()),
        name: None,
        id: None,
        external_ids: None,
        modular: None,
        extra,
    }
}

struct ByHand {
    http: reqwest::Client,
    origin: String,
    base: String,
}

impl ByHand {
    fn headers(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.bearer_auth(TOKEN).header("accept", "application/json").header("client-request-id", new_id())
    }

    async fn send<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> T {
        let answer = Self::headers(request).send().await.unwrap();
        assert!(answer.status().is_success());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

#[async_trait]
impl Peer for ByHand {
    fn name(&self) -> &'static str {
        BY_HAND
    }

    async fn get(&self) {
        let product: Product = Self::send(self.http.get(format!("{}/products/p", self.base))).await;
        assert!(product.name.is_some());
    }

    async fn post(&self, note: &str) {
        let body = serde_json::to_vec(&product(note)).unwrap();
        let request = self.http.post(format!("{}/products", self.base)).header("content-type", "application/json");
        let _: Product = Self::send(request.body(body)).await;
    }

    async fn pages(&self) -> usize {
        let (mut url, mut count) = (format!("{}/products?$skipToken=short-0", self.base), 0);
        loop {
            let page: Page = Self::send(self.http.get(&url)).await;
            count += page.value.len();
            match page.next_link {
                Some(link) => url = format!("{}/{link}", self.origin),
                None => return count,
            }
        }
    }
}

struct Sdk(Client);

#[async_trait]
impl Peer for Sdk {
    fn name(&self) -> &'static str {
        SDK
    }

    async fn get(&self) {
        assert!(self.0.get_product("p").send().await.unwrap().into_inner().name.is_some());
    }

    async fn post(&self, note: &str) {
        let mut product = AzureProduct::application("contoso", "Contoso");
        product.extra.insert("note".to_owned(), note.into());
        self.0.create_product(product).send().await.unwrap();
    }

    async fn pages(&self) -> usize {
        let items = self.0.list_products().skip_token("short-0").stream();
        items.try_fold(0, |count, _| async move { Ok(count + 1) }).await.unwrap()
    }
}

struct Progenitor(plain::Client);

pub async fn add_token(
    header: &String,
    request: &mut reqwest::Request,
) -> Result<(), reqwest::header::InvalidHeaderValue> {
    request.headers_mut().insert("authorization", header.parse()?);
    request.headers_mut().insert("client-request-id", new_id().parse()?);
    Ok(())
}

#[async_trait]
impl Peer for Progenitor {
    fn name(&self) -> &'static str {
        "progenitor's client, without retries"
    }

    async fn get(&self) {
        assert!(self.0.get_product("p").await.unwrap().into_inner().name.is_some());
    }

    async fn post(&self, note: &str) {
        let (resource_type, note) = (Some("AzureApplication".to_owned()), Some(note.to_owned()));
        let product = plain::types::Product { resource_type, note, ..plain::types::Product::default() };
        self.0.create_product(&product).await.unwrap();
    }

    async fn pages(&self) -> usize {
        let (mut token, mut count) = ("short-0".to_owned(), 0);
        loop {
            let page = self.0.list_products(Some(&token)).await.unwrap().into_inner();
            count += page.value.len();
            match page.next_link {
                Some(link) => token = link.rsplit('=').next().unwrap().to_owned(),
                None => return count,
            }
        }
    }
}

struct Middleware {
    http: ClientWithMiddleware,
    origin: String,
    base: String,
}

impl Middleware {
    async fn send<T: serde::de::DeserializeOwned>(request: reqwest_middleware::RequestBuilder) -> T {
        let request = request.bearer_auth(TOKEN).header("accept", "application/json");
        let answer = request.header("client-request-id", new_id()).send().await.unwrap();
        assert!(answer.status().is_success());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

#[async_trait]
impl Peer for Middleware {
    fn name(&self) -> &'static str {
        "reqwest-middleware, retries and tracing"
    }

    async fn get(&self) {
        let product: Product = Self::send(self.http.get(format!("{}/products/p", self.base))).await;
        assert!(product.name.is_some());
    }

    async fn post(&self, note: &str) {
        let body = serde_json::to_vec(&product(note)).unwrap();
        let request = self.http.post(format!("{}/products", self.base)).header("content-type", "application/json");
        let _: Product = Self::send(request.body(body)).await;
    }

    async fn pages(&self) -> usize {
        let (mut url, mut count) = (format!("{}/products?$skipToken=short-0", self.base), 0);
        loop {
            let page: Page = Self::send(self.http.get(&url)).await;
            count += page.value.len();
            match page.next_link {
                Some(link) => url = format!("{}/{link}", self.origin),
                None => return count,
            }
        }
    }
}

struct Azure {
    pipeline: Pipeline,
    origin: String,
    base: String,
}

#[derive(Debug)]
struct Credential;

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(TOKEN, OffsetDateTime::now_utc() + AzureDuration::hours(1)))
    }
}

impl Azure {
    async fn send<T: serde::de::DeserializeOwned>(&self, method: Method, url: &str, body: Option<Vec<u8>>) -> T {
        let mut request = azure_core::http::Request::new(Url::parse(url).unwrap(), method);
        request.insert_header("accept", "application/json");
        if self.origin.starts_with("http:") {
            request.insert_header("authorization", format!("Bearer {TOKEN}"));
        }
        if let Some(body) = body {
            request.insert_header("content-type", "application/json");
            request.set_body(body);
        }
        let answer = self.pipeline.send(&Context::new(), &mut request, None).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }
}

#[async_trait]
impl Peer for Azure {
    fn name(&self) -> &'static str {
        "azure_core's pipeline"
    }

    async fn get(&self) {
        let product: Product = self.send(Method::Get, &format!("{}/products/p", self.base), None).await;
        assert!(product.name.is_some());
    }

    async fn post(&self, note: &str) {
        let body = serde_json::to_vec(&product(note)).unwrap();
        let _: Product = self.send(Method::Post, &format!("{}/products", self.base), Some(body)).await;
    }

    async fn pages(&self) -> usize {
        let (mut url, mut count) = (format!("{}/products?$skipToken=short-0", self.base), 0);
        loop {
            let page: Page = self.send(Method::Get, &url, None).await;
            count += page.value.len();
            match page.next_link {
                Some(link) => url = format!("{}/{link}", self.origin),
                None => return count,
            }
        }
    }
}
