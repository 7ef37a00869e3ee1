//! Answers one request: the fault that was asked for, or what the room says that it is for.

use crate::fault::{Destination, Faults, Kind};
use crate::http::{Reply, Request, guid, pairs};
use crate::sandbox::CallRecord;
use crate::world::World;
use crate::{blob, contract, control, entra, service};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Request as HttpRequest, Response as HttpResponse, StatusCode, header};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The path of the API below the host, as the service has it.
pub(crate) const BASE: &str = "/v1.0/ingestion";
/// More than any body of a test.
const MAX_BODY: usize = 256 << 20;

pub(crate) type OnCall = Box<dyn Fn(&CallRecord) + Send + Sync>;

/// What the requests of one sandbox share.
pub(crate) struct State {
    pub(crate) world: Mutex<World>,
    pub(crate) calls: Mutex<Vec<CallRecord>>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) on_call: Option<OnCall>,
    /// Whether the control interface is there.
    pub(crate) control: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

pub(crate) async fn answer(state: Arc<State>, request: HttpRequest<Body>) -> HttpResponse<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map(|bytes: Bytes| bytes.to_vec());
    let request = Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body: body.unwrap_or_default(),
    };
    if state.control && request.path.starts_with(control::PREFIX) {
        return into_response(control::handle(&state, &request));
    }
    let fault = destination(&request).and_then(|to| lock(&state.faults).take(&to));
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let (response, note) = match fault.map(|fault| fault.kind) {
        Some(Kind::Answer { status, headers, body }) => {
            (planned(status, headers, body), Some("a planned fault".to_owned()))
        }
        Some(Kind::Cut) => (broken(handle(&state, &request)), Some("the answer was cut".to_owned())),
        Some(Kind::Own) | None => {
            let reply = handle(&state, &request);
            let note = reply.note.clone();
            (into_response(reply), note)
        }
    };
    let record = CallRecord {
        method: request.method.to_string(),
        path: shown(&request),
        status: response.status().as_u16(),
        note,
        if_match: request.header("if-match").map(str::to_owned),
        client_request_id: request.header("client-request-id").map(str::to_owned),
    };
    if let Some(on_call) = &state.on_call {
        on_call(&record);
    }
    lock(&state.calls).push(record);
    response
}

fn destination(request: &Request) -> Option<Destination<'_>> {
    if entra::route(&request.path).is_some() {
        return Some(Destination::Tokens);
    }
    if request.path.starts_with(blob::PREFIX) {
        return Some(Destination::Uploads);
    }
    let method = request.method.as_str();
    let template = contract::template(method, below_base(&request.path)?)?;
    Some(Destination::Operation { method, template })
}

/// The path below the base of the API, which is matched without case.
fn below_base(path: &str) -> Option<&str> {
    let base = path.get(..BASE.len())?;
    base.eq_ignore_ascii_case(BASE).then(|| &path[BASE.len()..])
}

/// Which room a request is for.
fn handle(state: &State, request: &Request) -> Reply {
    let mut world = lock(&state.world);
    if let Some((tenant, v2)) = entra::route(&request.path) {
        return entra::token(&mut world, request, tenant, v2);
    }
    if request.path.starts_with(blob::PREFIX) {
        return blob::handle(&mut world, request);
    }
    let Some(path) = below_base(&request.path) else {
        return Reply::empty(StatusCode::NOT_FOUND).noted("no such room");
    };
    // The gateway answers 401 without a body.
    if !world.accepts(request.header("authorization")) {
        return Reply::empty(StatusCode::UNAUTHORIZED).noted("no valid token");
    }
    match contract::check(request, path) {
        Ok(allowed) => service::handle(&mut world, request, &allowed),
        Err(reply) => reply,
    }
}

/// Path and query as the log shows them: a signature opens the blob.
fn shown(request: &Request) -> String {
    if request.path.starts_with(blob::PREFIX) || request.query.is_empty() {
        return request.path.clone();
    }
    let query: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}?{}", request.path, query.join("&"))
}

/// What a fault says, as it stands.
fn planned(status: u16, headers: Vec<(header::HeaderName, HeaderValue)>, body: String) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(if body.is_empty() {
        Body::empty()
    } else {
        Body::from(body)
    });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(id) = HeaderValue::try_from(guid()) {
        response.headers_mut().insert("request-id", id);
    }
    response.headers_mut().extend(headers);
    response
}

/// The head of an answer whose body never comes.
fn broken(reply: Reply) -> HttpResponse<Body> {
    let mut response = into_response(reply);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from_static("1"));
    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    *response.body_mut() = Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(reset)]));
    response
}

/// A test that panics elsewhere must not hide its cause behind a poisoned lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_response(reply: Reply) -> HttpResponse<Body> {
    let (body, kind) = match (reply.body, reply.file) {
        (Some(json), _) => (Body::from(json.to_string()), Some("application/json; charset=utf-8")),
        (None, Some(file)) => (Body::from(file), Some("application/octet-stream")),
        (None, None) => (Body::empty(), None),
    };
    let mut response = HttpResponse::new(body);
    *response.status_mut() = reply.status;
    response.headers_mut().extend(reply.headers);
    if let Ok(id) = HeaderValue::try_from(guid()) {
        response.headers_mut().insert("request-id", id);
    }
    if let Some(kind) = kind {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
