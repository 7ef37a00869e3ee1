//! What is kept of a call: its entry in the log, its line in the recording, and what hooks receive.

use crate::clock::timestamp;
use crate::fault::{Destination, Disconnect};
use crate::kept::{Kept, Message};
use crate::message::Request;
use crate::record::{CallRecord, Exchange};
use crate::response::WireResponse;
use crate::server::{State, lock};
use http::HeaderMap;
use std::time::{Duration, SystemTime};

pub(crate) fn record(
    request: &Request,
    to: Option<&Destination<'_>>,
    response: &WireResponse,
    disconnect: Option<Disconnect>,
) -> CallRecord {
    let operation = match to {
        Some(Destination::Operation { method, template }) => Some(format!("{method} {template}")),
        _ => None,
    };
    let no_response = matches!(disconnect, Some(Disconnect::BeforeRequest | Disconnect::BeforeResponse));
    let note = disconnect.map(|_| "injected fault: connection closed".to_owned());
    CallRecord {
        method: request.method.to_string(),
        path: logged_path(request),
        operation,
        status: if no_response { 0 } else { response.status().as_u16() },
        note: note.or_else(|| response.note.clone()),
        is_violation: response.is_violation,
        if_match: request.header("if-match").map(str::to_owned),
        client_request_id: request.header("client-request-id").map(str::to_owned),
        request_id: request_id(response),
        time: SystemTime::UNIX_EPOCH,
        duration: Duration::ZERO,
    }
}

fn request_id(response: &WireResponse) -> Option<String> {
    let id = ["request-id", "x-ms-request-id"].into_iter().find_map(|name| response.headers().get(name));
    id.and_then(|id| id.to_str().ok()).map(str::to_owned)
}

/// Adds the call to the log and the recording, and calls the hooks.
pub(crate) fn log_call(state: &State, call: CallRecord, target: String, request: &Request, response: &WireResponse) {
    let kept = state.records_bodies.then(|| Kept {
        request: Message::new(&request.headers, &request.body),
        response: Message::new(response.headers(), &response.body),
    });
    if let (Some(recorder), Some(kept)) = (&state.recorder, &kept) {
        let time = timestamp(lock(&state.model).clock.wall());
        recorder.write(time, &call, &target, kept);
    }
    lock(&state.calls).push(call.clone(), kept);
    state.changes.call();
    if let Some(on_call) = &state.on_call {
        on_call(&call);
    }
    if state.on_exchange.is_empty() {
        return;
    }
    let exchange = Exchange {
        call,
        target,
        request_headers: header_pairs(&request.headers),
        request_body: request.body.to_vec(),
        response_headers: header_pairs(response.headers()),
        response_body: response.body.to_vec(),
    };
    for on_exchange in &state.on_exchange {
        on_exchange(&exchange);
    }
}

fn header_pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter();
    headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// Returns path and query for the log, without the signature of an upload URL.
fn logged_path(request: &Request) -> String {
    let signed = request.query("sig").is_some();
    if signed || request.query.is_empty() {
        return request.path.clone();
    }
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", request.path, query.join("&"))
}
