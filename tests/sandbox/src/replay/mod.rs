//! Sends recorded requests again, and compares the responses in status and shape.

mod ids;
mod shape;

use crate::clock::{Moment, timestamp_of};
use crate::message::{Request, pairs};
use crate::recorder::Line;
use crate::server::{Host, State, handle, lock};
use crate::{blob, entra, local};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use ids::Ids;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of [`Sandbox::replay`](crate::Sandbox::replay).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Replay {
    /// The number of requests that were sent. Token requests are not sent.
    pub requests: usize,
    /// Where the sandbox differs from the recording.
    pub differences: Vec<Difference>,
}

/// A difference between a recorded response and that of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The line of the recording, from 1.
    pub line: usize,
    /// Method and operation, or the path of a request that is not in the document.
    pub call: String,
    /// What differs: the status, or a place in the body such as `/value/0/name`.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.call, self.what)
    }
}

/// Returns true if the text is a recording, and not a state file.
pub(crate) fn is_recording(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str::<Line>(first).is_ok()
}

/// Sends every request of a recording. The clock is advanced by the recorded time between them.
pub(crate) fn run(state: &Arc<State>, text: &str) -> Result<Replay, String> {
    let token = entra::new_token(&mut lock(&state.model), Duration::from_secs(100 * 365 * 24 * 3600));
    let mut replay = Replay::default();
    let mut ids = Ids::default();
    let mut last: Option<Moment> = None;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))?;
        let time = timestamp_of(&line.time).ok_or_else(|| format!("line {}: invalid time {:?}", at + 1, line.time))?;
        let elapsed = last.map_or(Duration::ZERO, |last| time.saturating_sub(last));
        last = Some(time);
        lock(&state.model).clock.advance(elapsed);
        let path = line.path.split('?').next().unwrap_or_default();
        // A response that was lost has nothing to compare.
        if entra::route(path).is_some() || local::is_own(path) || line.status == 0 {
            continue;
        }
        replay.requests += 1;
        let (host, request) = request(&line, &ids, &token);
        let reply = handle(state, host, &request);
        let body = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let call = line.operation.clone().unwrap_or_else(|| format!("{} {path}", line.method));
        let mut add = |what: String| replay.differences.push(Difference { line: at + 1, call: call.clone(), what });
        let status = reply.status().as_u16();
        if status != line.status {
            let note = reply.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
            add(format!("status {status}{note}, recorded {}", line.status));
            continue;
        }
        ids.learn(&line.response.body, &body);
        if host == Host::Service {
            shape::compare(&line.response.body, &body, "").into_iter().for_each(add);
        }
    }
    Ok(replay)
}

/// Builds a request with the ids and tags of this sandbox.
fn request(line: &Line, ids: &Ids, token: &str) -> (Host, Request) {
    let (path, query) = line.path.split_once('?').unwrap_or((&line.path, ""));
    let mut path = ids.path(path);
    let mut query: Vec<(String, String)> =
        pairs(query).into_iter().map(|(name, value)| (name, ids.text(&value))).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in &line.request.headers {
        let value = value.as_str().map(|value| ids.text(value)).unwrap_or_default();
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
    let host = match ids.upload(&path) {
        Some((own, signed)) => {
            // The signature of this sandbox, and the parts of the recorded query that it does not have.
            query.retain(|(name, _)| !signed.iter().any(|(other, _)| other == name));
            query.extend(signed);
            path = own;
            Host::BlobStore
        }
        None if blob::is_file(&path) => Host::BlobStore,
        None => Host::Service,
    };
    if host == Host::Service
        && headers.contains_key("authorization")
        && let Ok(value) = format!("Bearer {token}").parse()
    {
        headers.insert("authorization", value);
    }
    let body = match &line.request.body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(file) if file.len() == 1 && file.contains_key("base64") => {
            STANDARD.decode(file["base64"].as_str().unwrap_or_default()).unwrap_or_default()
        }
        json => ids.json(json).to_string().into_bytes(),
    };
    let method = line.method.parse().unwrap_or_default();
    (host, Request { method, path, query, headers, body: Bytes::from(body) })
}
