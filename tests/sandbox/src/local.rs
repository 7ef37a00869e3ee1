//! The routes that the real service does not have: health, the control API and the page.

use crate::control;
use crate::guard;
use crate::message::{Reply, Request};
use crate::page::{self, Page};
use crate::response::{Content, WireResponse};
use crate::server::State;
use http::{Method, Response, StatusCode};
use serde_json::json;
use std::sync::Arc;

/// The health check of containers, which needs no credential and may have any host.
const HEALTH: &str = "/healthz";

/// What a sandbox has besides the service.
pub(crate) struct Local {
    /// Whether the control API is enabled.
    pub(crate) control: bool,
    pub(crate) page: Option<Page>,
    /// The names that requests may have in `Host`.
    pub(crate) names: Vec<String>,
}

/// Routes of the control API that show no secrets. They need no option if there is a page.
const READABLE: [&str; 2] = ["/sandbox/calls", "/sandbox/openapi.json"];

/// Returns true if the sandbox has the route in addition to those of the service.
pub(crate) fn has_route(state: &State, path: &str) -> bool {
    let Local { control, page, .. } = &state.local;
    match path {
        HEALTH => *control || page.is_some(),
        _ if path.starts_with(control::PREFIX) => *control || (page.is_some() && READABLE.contains(&path)),
        _ => page.is_some() && page::has_route(path),
    }
}

/// Returns true if the service has no such path.
pub(crate) fn is_own(path: &str) -> bool {
    path == HEALTH || path.starts_with(control::PREFIX) || page::has_route(path)
}

/// Returns true if the body of the request may be as long as that of an upload.
pub(crate) fn takes_file(path: &str) -> bool {
    ["/sandbox/seed", "/page/control/seed"].contains(&path)
}

pub(crate) fn serve(state: &Arc<State>, request: &Request) -> Response<Content> {
    if request.path == HEALTH {
        return WireResponse::from(health(state, request)).into_http();
    }
    if let Err(denied) = guard::check(&state.local.names, request) {
        return WireResponse::from(denied).into_http();
    }
    match &state.local.page {
        Some(page) if page::has_route(&request.path) => page::serve(state, page, request),
        _ if !state.local.control && request.method != Method::GET => {
            WireResponse::from(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)).into_http()
        }
        _ => WireResponse::from(control::handle(state, request)).into_http(),
    }
}

fn health(state: &State, request: &Request) -> Reply {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    match state.file_error() {
        None => Reply::ok(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})),
        Some(error) => Reply::json(StatusCode::INTERNAL_SERVER_ERROR, json!({"status": "failed", "error": error})),
    }
}
