//! The control interface over HTTP, for tests in any language: faults, time, the calls that came.
//!
//! It is off unless [`SandboxBuilder::control`](crate::SandboxBuilder::control) turns it on, so that a client cannot lean on
//! what the service does not have.

use crate::contract;
use crate::fault::{Calls, Fault};
use crate::incident::Incident;
use crate::message::{Reply, Request};
use crate::names::UnknownName;
use crate::sandbox;
use crate::server::{State, lock};
use crate::shape::ErrorShape;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where the interface is below the sandbox's address.
pub(crate) const PREFIX: &str = "/sandbox/";

/// What POST `/sandbox/faults` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Order {
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
    /// `reset`, `cut`, `torn` or `stall`.
    connection: Option<String>,
    per_second: Option<u32>,
    #[serde(default)]
    delay_milliseconds: u64,
}

fn once() -> usize {
    1
}

/// What POST `/sandbox/clock` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Jump {
    advance_seconds: u64,
}

/// What POST and DELETE `/sandbox/incidents` take.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    incident: String,
}

/// What POST `/sandbox/submissions` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    next: String,
}

/// What POST `/sandbox/tokens` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Tokens {
    lifetime_seconds: u64,
}

const KNOWN: &str = "GET calls, POST and DELETE faults, POST and DELETE incidents, POST submissions, POST clock, POST and DELETE tokens";

pub(crate) fn handle(state: &Arc<State>, request: &Request) -> Reply {
    match carry_out(state, request) {
        Some(Ok(None)) => Reply::empty(StatusCode::NO_CONTENT),
        Some(Ok(Some(body))) => Reply::ok(body),
        Some(Err(error)) => Reply::json(StatusCode::BAD_REQUEST, json!({"error": error})),
        None => Reply::json(StatusCode::NOT_FOUND, json!({"error": format!("there are: {KNOWN}")})),
    }
}

/// What was asked for; none when there is no such thing.
fn carry_out(state: &Arc<State>, request: &Request) -> Option<Result<Option<Value>, String>> {
    let path = request.path.trim_start_matches(PREFIX);
    let done = match (request.method.as_str(), path) {
        ("GET", "calls") => return Some(Ok(Some(calls(state)))),
        ("POST", "faults") => read(request).and_then(|order| fault(state, &order)),
        ("DELETE", "faults") => {
            lock(&state.faults).clear();
            Ok(())
        }
        ("POST", "incidents") => incident(request).and_then(|incident| {
            let begun = sandbox::begin(state, incident);
            begun.map_err(|error| error.to_string())
        }),
        ("DELETE", "incidents") => incident(request).map(|incident| {
            lock(&state.world).incidents.remove(&incident);
        }),
        ("POST", "submissions") => read(request).and_then(|next: Next| {
            let verdict = next.next.parse().map_err(|unknown: UnknownName| unknown.to_string())?;
            lock(&state.world).verdicts.push_back(verdict);
            Ok(())
        }),
        ("POST", "clock") => read(request).map(|jump: Jump| {
            let by = Duration::from_secs(jump.advance_seconds);
            lock(&state.world).clock.advance(by);
        }),
        ("POST", "tokens") => read(request).map(|tokens: Tokens| {
            lock(&state.world).token_lifetime = Duration::from_secs(tokens.lifetime_seconds);
        }),
        ("DELETE", "tokens") => {
            lock(&state.world).tokens.clear();
            Ok(())
        }
        _ => return None,
    };
    Some(done.map(|()| None))
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn incident(request: &Request) -> Result<Incident, String> {
    let named: Named = read(request)?;
    named.incident.parse().map_err(|unknown: UnknownName| unknown.to_string())
}

fn fault(state: &State, order: &Order) -> Result<(), String> {
    let calls = match order.calls.as_str() {
        "any" => Calls::any(),
        "tokens" => Calls::tokens(),
        "uploads" => Calls::uploads(),
        operation => match operation.split_once(' ') {
            Some((method, path)) if contract::knows(method, path) => Calls::of(method, path),
            _ => {
                return Err(format!("{operation} is neither any, tokens, uploads nor an operation of the document"));
            }
        },
    };
    let fault = order.fault()?.after(Duration::from_millis(order.delay_milliseconds));
    lock(&state.faults).add(calls, fault, order.times);
    Ok(())
}

impl Order {
    fn fault(&self) -> Result<Fault, String> {
        let fault = match (self.status, self.connection.as_deref(), self.per_second) {
            (Some(status), None, None) => self.answer(status)?,
            (None, Some("reset"), None) => Fault::reset(),
            (None, Some("cut"), None) => Fault::cut(),
            (None, Some("torn"), None) => Fault::torn(),
            (None, Some("stall"), None) => Fault::stall(),
            (None, Some(other), None) => return Err(format!("{other} is none of reset, cut, torn and stall")),
            (None, None, Some(0)) => return Err("perSecond is at least 1".to_owned()),
            (None, None, Some(rate)) => Fault::above_rate(rate),
            (None, None, None) if self.delay_milliseconds > 0 => Fault::delay(Duration::ZERO),
            _ => return Err("one of status, connection and perSecond is needed, or delayMilliseconds".to_owned()),
        };
        Ok(self.headers.iter().fold(fault, |fault, (name, value)| fault.header(name, value)))
    }

    fn answer(&self, status: u16) -> Result<Fault, String> {
        if !(200..=599).contains(&status) {
            return Err(format!("{status} is no status"));
        }
        let Some(name) = &self.shape else {
            return Ok(Fault::status(status).body(self.body.as_str()));
        };
        let shape: ErrorShape = name.parse().map_err(|unknown: UnknownName| unknown.to_string())?;
        Ok(Fault::refusal(status, shape))
    }
}

fn calls(state: &State) -> Value {
    let calls = lock(&state.calls).all();
    let calls = calls.iter().map(|call| {
        json!({
            "method": call.method, "path": call.path, "operation": call.operation, "status": call.status, "note": call.note,
            "ifMatch": call.if_match, "clientRequestID": call.client_request_id,
        })
    });
    calls.collect()
}
