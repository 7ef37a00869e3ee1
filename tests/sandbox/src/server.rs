//! Serves one request: applies an injected fault or dispatches to a handler.

use crate::changes::Changes;
use crate::error_shape::exception;
use crate::fault::{Destination, Disconnect, Fault, Faults, Kind};
use crate::incident::Incident;
use crate::local::{self, Local};
use crate::message::{Reply, Request, pairs};
use crate::model::Model;
use crate::network::Network;
use crate::persist::StateFile;
use crate::record::{CallRecord, Exchange, Expectations, Log};
use crate::recorder::Recorder;
use crate::reset::Initial;
use crate::response::{Content, Disconnected, WireResponse};
use crate::{blob, call_log, contract, entra, service};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Request as HttpRequest, Response as HttpResponse, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The base path of the API, as on the real service.
pub(crate) const BASE: &str = "/v1.0/ingestion";
/// Maximum size of a request body, as a related service reports it (reported in 2026).
const MAX_BODY: usize = 268_435_456;
/// Maximum size of the body of a request that is not part of the API or the blob store.
const MAX_SMALL_BODY: usize = 1 << 20;

pub(crate) type OnCall = Box<dyn Fn(&CallRecord) + Send + Sync>;
pub(crate) type OnExchange = Box<dyn Fn(&Exchange) + Send + Sync>;

/// The state shared by all requests of one sandbox.
pub(crate) struct State {
    pub(crate) model: Mutex<Model>,
    pub(crate) calls: Mutex<Log>,
    /// Number of calls to the API.
    pub(crate) call_count: Arc<AtomicUsize>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) expectations: Mutex<Expectations>,
    /// The panics of handlers and hooks.
    pub(crate) panics: Mutex<Vec<Box<dyn Any + Send>>>,
    pub(crate) on_call: Option<OnCall>,
    pub(crate) on_exchange: Vec<OnExchange>,
    /// What the sandbox has besides the service.
    pub(crate) local: Local,
    /// Whether the call log has headers and bodies.
    pub(crate) records_bodies: bool,
    /// Whether the blob store has the port of the API.
    pub(crate) has_one_port: bool,
    pub(crate) network: Network,
    pub(crate) changes: Changes,
    pub(crate) initial: Initial,
    pub(crate) state_file: Option<Mutex<StateFile>>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) runtime: Handle,
    /// Aborted when the sandbox is dropped.
    pub(crate) servers: Mutex<Vec<JoinHandle<()>>>,
}

impl State {
    /// Saves changes to the state file, if there is one.
    pub(crate) fn save(&self) -> std::io::Result<()> {
        self.state_file.as_ref().map_or(Ok(()), |file| lock(file).save_changes(self))
    }

    /// Returns why the state could not be saved, or calls could not be recorded.
    pub(crate) fn file_error(&self) -> Option<String> {
        let saving = self.state_file.as_ref().and_then(|file| lock(file).error.clone());
        saving.or_else(|| self.recorder.as_ref()?.error())
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

/// The host that a server implements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// Entra ID, the API and the control API.
    Service,
    /// The blob store, which is a separate host and must not receive tokens.
    BlobStore,
}

pub(crate) async fn serve(
    state: Arc<State>,
    host: Host,
    request: HttpRequest<Incoming>,
) -> Result<HttpResponse<Content>, Disconnected> {
    let (time, started) = (SystemTime::now(), Instant::now());
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let path = parts.uri.path();
    let is_local = host == Host::Service && local::has_route(&state, path);
    let host = if state.has_one_port && blob::is_file(path) { Host::BlobStore } else { host };
    let is_small =
        (is_local && !local::takes_file(path)) || (!is_local && host == Host::Service && below_base(path).is_none());
    let limit = if is_small { MAX_SMALL_BODY } else { MAX_BODY };
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(WireResponse::from(Reply::empty(StatusCode::PAYLOAD_TOO_LARGE)).into_http());
        }
        Err(_) => return Err(Disconnected),
    };
    let request = Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    };
    if is_local {
        return Ok(local::serve(&state, &request));
    }
    let destination = destination(host, &request);
    let fault = destination.as_ref().and_then(|to| take_fault(&state, to));
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let is_processed = fault.as_ref().is_some_and(|fault| fault.is_processed);
    let (mut response, disconnect) = match fault.map(|fault| fault.kind) {
        Some(Kind::Respond { status, headers, body }) => {
            if is_processed {
                handle(&state, host, &request);
            }
            (WireResponse::scripted(status, headers, body), None)
        }
        Some(Kind::Disconnect(Disconnect::BeforeRequest)) => (WireResponse::empty(), Some(Disconnect::BeforeRequest)),
        Some(Kind::Disconnect(disconnect)) => (handle(&state, host, &request), Some(disconnect)),
        Some(Kind::Delay | Kind::RateLimit(_)) | None => (handle(&state, host, &request), None),
    };
    if host == Host::Service {
        response.add_service_headers();
    }
    let mut call = call_log::record(&request, destination.as_ref(), &response, disconnect);
    (call.time, call.duration) = (time, started.elapsed());
    catch_panic(&state, || call_log::log_call(&state, call, target, &request, &response));
    match disconnect {
        None => Ok(response.into_http()),
        Some(disconnect) => response.disconnect(disconnect),
    }
}

fn destination(host: Host, request: &Request) -> Option<Destination<'_>> {
    if host == Host::BlobStore {
        return Some(Destination::Uploads);
    }
    if entra::route(&request.path).is_some() {
        return Some(Destination::Tokens);
    }
    let method = request.method.as_str();
    let template = contract::template(method, below_base(&request.path)?)?;
    Some(Destination::Operation { method, template })
}

/// Counts the call and takes its fault, if there is one.
fn take_fault(state: &State, to: &Destination<'_>) -> Option<Fault> {
    lock(&state.expectations).count(to);
    if matches!(to, Destination::Operation { .. }) {
        state.call_count.fetch_add(1, Ordering::Relaxed);
    }
    let now = lock(&state.model).clock.now();
    lock(&state.faults).take(to, now)
}

/// Handles a request. A panic results in a 500.
pub(crate) fn handle(state: &State, host: Host, request: &Request) -> WireResponse {
    let reply = catch_panic(state, || dispatch(state, host, request));
    let panicked = || Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).noted("the sandbox panicked");
    reply.unwrap_or_else(panicked).into()
}

/// Catches a panic and keeps it until the sandbox is dropped.
fn catch_panic<T>(state: &State, work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.map_err(|panic| lock(&state.panics).push(panic)).ok()
}

/// Returns the path below the base path of the API, ignoring case.
pub(crate) fn below_base(path: &str) -> Option<&str> {
    let base = path.get(..BASE.len())?;
    base.eq_ignore_ascii_case(BASE).then(|| &path[BASE.len()..])
}

/// Dispatches a request to its handler.
fn dispatch(state: &State, host: Host, request: &Request) -> Reply {
    let mut model = lock(&state.model);
    if let Some((tenant, v2)) = entra::route(&request.path).filter(|_| host == Host::Service) {
        return entra::token(&mut model, request, tenant, v2);
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        state.changes.account();
    }
    if host == Host::BlobStore {
        return blob::handle(&mut model, request);
    }
    let Some(path) = below_base(&request.path) else {
        return Reply::empty(StatusCode::NOT_FOUND).noted("path is not part of the API");
    };
    let has_length = request.headers.contains_key(CONTENT_LENGTH) || request.headers.contains_key(TRANSFER_ENCODING);
    if !has_length && matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
        return Reply::empty(StatusCode::LENGTH_REQUIRED).noted("Content-Length and Transfer-Encoding are missing");
    }
    // The gateway returns 401 without a body.
    if !model.accepts(request.header("authorization")) {
        return Reply::empty(StatusCode::UNAUTHORIZED).noted("no valid token");
    }
    if model.incidents.contains(&Incident::PublisherIdDemanded) {
        let demand = "PublisherId is a required header, and must be a positive number.";
        let body = exception(400, "x-ms-publisherId", demand);
        return Reply::json(StatusCode::BAD_REQUEST, body).noted("incident publisher-id-demanded");
    }
    // The query of the reported calls is not documented, so that this is checked before the contract.
    let properties = contract::template(request.method.as_str(), path) == Some("/products/{productID}/properties");
    if properties && request.method == Method::GET && model.incidents.contains(&Incident::PropertiesNotApplicable) {
        return Reply::not_applicable().noted("incident properties-not-applicable");
    }
    match contract::check(request, path) {
        Ok(allowed) => {
            let mut reply = service::handle(&mut model, request, &allowed);
            if reply.note.is_none() && !allowed.notes.is_empty() {
                reply.note = Some(allowed.notes.join("; "));
                reply.is_violation = true;
            }
            reply
        }
        Err(mut reply) => {
            reply.is_violation = true;
            reply
        }
    }
}

/// Locks the mutex. A poisoned lock must not hide the panic that caused it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
