//! The routes that the real service does not have: health, the control API and the page.

use crate::guard;
use crate::message::{Reply, Request};
use crate::response::{Content, WireResponse};
use crate::server::State;
use crate::{contract, control};
use http::{Method, Response, StatusCode};
use serde_json::json;
use std::sync::Arc;

/// Answers without any credential, for health checks of containers.
const HEALTH: &str = "/healthz";
/// The corrected document.
const DOCUMENT: &str = "/sandbox/openapi.json";

/// What a sandbox has besides the service.
#[derive(Default)]
pub(crate) struct Local {
    /// Whether the control API is enabled.
    pub(crate) control: bool,
    /// The names that requests may have in `Host`.
    pub(crate) names: Vec<String>,
}

/// Returns true if the sandbox has the route in addition to those of the service.
pub(crate) fn has_route(state: &State, path: &str) -> bool {
    state.local.control && (path == HEALTH || path.starts_with(control::PREFIX))
}

pub(crate) fn serve(state: &Arc<State>, request: &Request) -> Response<Content> {
    WireResponse::from(reply(state, request)).into_http()
}

fn reply(state: &Arc<State>, request: &Request) -> Reply {
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    if request.path == HEALTH {
        return if is_read { health(state) } else { Reply::empty(StatusCode::METHOD_NOT_ALLOWED) };
    }
    if let Err(denied) = guard::check(&state.local.names, request) {
        return denied;
    }
    if request.path == DOCUMENT && is_read {
        return Reply::text(contract::DOCUMENT_TEXT);
    }
    control::handle(state, request)
}

fn health(state: &State) -> Reply {
    match state.save_error() {
        None => Reply::ok(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})),
        Some(error) => Reply::json(StatusCode::INTERNAL_SERVER_ERROR, json!({"status": "failed", "error": error})),
    }
}
