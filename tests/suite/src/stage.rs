//! A sandbox with a client, and the steps of the sequence as far as a test needs them.

use crate::contract;
use partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::reqwest::{self, Method};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, ClientBuilder, Error, Page, Response};
use partner_sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use std::time::Duration;

pub struct Stage {
    pub sandbox: Sandbox,
    pub client: Client,
}

impl Stage {
    pub async fn open() -> Self {
        Self::on(checked(Sandbox::builder())).await
    }

    /// Where the contract is broken on purpose.
    pub async fn unchecked() -> Self {
        Self::on(Sandbox::builder()).await
    }

    /// Where processing takes so long that it happens only when a test advances the clock, however busy the machine is.
    pub async fn with_processing_delay(delay: Duration) -> Self {
        Self::with(checked(Sandbox::builder()).processing_delay(delay)).await
    }

    /// Where the rules of publishing are off, for tests of something else.
    pub async fn lenient() -> Self {
        Self::on(checked(Sandbox::builder()).without_rules()).await
    }

    async fn on(builder: SandboxBuilder) -> Self {
        Self::with(builder.processing_delay(Duration::from_millis(20))).await
    }

    pub async fn with(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().await.unwrap();
        let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox)).build().unwrap();
        Self { sandbox, client }
    }

    pub async fn product(&self, offer: &str) -> ProductId {
        let created = self.client.create_product(AzureProduct::application(offer, offer)).send().await;
        created.unwrap().id.clone().unwrap()
    }

    pub async fn variant(&self, product: &ProductId) -> VariantId {
        let plan = AzureSkuVariant::plan("standard", "Standard");
        let created = self.client.create_variant(product, plan).send().await.unwrap();
        created.as_azure_sku().unwrap().id.clone().unwrap()
    }

    /// The draft of a module, waiting for branches that lag.
    pub async fn draft(&self, product: &ProductId, module: &str, plan: Option<&VariantId>) -> InstanceId {
        for _ in 0..100 {
            let branches = self.client.list_branches(product, module).send().await.unwrap().into_inner();
            let mut branches = branches.value.unwrap_or_default().into_iter();
            if let Some(branch) = branches.find(|branch| branch.variant_id.as_ref() == plan) {
                return branch.current_draft_instance_id.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the branch {module} never came");
    }

    /// Any call below the product, as JSON.
    pub async fn raw(&self, method: Method, path: &str, body: Value, if_match: Option<&str>) -> Result<Value, Error> {
        let mut request = self.client.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        if let Some(tag) = if_match {
            request = request.if_match(tag);
        }
        Ok(request.send::<Value>().await?.into_inner())
    }

    /// The resource behind a draft, by the collection in the path.
    pub async fn resource(&self, product: &ProductId, collection: &str, draft: &InstanceId) -> Value {
        let path = format!("products/{product}/{collection}/getByInstanceID(instanceID={draft})");
        self.raw(Method::GET, &path, Value::Null, None).await.unwrap()["value"][0].clone()
    }

    /// An image or a package that was processed.
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

    /// Waits until a submission is no longer on its way.
    pub async fn settled(&self, product: &ProductId, id: &SubmissionId) -> Submission {
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

/// A sandbox whose every exchange is held against the corrected document: a violation fails the test when the sandbox is
/// dropped.
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
        assert!(violations.is_empty(), "against the contract: {}", violations.join("; "));
    })
}

/// A sandbox with the defaults.
pub async fn open_sandbox() -> Sandbox {
    checked(Sandbox::builder()).start().await.unwrap()
}

/// Tokens of the sandbox's account.
pub fn source(sandbox: &Sandbox) -> TokenSource {
    let builder = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    builder.authority(authority(sandbox)).configure_http(without_roots).build().unwrap()
}

/// A client of a server on loopback.
pub fn client_builder() -> ClientBuilder {
    Client::builder().configure_http(without_roots)
}

/// Loading the system's root certificates takes 20 ms in a debug build, and plain http has no use for them.
fn without_roots(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    http.tls_certs_only([])
}

/// The items of a list that has one page.
pub async fn items<P: Page>(page: impl Future<Output = Result<Response<P>, Error>>) -> Vec<P::Item> {
    let page = page.await.unwrap().into_inner();
    assert_eq!(page.next_link(), None);
    page.into_items()
}

/// The sandbox's Entra ID.
pub fn authority(sandbox: &Sandbox) -> Authority {
    Authority::loopback(&sandbox.authority()).unwrap()
}

/// A body whose property has another JSON type than the document says.
pub fn spoiled(resource: &Value, property: &str) -> Value {
    let mut body = resource.clone();
    body[property] = json!({"not": "what the document says"});
    body
}
