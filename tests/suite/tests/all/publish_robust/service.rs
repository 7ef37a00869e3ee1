//! A service with one offer, whose branches and submissions a test determines.

use partner_tests::mock_server::{CannedResponse, MockServer, ReceivedRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

pub(super) const MODULES: [&str; 6] =
    ["Availability", "Property", "Package", "Listing", "Cosell", "ResellerConfiguration"];
pub(super) const PLAN: &str = "5f3a0c11-0000-4000-8000-000000000001";

pub(super) fn plan(kind: &str, id_key: &str) -> Value {
    json!({"resourceType": kind, id_key: PLAN, "externalID": "standard", "friendlyName": "Standard"})
}

pub(super) fn branch(module: &str, instance: &str, variant: Option<&str>) -> Value {
    let mut branch = json!({"module": module, "type": "Main", "currentDraftInstanceID": instance});
    if let Some(variant) = variant {
        branch["variantID"] = variant.into();
    }
    branch
}

/// The branches of an application with one plan, by module.
pub(super) fn branches_of(module: &str) -> Vec<Value> {
    match module {
        "Availability" | "Listing" | "Package" => vec![
            branch(module, &format!("offer-{module}"), None),
            branch(module, &format!("plan-{module}"), Some(PLAN)),
        ],
        "Property" => vec![branch(module, "offer-Property", None)],
        _ => Vec::new(),
    }
}

pub(super) fn list(items: Vec<Value>) -> CannedResponse {
    CannedResponse::new(200, json!({"value": items}).to_string())
}

pub(super) fn rejected(status: u16, text: &str) -> CannedResponse {
    CannedResponse::new(status, json!(text).to_string())
}

/// Starts a service with these plans. `branches` gets the module and the number of its previous calls.
pub(super) async fn start(
    kind: &'static str,
    plans: Value,
    branches: impl Fn(&str, usize) -> CannedResponse + Send + Sync + 'static,
) -> MockServer {
    with_submissions(kind, plans, branches, |_| None).await
}

/// Starts a service that responds to everything else as `others` says.
pub(super) async fn with_submissions(
    kind: &'static str,
    plans: Value,
    branches: impl Fn(&str, usize) -> CannedResponse + Send + Sync + 'static,
    others: impl Fn(&ReceivedRequest) -> Option<CannedResponse> + Send + Sync + 'static,
) -> MockServer {
    let seen: Mutex<BTreeMap<String, usize>> = Mutex::default();
    MockServer::start(move |request, _| {
        if let Some(response) = others(request) {
            return response;
        }
        let path = request.path();
        if let Some((_, module)) = path.split_once("getByModule(module=") {
            let module = module.trim_end_matches(')').to_owned();
            let mut seen = seen.lock().unwrap();
            let count = seen.entry(module.clone()).or_default();
            *count += 1;
            return branches(&module, *count - 1);
        }
        match path.trim_start_matches("/v1.0/ingestion") {
            "/products/p" => {
                CannedResponse::new(200, json!({"resourceType": kind, "id": "p", "name": "Contoso"}).to_string())
            }
            "/products/p/variants" => CannedResponse::new(200, json!({"value": plans}).to_string()).violates_contract(),
            _ => CannedResponse::new(404, ""),
        }
    })
    .await
}
