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
use crate::message::{JSON, Reply, Request};
use crate::names::UnknownName;
use crate::persist;
use crate::record::Entry;
use crate::reset;
use crate::sandbox;
use crate::server::{State, lock};
use http::{Method, StatusCode};
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

const ROUTES: &str = "GET calls, GET openapi.json, GET state, POST seed, POST reset, POST and DELETE faults, POST and DELETE incidents, POST and DELETE submissions, POST clock, POST and DELETE tokens";

pub(crate) fn handle(state: &Arc<State>, request: &Request) -> Reply {
    let path = request.path.trim_start_matches(PREFIX);
    if matches!(request.method, Method::GET | Method::HEAD) {
        return match path {
            "calls" => calls(state, request),
            "openapi.json" => Reply::typed_file(contract::DOCUMENT_TEXT.into(), JSON),
            "state" => saved(state),
            _ => unknown_route(),
        };
    }
    match change(state, request.method.as_str(), path, &request.body) {
        Some(Ok(())) => Reply::empty(StatusCode::NO_CONTENT),
        Some(Err(error)) => failed(&error),
        None => unknown_route(),
    }
}

fn failed(error: &str) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, json!({"error": error}))
}

fn unknown_route() -> Reply {
    Reply::json(StatusCode::NOT_FOUND, json!({"error": format!("unknown route; available routes: {ROUTES}")}))
}

/// Executes a change, as the page does.
pub(crate) fn execute(state: &Arc<State>, method: &str, path: &str, body: &[u8]) -> Result<(), String> {
    change(state, method, path, body).unwrap_or_else(|| Err("unknown route".to_owned()))
}

/// Executes a change. `None` if there is no such route.
fn change(state: &Arc<State>, method: &str, path: &str, body: &[u8]) -> Option<Result<(), String>> {
    let done = match (method, path) {
        ("POST", "reset") => {
            reset::reset(state);
            Ok(())
        }
        ("POST", "seed") => reset::seed(state, body),
        ("POST", "faults") => read(body).and_then(|fault_request| fault(state, &fault_request)),
        ("DELETE", "faults") => {
            lock(&state.faults).clear();
            Ok(())
        }
        ("POST", "incidents") => incident(body).and_then(|incident| {
            let started = sandbox::start_incident(state, incident);
            started.map_err(|error| error.to_string())
        }),
        ("DELETE", "incidents") => incident(body).map(|incident| {
            lock(&state.model).incidents.remove(&incident);
        }),
        ("POST", "submissions") => read(body).and_then(|body: OutcomeRequest| {
            let outcome = body.next_outcome.parse().map_err(|unknown: UnknownName| unknown.to_string())?;
            lock(&state.model).next_outcomes.push_back(outcome);
            Ok(())
        }),
        ("DELETE", "submissions") => {
            lock(&state.model).next_outcomes.clear();
            Ok(())
        }
        ("POST", "clock") => read(body).map(|advance: AdvanceRequest| {
            let by = Duration::from_secs(advance.advance_seconds);
            lock(&state.model).clock.advance(by);
        }),
        ("POST", "tokens") => read(body).map(|tokens: TokenLifetimeRequest| {
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
    Some(done)
}

/// Returns the content of a state file.
pub(crate) fn saved(state: &State) -> Reply {
    match persist::save(&lock(&state.model)) {
        Ok(content) => Reply::typed_file(content, JSON),
        Err(error) => failed(&error.to_string()),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn incident(body: &[u8]) -> Result<Incident, String> {
    let request: IncidentRequest = read(body)?;
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
fn calls(state: &State, request: &Request) -> Reply {
    let after = request.query("after").unwrap_or("0");
    let Ok(after) = after.parse() else {
        return failed(&format!("invalid number {after:?} in the query parameter after"));
    };
    let calls: Vec<Entry> = lock(&state.calls).newest(after).cloned().collect();
    Reply::ok(calls.iter().rev().map(call).collect())
}

fn call(entry: &Entry) -> Value {
    let call = &entry.call;
    let mut body = json!({
        "method": call.method, "path": call.path, "operation": call.operation, "status": call.status, "note": call.note,
        "ifMatch": call.if_match, "clientRequestID": call.client_request_id, "requestID": call.request_id,
        "violation": call.is_violation, "number": entry.number, "time": timestamp(call.time), "durationMilliseconds": call.duration.as_secs_f64() * 1000.0,
    });
    if let Some(kept) = &entry.kept {
        body["request"] = kept.request.to_json();
        body["response"] = kept.response.to_json();
    }
    body
}
