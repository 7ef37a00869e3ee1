//! Facts of the service that clients depend on, one test each, over plain HTTP.

mod fresh;
mod incidents;
mod spelling;
mod submissions;
mod wire;

use partner_ingestion_sdk::reqwest::{self, Method, header::HeaderMap};
use partner_sandbox::{Sandbox, SandboxBuilder};
use partner_tests::test_env::{checked, token_source};
use serde_json::{Value, json};
use std::time::Duration;

/// The duration of a processing step. Tests advance the clock.
const STEP: Duration = Duration::from_secs(20);

/// A plain HTTP client with a token of the sandbox's account.
struct Http {
    sandbox: Sandbox,
    http: reqwest::Client,
    token: String,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{} {}: {error}", self.status, self.text))
    }
}

impl Http {
    /// The offers of most tests do not follow the rules of publishing.
    async fn start() -> Self {
        Self::with_builder(checked(Sandbox::builder()).without_rules()).await
    }

    async fn with_builder(builder: SandboxBuilder) -> Self {
        let sandbox = builder.processing_delay(STEP).start().await.unwrap();
        let token = token_source(&sandbox).token_valid_for(STEP).await.unwrap().secret().to_owned();
        Self { sandbox, http: reqwest::Client::new(), token }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
        let request = self.http.request(method.clone(), format!("{}/{path}", self.sandbox.url()));
        let request = request.bearer_auth(&self.token).header("if-match", "*");
        let request = match (body, method) {
            // The service requires a length.
            (Value::Null, Method::POST) => request.header("content-length", "0"),
            (Value::Null, _) => request,
            (body, _) => request.json(&body),
        };
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Value::Null).await
    }

    /// Sends a call that succeeds and returns its body.
    async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let reply = self.send(method, path, body).await;
        assert!((200..300).contains(&reply.status), "{path}: {} {}", reply.status, reply.text);
        reply.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ok(Method::POST, path, body).await
    }

    /// Creates an offer and returns its path.
    async fn offer(&self, kind: &str, name: &str) -> String {
        let external = [json!({"type": "AzureOfferId", "value": name})];
        let offer = json!({"resourceType": kind, "name": name, "externalIDs": external});
        let offer = self.post("products", offer).await;
        format!("products/{}", offer["id"].as_str().unwrap())
    }

    /// Creates a plan and returns its id. Its branches are visible after a processing step.
    async fn plan(&self, offer: &str, name: &str, sub_type: &str) -> String {
        let plan =
            json!({"resourceType": "AzureSkuVariant", "friendlyName": name, "externalID": name, "subType": sub_type});
        let plan = self.post(&format!("{offer}/variants"), plan).await;
        plan["id"].as_str().unwrap().to_owned()
    }

    async fn branches(&self, offer: &str, module: &str) -> Vec<Value> {
        let branches = self.get(&format!("{offer}/branches/getByModule(module={module})")).await.json();
        branches["value"].as_array().unwrap().clone()
    }

    /// Returns the instance id of the draft of a module.
    async fn draft(&self, offer: &str, module: &str, plan: Option<&str>) -> String {
        let branches = self.branches(offer, module).await;
        let branch = branches.iter().find(|branch| branch["variantID"].as_str() == plan);
        let branch = branch.unwrap_or_else(|| panic!("{module} has no branch of {plan:?}: {branches:?}"));
        branch["currentDraftInstanceID"].as_str().unwrap().to_owned()
    }

    /// Returns the resource of the draft of a module.
    async fn resource(&self, offer: &str, module: &str, collection: &str, plan: Option<&str>) -> Value {
        let draft = self.draft(offer, module, plan).await;
        let path = format!("{offer}/{collection}/getByInstanceID(instanceID={draft})");
        self.ok(Method::GET, &path, Value::Null).await["value"][0].clone()
    }

    /// Submits drafts of the offer, by module and instance.
    async fn submit(&self, offer: &str, drafts: &[(&str, String)]) -> Reply {
        let resources: Vec<Value> = drafts.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
        let request = json!({
            "resourceType": "SubmissionCreationRequest",
            "targets": [{"type": "Scope", "value": "preview"}],
            "resources": resources,
        });
        self.send(Method::POST, &format!("{offer}/submissions"), request).await
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is not a text in {value}"))
}
