//! The HTTP control API, for tests in any language.
//!
//! It is disabled by default, because the real service does not have it. See
//! [`SandboxBuilder::control`](crate::SandboxBuilder::control).

use crate::clock::limited;
use crate::clock::timestamp;
use crate::contract;
use crate::error_shape::ErrorShape;
use crate::fault::{Calls, Fault};
use crate::incident::Incident;
use crate::message::{Reply, Request};
use crate::names::UnknownName;
use crate::record::Entry;
use crate::reset;
use crate::sandbox;
use crate::server::{State, lock};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The path prefix of the control API.
pub(crate) const PREFIX: &str = "/sandbox/";

/// The body of POST `/sandbox/faults`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FaultRequest {
    /// `any`, `tokens`, `uploads`, or an operation such as `GET /products/{productID}`.
    calls: String,
    #[serde(default = "once")]
    times: usize,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    shape: Option<String>,
    #[serde(default)]
    after_processing: bool,
    /// `reset`, `drop-response`, `truncate-body` or `stall`.
    connection: Option<String>,
    per_second: Option<u32>,
    #[serde(default)]
    delay_milliseconds: u64,
}

fn once() -> usize {
    1
}

/// The body of POST `/sandbox/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AdvanceRequest {
    advance_seconds: u64,
}

/// The body of POST and DELETE `/sandbox/incidents`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncidentRequest {
    incident: String,
}

/// The body of POST `/sandbox/submissions`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OutcomeRequest {
    next_outcome: String,
}

/// The body of POST `/sandbox/tokens`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TokenLifetimeRequest {
    lifetime_seconds: u64,
}

const ROUTES: &str = "GET calls, GET openapi.json, POST reset, POST and DELETE faults, POST and DELETE incidents, POST and DELETE submissions, POST clock, POST and DELETE tokens";

pub(crate) fn handle(state: &Arc<State>, request: &Request) -> Reply {
    match dispatch(state, request) {
        Some(Ok(None)) => Reply::empty(StatusCode::NO_CONTENT),
        Some(Ok(Some(body))) => Reply::ok(body),
        Some(Err(error)) => Reply::json(StatusCode::BAD_REQUEST, json!({"error": error})),
        None => {
            Reply::json(StatusCode::NOT_FOUND, json!({"error": format!("unknown route; available routes: {ROUTES}")}))
        }
    }
}

/// Executes a control request. `None` if there is no such route.
fn dispatch(state: &Arc<State>, request: &Request) -> Option<Result<Option<Value>, String>> {
    let path = request.path.trim_start_matches(PREFIX);
    let done = match (request.method.as_str(), path) {
        ("GET", "calls") => return Some(calls(state, request).map(Some)),
        ("POST", "reset") => {
            reset::reset(state);
            Ok(())
        }
        ("POST", "faults") => read(request).and_then(|fault_request| fault(state, &fault_request)),
        ("DELETE", "faults") => {
            lock(&state.faults).clear();
            Ok(())
        }
        ("POST", "incidents") => incident(request).and_then(|incident| {
            let started = sandbox::start_incident(state, incident);
            started.map_err(|error| error.to_string())
        }),
        ("DELETE", "incidents") => incident(request).map(|incident| {
            lock(&state.model).incidents.remove(&incident);
        }),
        ("POST", "submissions") => read(request).and_then(|body: OutcomeRequest| {
            let outcome = body.next_outcome.parse().map_err(|unknown: UnknownName| unknown.to_string())?;
            lock(&state.model).next_outcomes.push_back(outcome);
            Ok(())
        }),
        ("DELETE", "submissions") => {
            lock(&state.model).next_outcomes.clear();
            Ok(())
        }
        ("POST", "clock") => read(request).map(|advance: AdvanceRequest| {
            let by = Duration::from_secs(advance.advance_seconds);
            lock(&state.model).clock.advance(by);
        }),
        ("POST", "tokens") => read(request).map(|tokens: TokenLifetimeRequest| {
            lock(&state.model).token_lifetime = limited(Duration::from_secs(tokens.lifetime_seconds));
        }),
        ("DELETE", "tokens") => {
            lock(&state.model).tokens.clear();
            Ok(())
        }
        _ => return None,
    };
    if done.is_ok() {
        state.changes.account();
    }
    Some(done.map(|()| None))
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn incident(request: &Request) -> Result<Incident, String> {
    let request: IncidentRequest = read(request)?;
    request.incident.parse().map_err(|unknown: UnknownName| unknown.to_string())
}

fn fault(state: &State, fault_request: &FaultRequest) -> Result<(), String> {
    let calls = match fault_request.calls.as_str() {
        "any" => Calls::any(),
        "tokens" => Calls::tokens(),
        "uploads" => Calls::uploads(),
        operation => match operation.split_once(' ') {
            Some((method, path)) if contract::has_operation(method, path) => Calls::of(method, path),
            _ => {
                return Err(format!(
                    "unknown calls {operation:?}; expected any, tokens, uploads or an operation of the document"
                ));
            }
        },
    };
    let fault = fault_request.fault()?.after(Duration::from_millis(fault_request.delay_milliseconds));
    lock(&state.faults).add(calls, fault, fault_request.times);
    Ok(())
}

impl FaultRequest {
    fn fault(&self) -> Result<Fault, String> {
        let fault = match (self.status, self.connection.as_deref(), self.per_second) {
            (Some(status), None, None) => self.response(status)?,
            (None, Some("reset"), None) => Fault::reset(),
            (None, Some("drop-response"), None) => Fault::drop_response(),
            (None, Some("truncate-body"), None) => Fault::truncate_body(),
            (None, Some("stall"), None) => Fault::stall(),
            (None, Some(other), None) => {
                return Err(format!(
                    "unknown connection fault {other:?}; expected reset, drop-response, truncate-body or stall"
                ));
            }
            (None, None, Some(0)) => return Err("perSecond must be at least 1".to_owned()),
            (None, None, Some(rate)) => Fault::rate_limit(rate),
            (None, None, None) if self.delay_milliseconds > 0 => Fault::delay(Duration::ZERO),
            _ => {
                return Err(
                    "expected exactly one of status, connection and perSecond, or only delayMilliseconds".to_owned()
                );
            }
        };
        if self.after_processing && self.status.is_none() {
            return Err("afterProcessing requires status".to_owned());
        }
        let fault = if self.after_processing { fault.after_processing() } else { fault };
        Ok(self.headers.iter().fold(fault, |fault, (name, value)| fault.header(name, value)))
    }

    fn response(&self, status: u16) -> Result<Fault, String> {
        if !(200..=599).contains(&status) {
            return Err(format!("invalid status {status}; expected 200 to 599"));
        }
        let Some(name) = &self.shape else {
            return Ok(Fault::status(status).body(self.body.as_str()));
        };
        let shape: ErrorShape = name.parse().map_err(|unknown: UnknownName| unknown.to_string())?;
        Ok(Fault::error(status, shape))
    }
}

/// Returns the calls after the number `after`.
fn calls(state: &State, request: &Request) -> Result<Value, String> {
    let after = request.query("after").unwrap_or("0");
    let after = after.parse().map_err(|_| format!("invalid number {after:?} in the query parameter after"))?;
    let calls = lock(&state.calls).after(after, usize::MAX);
    Ok(calls.iter().map(call).collect())
}

fn call(entry: &Entry) -> Value {
    let call = &entry.call;
    let mut body = json!({
        "method": call.method, "path": call.path, "operation": call.operation, "status": call.status, "note": call.note,
        "ifMatch": call.if_match, "clientRequestID": call.client_request_id, "requestID": call.request_id,
        "number": entry.number, "time": timestamp(call.time), "durationMilliseconds": call.duration.as_secs_f64() * 1000.0,
    });
    if let Some(kept) = &entry.kept {
        body["request"] = kept.request.to_json();
        body["response"] = kept.response.to_json();
    }
    body
}
