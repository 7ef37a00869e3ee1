//! The other crates, configured as in their documentation.

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use futures_util::future::BoxFuture;
use huskarl::authorizer::HttpAuthorizer;
use huskarl::cache::{GrantTokenSource, InMemoryRefreshTokenStore, InMemoryTokenCache};
use huskarl::core::client_auth::ClientSecret;
use huskarl::core::secrets::{ProvidedSecret, SecretString};
use huskarl::grant::client_credentials::{ClientCredentialsGrant, ClientCredentialsGrantParameters};
use huskarl_reqwest::ReqwestClient;
use partner_auth::TokenSource;
use partner_auth::testing::FakeEntra;
use reqwest::header::HeaderValue;
use std::sync::Arc;

const SCOPE: &str = "https://api.partner.microsoft.com/.default";

/// Sends one call that needs a token and ignores its outcome.
pub trait Peer: Send + Sync {
    fn call(&self) -> BoxFuture<'_, ()>;
}

impl Peer for TokenSource {
    fn call(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { drop(self.header().await) })
    }
}

/// Requires https, so the transport redirects requests to the local endpoint.
pub struct Azure(Arc<ClientSecretCredential>);

#[derive(Debug)]
struct Local {
    http: reqwest::Client,
    origin: String,
}

#[async_trait::async_trait]
impl HttpClient for Local {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let io = |error: reqwest::Error| azure_core::Error::new(azure_core::error::ErrorKind::Io, error);
        let azure_core::http::Body::Bytes(body) = request.body().clone() else { unreachable!("a form") };
        let post = self.http.post(format!("{}{}", self.origin, request.url().path())).body(body);
        let answer = post.header("content-type", "application/x-www-form-urlencoded").send().await.map_err(io)?;
        let status = answer.status().as_u16().into();
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), answer.bytes().await.map_err(io)?))
    }
}

impl Azure {
    pub fn new(entra: &FakeEntra) -> Self {
        let local = Local { http: reqwest::Client::new(), origin: entra.url() };
        let mut custom = CustomConfiguration::default();
        custom.authority_host = "https://localhost".to_owned();
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(local))),
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            ..ClientOptions::default()
        };
        let options = ClientSecretCredentialOptions { client_options };
        let id = entra.client_id().to_owned();
        Self(ClientSecretCredential::new("contoso.com", id, "secret".into(), Some(options)).unwrap())
    }

    pub async fn read(&self) -> bool {
        let Ok(token) = self.0.get_token(&[SCOPE], None).await else { return false };
        HeaderValue::from_str(&format!("Bearer {}", token.token.secret())).is_ok()
    }
}

impl Peer for Azure {
    fn call(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.read().await;
        })
    }
}

pub struct Huskarl {
    authorizer: HttpAuthorizer,
    uri: http::Uri,
}

impl Huskarl {
    pub fn new(entra: &FakeEntra) -> Self {
        let endpoint = format!("{}/contoso.com/oauth2/v2.0/token", entra.url());
        let grant = ClientCredentialsGrant::builder()
            .client_id(entra.client_id().to_owned())
            .client_auth(ClientSecret::new(ProvidedSecret::new(SecretString::from("secret".to_owned()))))
            .http_client(ReqwestClient::from(reqwest::Client::new()))
            .token_endpoint(endpoint.parse().unwrap())
            .build();
        let parameters = ClientCredentialsGrantParameters::builder().scope(vec![SCOPE.to_owned()]).build();
        let source = GrantTokenSource::builder()
            .grant(grant)
            .grant_parameters(parameters)
            .refresh_store(InMemoryRefreshTokenStore::default())
            .build();
        let cache = InMemoryTokenCache::builder().source(source).build();
        Self {
            authorizer: HttpAuthorizer::builder().cache(cache).build(),
            uri: "https://api.partner.microsoft.com/v1.0/ingestion/products".parse().unwrap(),
        }
    }

    pub async fn read(&self) -> bool {
        self.authorizer.get_headers(&http::Method::GET, &self.uri).await.is_ok()
    }
}

impl Peer for Huskarl {
    fn call(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.read().await;
        })
    }
}
