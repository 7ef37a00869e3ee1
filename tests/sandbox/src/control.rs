//! The control interface over HTTP, for tests in any language: faults, time, the calls that came.
//!
//! It is off unless [`SandboxBuilder::control`](crate::SandboxBuilder::control) turns it on, so that a client cannot lean on
//! what the service does not have.

use crate::contract;
use crate::fault::{Calls, Fault};
use crate::http::{Reply, Request};
use crate::server::{State, lock};
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;
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
    #[serde(default)]
    cut: bool,
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

pub(crate) fn handle(state: &State, request: &Request) -> Reply {
    let outcome = match (&request.method, request.path.trim_start_matches(PREFIX)) {
        (&Method::GET, "calls") => return Reply::ok(calls(state)),
        (&Method::POST, "faults") => read(request).and_then(|order| fault(state, order)),
        (&Method::DELETE, "faults") => {
            lock(&state.faults).clear();
            Ok(())
        }
        (&Method::POST, "clock") => read(request).map(|jump: Jump| {
            lock(&state.world)
                .clock
                .advance(Duration::from_secs(jump.advance_seconds));
        }),
        (&Method::DELETE, "tokens") => {
            lock(&state.world).tokens.clear();
            Ok(())
        }
        _ => {
            let known = "GET calls, POST and DELETE faults, POST clock, DELETE tokens";
            return Reply::json(StatusCode::NOT_FOUND, json!({"error": format!("there are: {known}")}));
        }
    };
    match outcome {
        Ok(()) => Reply::empty(StatusCode::NO_CONTENT),
        Err(error) => Reply::json(StatusCode::BAD_REQUEST, json!({"error": error})),
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn fault(state: &State, order: Order) -> Result<(), String> {
    let calls = match order.calls.as_str() {
        "any" => Calls::any(),
        "tokens" => Calls::tokens(),
        "uploads" => Calls::uploads(),
        operation => match operation.split_once(' ') {
            Some((method, path)) if contract::knows(method, path) => Calls::of(method, path),
            _ => {
                return Err(format!(
                    "{operation} is neither any, tokens, uploads nor an operation of the document"
                ));
            }
        },
    };
    let fault = match (order.status, order.cut) {
        (Some(_), true) => return Err("a call that is cut has no status".to_owned()),
        (Some(status), false) if !(200..=599).contains(&status) => return Err(format!("{status} is no status")),
        (Some(status), false) => Fault::status(status),
        (None, true) => Fault::cut(),
        (None, false) if order.delay_milliseconds > 0 => Fault::delay(Duration::ZERO),
        (None, false) => return Err("one of status, cut and delayMilliseconds is needed".to_owned()),
    };
    let fault = order
        .headers
        .iter()
        .fold(fault.body(order.body), |fault, (name, value)| fault.header(name, value));
    let fault = fault.after(Duration::from_millis(order.delay_milliseconds));
    lock(&state.faults).add(calls, fault, order.times);
    Ok(())
}

fn calls(state: &State) -> serde_json::Value {
    let calls = lock(&state.calls);
    let calls = calls.iter().map(|call| {
        json!({
            "method": call.method, "path": call.path, "status": call.status, "note": call.note,
            "ifMatch": call.if_match, "clientRequestID": call.client_request_id,
        })
    });
    calls.collect()
}
