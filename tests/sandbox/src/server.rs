//! Answers one request: the fault that was asked for, or what the room says that it is for.

use crate::answer::{Answer, Broken, Content};
use crate::fault::{Break, Destination, Fault, Faults, Kind};
use crate::incident::Incident;
use crate::message::{Reply, Request, pairs};
use crate::record::{CallRecord, Exchange, Expectations, Log};
use crate::shape::exception;
use crate::world::World;
use crate::{blob, contract, control, entra, service};
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// The path of the API below the host, as the service has it.
pub(crate) const BASE: &str = "/v1.0/ingestion";
/// The largest file that one request may bring, as a sibling of the service says (reported in 2026).
const MAX_BODY: usize = 268_435_456;

pub(crate) type OnCall = Box<dyn Fn(&CallRecord) + Send + Sync>;
pub(crate) type OnExchange = Box<dyn Fn(&Exchange) + Send + Sync>;

/// What the requests of one sandbox share.
pub(crate) struct State {
    pub(crate) world: Mutex<World>,
    pub(crate) calls: Mutex<Log>,
    /// Calls to operations.
    pub(crate) served: Arc<AtomicUsize>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) expectations: Mutex<Expectations>,
    /// What a handler or a hook panicked with.
    pub(crate) panics: Mutex<Vec<Box<dyn Any + Send>>>,
    pub(crate) on_call: Option<OnCall>,
    pub(crate) on_exchange: Vec<OnExchange>,
    /// Whether the control interface is there.
    pub(crate) control: bool,
    pub(crate) runtime: Handle,
    /// Closed when the sandbox is dropped.
    pub(crate) doors: Mutex<Vec<AbortHandle>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

/// What stands behind an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Entra ID, the service, the control interface.
    Service,
    /// The blob store: a host of its own, which never sees a token.
    Blobs,
}

pub(crate) async fn answer(
    state: Arc<State>,
    door: Door,
    request: HttpRequest<Incoming>,
) -> Result<HttpResponse<Content>, Broken> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(Answer::from(Reply::empty(StatusCode::PAYLOAD_TOO_LARGE)).deliver());
        }
        Err(_) => return Err(Broken),
    };
    let request = Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    };
    if door == Door::Service && state.control && request.path.starts_with(control::PREFIX) {
        return Ok(Answer::from(control::handle(&state, &request)).deliver());
    }
    let destination = destination(door, &request);
    let fault = destination.as_ref().and_then(|to| plan(&state, to));
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let (mut answer, broken) = match fault.map(|fault| fault.kind) {
        Some(Kind::Answer { status, headers, body }) => (Answer::planned(status, headers, body), None),
        Some(Kind::Broken(Break::Before)) => (Answer::none(), Some(Break::Before)),
        Some(Kind::Broken(broken)) => (own(&state, door, &request), Some(broken)),
        Some(Kind::Own | Kind::AboveRate(_)) | None => (own(&state, door, &request), None),
    };
    if door == Door::Service {
        answer.stamp();
    }
    let call = record(&request, destination.as_ref(), &answer, broken);
    guarded(&state, || remember(&state, call, target, &request, &answer));
    match broken {
        None => Ok(answer.deliver()),
        Some(broken) => answer.break_off(broken),
    }
}

fn destination(door: Door, request: &Request) -> Option<Destination<'_>> {
    if door == Door::Blobs {
        return Some(Destination::Uploads);
    }
    if entra::route(&request.path).is_some() {
        return Some(Destination::Tokens);
    }
    let method = request.method.as_str();
    let template = contract::template(method, below_base(&request.path)?)?;
    Some(Destination::Operation { method, template })
}

/// Counts the call, and takes the fault that was asked for.
fn plan(state: &State, to: &Destination<'_>) -> Option<Fault> {
    lock(&state.expectations).count(to);
    if matches!(to, Destination::Operation { .. }) {
        state.served.fetch_add(1, Ordering::Relaxed);
    }
    let now = lock(&state.world).clock.now();
    lock(&state.faults).take(to, now)
}

/// The sandbox's own answer; the client meets a 500 when there is none.
fn own(state: &State, door: Door, request: &Request) -> Answer {
    let reply = guarded(state, || carry_out(state, door, request));
    let panicked = || Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).noted("the sandbox panicked");
    reply.unwrap_or_else(panicked).into()
}

/// A panic is kept for the test that owns the sandbox.
fn guarded<T>(state: &State, work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.map_err(|panic| lock(&state.panics).push(panic)).ok()
}

/// The path below the base of the API, which is matched without case.
fn below_base(path: &str) -> Option<&str> {
    let base = path.get(..BASE.len())?;
    base.eq_ignore_ascii_case(BASE).then(|| &path[BASE.len()..])
}

/// Which room a request is for.
fn carry_out(state: &State, door: Door, request: &Request) -> Reply {
    let mut world = lock(&state.world);
    if door == Door::Blobs {
        return blob::handle(&mut world, request);
    }
    if let Some((tenant, v2)) = entra::route(&request.path) {
        return entra::token(&mut world, request, tenant, v2);
    }
    let Some(path) = below_base(&request.path) else {
        return Reply::empty(StatusCode::NOT_FOUND).noted("no such room");
    };
    // The gateway answers 401 without a body.
    if !world.accepts(request.header("authorization")) {
        return Reply::empty(StatusCode::UNAUTHORIZED).noted("no valid token");
    }
    if world.incidents.contains(&Incident::PublisherIdDemanded) {
        let demand = "The value must be a positive integer.";
        let body = exception(400, "x-ms-publisherId", demand);
        return Reply::json(StatusCode::BAD_REQUEST, body).noted("an incident: publisher-id-demanded");
    }
    match contract::check(request, path) {
        Ok(allowed) => {
            let mut reply = service::handle(&mut world, request, &allowed);
            if reply.note.is_none() && !allowed.notes.is_empty() {
                reply.note = Some(allowed.notes.join("; "));
            }
            reply
        }
        Err(reply) => reply,
    }
}

fn record(request: &Request, to: Option<&Destination<'_>>, answer: &Answer, broken: Option<Break>) -> CallRecord {
    let operation = match to {
        Some(Destination::Operation { method, template }) => Some(format!("{method} {template}")),
        _ => None,
    };
    let silent = matches!(broken, Some(Break::Before | Break::After));
    let note = broken.map(|_| "a planned fault: the connection broke".to_owned());
    CallRecord {
        method: request.method.to_string(),
        path: shown(request),
        operation,
        status: if silent { 0 } else { answer.status().as_u16() },
        note: note.or_else(|| answer.note.clone()),
        if_match: request.header("if-match").map(str::to_owned),
        client_request_id: request.header("client-request-id").map(str::to_owned),
    }
}

fn remember(state: &State, call: CallRecord, target: String, request: &Request, answer: &Answer) {
    lock(&state.calls).push(call.clone());
    if let Some(on_call) = &state.on_call {
        on_call(&call);
    }
    if state.on_exchange.is_empty() {
        return;
    }
    let exchange = Exchange {
        call,
        target,
        request_headers: texts(&request.headers),
        request_body: request.body.clone(),
        response_headers: texts(answer.headers()),
        response_body: answer.body.to_vec(),
    };
    for on_exchange in &state.on_exchange {
        on_exchange(&exchange);
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter();
    headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// Path and query as the log shows them: a signature opens the blob.
fn shown(request: &Request) -> String {
    let signed = request.query("sig").is_some();
    if signed || request.query.is_empty() {
        return request.path.clone();
    }
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", request.path, query.join("&"))
}

/// A test that panics elsewhere must not hide its cause behind a poisoned lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
