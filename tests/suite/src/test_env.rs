//! A sandbox with a client, and helpers for frequent calls.

use crate::contract;
use partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::reqwest::{self, Method};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, ClientBuilder, Error, Page, Response};
use partner_sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use std::time::Duration;

pub struct TestEnv {
    pub sandbox: Sandbox,
    pub client: Client,
}

impl TestEnv {
    /// Starts a sandbox that validates every exchange.
    pub async fn start() -> Self {
        Self::with_short_delay(checked(Sandbox::builder())).await
    }

    /// Starts a sandbox without validation, for tests that violate the document on purpose.
    pub async fn start_unchecked() -> Self {
        Self::with_short_delay(Sandbox::builder()).await
    }

    /// Starts a sandbox without rules of publishing, for tests of something else.
    pub async fn start_lenient() -> Self {
        Self::with_short_delay(checked(Sandbox::builder()).without_rules()).await
    }

    /// Starts a sandbox with this processing delay. With a long delay, processing completes only when a test advances the clock.
    pub async fn with_processing_delay(delay: Duration) -> Self {
        Self::with_builder(checked(Sandbox::builder()).processing_delay(delay)).await
    }

    /// Advances the sandbox's clock by `step` again and again until the work is done.
    pub async fn while_time_passes<T>(&self, step: Duration, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(Duration::from_millis(20), &mut work).await {
                return done;
            }
            self.sandbox.advance(step);
        }
    }

    async fn with_short_delay(builder: SandboxBuilder) -> Self {
        Self::with_builder(builder.processing_delay(Duration::from_millis(20))).await
    }

    /// Starts a sandbox with these options.
    pub async fn with_builder(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().await.unwrap();
        let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
        Self { sandbox, client }
    }

    /// Creates an Azure application offer.
    pub async fn product(&self, offer: &str) -> ProductId {
        let created = self.client.create_product(AzureProduct::application(offer, offer)).send().await;
        created.unwrap().id.clone().unwrap()
    }

    /// Creates a plan.
    pub async fn variant(&self, product: &ProductId) -> VariantId {
        let plan = AzureSkuVariant::plan("standard", "Standard");
        let created = self.client.create_variant(product, plan).send().await.unwrap();
        created.as_azure_sku().unwrap().id.clone().unwrap()
    }

    /// Returns the draft of a module. Waits until its branch is visible.
    pub async fn draft(&self, product: &ProductId, module: &str, plan: Option<&VariantId>) -> InstanceId {
        for _ in 0..100 {
            let branches = self.client.list_branches(product, module).send().await.unwrap().into_inner();
            let mut branches = branches.value.unwrap_or_default().into_iter();
            if let Some(branch) = branches.find(|branch| branch.variant_id.as_ref() == plan) {
                return branch.current_draft_instance_id.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the branch of {module} did not appear");
    }

    /// Sends any call with a JSON body and returns the JSON response.
    pub async fn send_json(
        &self,
        method: Method,
        path: &str,
        body: Value,
        if_match: Option<&str>,
    ) -> Result<Value, Error> {
        let mut request = self.client.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        if let Some(tag) = if_match {
            request = request.if_match(tag);
        }
        Ok(request.send::<Value>().await?.into_inner())
    }

    /// Returns the resource of a draft in this collection.
    pub async fn resource(&self, product: &ProductId, collection: &str, draft: &InstanceId) -> Value {
        let path = format!("products/{product}/{collection}/getByInstanceID(instanceID={draft})");
        self.send_json(Method::GET, &path, Value::Null, None).await.unwrap()["value"][0].clone()
    }

    /// Uploads a package, waits until it is processed, and returns its id and state.
    pub async fn package(&self, product: &ProductId, content: &'static [u8]) -> (String, UploadState) {
        let package =
            AzurePackage::default().set_resource_type(PackageType::AzureApplicationPackage).set_file_name("a.zip");
        let package = self.client.create_package(product, package).send().await.unwrap().into_inner();
        let id = package.id.clone().unwrap();
        self.client.upload(package.file_sas_uri.as_ref().unwrap(), content).await.unwrap();
        self.client.replace_package(product, &id, package.set_state(UploadState::Uploaded)).send().await.unwrap();
        loop {
            let state = self.client.get_package(product, &id).send().await.unwrap().state.clone().unwrap();
            if !matches!(state, UploadState::Uploaded | UploadState::InProcessing) {
                return (id.to_string(), state);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until a submission is no longer being processed.
    pub async fn wait_until_settled(&self, product: &ProductId, id: &SubmissionId) -> Submission {
        loop {
            let submission = self.client.get_submission(product, id).send().await.unwrap().into_inner();
            let running = submission.pending_update_info.as_ref().unwrap().status == Some(UpdateStatus::Running);
            if !running && submission.substate != Some(SubmissionSubstate::Submitted) {
                return submission;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Validates every exchange of the sandbox against the corrected document. A violation fails the test when the sandbox is dropped.
pub fn checked(builder: SandboxBuilder) -> SandboxBuilder {
    builder.on_exchange(|exchange| {
        let violations = contract::violations(&contract::Exchange {
            method: &exchange.call.method,
            target: &exchange.target,
            request_headers: &exchange.request_headers,
            request_body: &exchange.request_body,
            status: exchange.call.status,
            response_headers: &exchange.response_headers,
            response_body: &exchange.response_body,
        });
        assert!(violations.is_empty(), "contract violations: {}", violations.join("; "));
    })
}

/// Starts a validated sandbox with the default configuration.
pub async fn start_sandbox() -> Sandbox {
    checked(Sandbox::builder()).start().await.unwrap()
}

/// Creates a token source for the sandbox's account.
pub fn token_source(sandbox: &Sandbox) -> TokenSource {
    let builder = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    builder.authority(authority(sandbox)).configure_http(without_roots).build().unwrap()
}

/// Returns a client builder for a server on loopback.
pub fn client_builder() -> ClientBuilder {
    Client::builder().configure_http(without_roots)
}

/// Omits the system's root certificates, which plain HTTP does not need. Loading them takes 20 ms in a debug build.
fn without_roots(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    http.tls_certs_only([])
}

/// Returns the items of a list with one page.
pub async fn items<P: Page>(page: impl Future<Output = Result<Response<P>, Error>>) -> Vec<P::Item> {
    let page = page.await.unwrap().into_inner();
    assert_eq!(page.next_link(), None);
    page.into_items()
}

/// Returns the authority of the sandbox.
pub fn authority(sandbox: &Sandbox) -> Authority {
    Authority::loopback(&sandbox.authority()).unwrap()
}

/// Returns the resource with a value of a wrong type in this property.
pub fn with_wrong_type(resource: &Value, property: &str) -> Value {
    let mut body = resource.clone();
    body[property] = json!({"unexpected": "object"});
    body
}
