//! The pipeline between a request and its response: token, request id, timeouts, retries, the body up to its limit.

use super::attempt::{Attempts, Outcome, send_with_retries};
use super::call::{Call, check_segment, invalid_body};
use super::connection::{address, connection_error};
use super::response::{RawResponse, Success, request_id, service_error};
use super::retry::{Failure, Repeatable, WaitLimits};
use super::trace;
use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use partner_auth::AccessToken;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue, IF_MATCH};
use reqwest::{Method, Request, StatusCode};
use std::error::Error as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// The header with the caller's id of a request, which the service logs.
const CLIENT_REQUEST_ID: &str = "client-request-id";

const NO_TURN: &str = "Send fewer requests at a time (ClientBuilder::max_concurrent_requests), or raise `attempt_timeout` and \
                       RetryPolicy::time_limit.";

/// Builds the request of a call, once for each attempt: most requests are sent once and need no copy.
pub(super) type BuildRequest<'a> = &'a (dyn Fn(&Requests) -> reqwest::Result<Request> + Send + Sync);

impl Call {
    /// Checks the arguments and sends the request that `build_request` builds.
    ///
    /// Boxed: the callers' futures stay small, and programs that run many of them move them around.
    pub(crate) fn send<'a>(
        &'a self,
        path: &'a [(&str, &str)],
        body_etag: Option<&'a str>,
        build_request: BuildRequest<'a>,
    ) -> BoxFuture<'a, Result<Success, Error>> {
        Box::pin(async move {
            let operation = self.operation();
            for (name, value) in path {
                check_segment(name, value).map_err(|e| e.with_operation(operation.name))?;
            }
            let pipeline = Pipeline::new(self, build_request, self.precondition(body_etag)?)?;
            let (method, response) = pipeline.run().await?;
            let attempts = pipeline.attempts();
            Ok(Success { operation, is_safe: is_safe(&method), attempts, response })
        })
    }
}

/// One call in progress.
struct Pipeline<'a> {
    call: &'a Call,
    build_request: BuildRequest<'a>,
    if_match: Option<HeaderValue>,
    /// The same for every attempt.
    id: HeaderValue,
    attempts: AtomicU32,
    /// True if the service may have processed the request, which it may do while an attempt is in progress.
    maybe_processed: AtomicBool,
}

impl<'a> Pipeline<'a> {
    fn new(call: &'a Call, build_request: BuildRequest<'a>, if_match: Option<HeaderValue>) -> Result<Self, Error> {
        // It must be unique, not secret.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        let id =
            HeaderValue::try_from(id).map_err(|_| Error::new(ErrorKind::InvalidArgument, "request id is invalid"))?;
        Ok(Self {
            call,
            build_request,
            if_match,
            id,
            attempts: AtomicU32::new(0),
            maybe_processed: AtomicBool::new(false),
        })
    }

    /// Returns the number of times the request was sent.
    fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Sends the request within its timeout and traces it. Returns its method and the response.
    async fn run(&self) -> Result<(Method, RawResponse), Error> {
        let request = self.request()?;
        let span = trace::span(self.call.operation(), &request);
        let method = request.method().clone();
        let policy = self.call.options.retry.unwrap_or(self.call.shared().retry);
        let mut attempts = CallAttempts {
            pipeline: self,
            method: method.clone(),
            request: Some(request),
            limits: WaitLimits::new(policy, self.attempt_timeout()),
            refreshed: false,
            ambiguous: false,
        };
        let work = pin!(send_with_retries(policy, &mut attempts).instrument(span.clone()));
        let outcome = match self.call.options.timeout.or(self.call.shared().timeout) {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let address = address(&self.call.shared().base);
                let message = format!("call to {address} did not complete within {} s", limit.as_secs_f64());
                let maybe_processed = self.maybe_processed.load(Ordering::Relaxed);
                Err(self.finished(self.error(ErrorKind::Timeout, &message), &method, maybe_processed))
            }),
        };
        trace::outcome(&span, self.attempts(), outcome.as_ref());
        outcome.map(|response| (method, response))
    }

    /// Adds to an error what is known about the call.
    fn finished(&self, error: Error, method: &Method, maybe_processed: bool) -> Error {
        let idempotent = self.repeatable(method) == Repeatable::Idempotent;
        let error = error.with_operation(self.call.operation().name).with_attempts(self.attempts());
        error.with_maybe_processed(maybe_processed).with_idempotent(idempotent)
    }

    fn repeatable(&self, method: &Method) -> Repeatable {
        Repeatable::of(method, self.if_match.is_some())
    }

    fn attempt_timeout(&self) -> Duration {
        self.call.options.attempt_timeout.unwrap_or(self.call.shared().attempt_timeout)
    }

    /// The request with the headers that are the same for every attempt.
    fn request(&self) -> Result<Request, Error> {
        let mut request = (self.build_request)(&self.call.shared().requests).map_err(|error| {
            let body = error.source().and_then(|source| source.downcast_ref::<serde_json::Error>());
            let message = body.map_or_else(|| "request cannot be built".to_owned(), invalid_body);
            self.error(ErrorKind::InvalidArgument, &message).with_source(error.without_url())
        })?;
        if request.url().origin() != self.call.shared().base.origin() {
            let (other, base) = (address(request.url()), address(&self.call.shared().base));
            let message = format!("URL has another origin ({other}) than the base URL ({base})");
            return Err(self.error(ErrorKind::CrossOrigin, &message));
        }
        // Front ends reject a POST whose length is unknown (411).
        let has_length =
            request.body().is_some() || !matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
        let headers = request.headers_mut();
        if !has_length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, value) in &self.call.options.headers {
            headers.insert(name, value.clone());
        }
        headers.insert(CLIENT_REQUEST_ID, self.id.clone());
        if let Some(if_match) = &self.if_match {
            headers.insert(IF_MATCH, if_match.clone());
        }
        Ok(request)
    }

    async fn authorize(&self, request: &mut Request) -> Result<AccessToken, Error> {
        let tokens = &self.call.shared().tokens;
        let token = match tokens.cached() {
            Some(token) => token,
            None => tokens.token().await.map_err(|e| Error::auth(e).with_operation(self.call.operation().name))?,
        };
        request.headers_mut().insert(AUTHORIZATION, token.header().clone());
        Ok(token)
    }

    /// Returns true if the provider has another token than the rejected one. If not, the 401 is the better error.
    async fn has_another(&self, rejected: &AccessToken) -> bool {
        self.call.shared().tokens.token().await.is_ok_and(|token| token != *rejected)
    }

    /// Not `async`, so that the future does not keep the request until it completes.
    fn attempt(&self, request: Request) -> impl Future<Output = Result<RawResponse, (Error, Failure)>> + Send {
        let limit = self.attempt_timeout();
        let response = tokio::time::timeout(limit, self.receive(self.call.shared().http.execute(request)));
        response.map(move |outcome| {
            outcome.unwrap_or_else(|_| {
                let address = address(&self.call.shared().base);
                let message = format!("{address} did not respond within {} s", limit.as_secs_f64());
                Err((self.error(ErrorKind::Timeout, &message), Failure::ConnectionLost))
            })
        })
    }

    async fn receive(
        &self,
        sent: impl Future<Output = reqwest::Result<reqwest::Response>>,
    ) -> Result<RawResponse, (Error, Failure)> {
        let shared = self.call.shared();
        let broken = |error| connection_error(&shared.base, error);
        let mut response = sent.await.map_err(broken)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        // Most bodies come in one chunk, which needs no copy.
        let mut body = Bytes::new();
        let mut joined = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len().max(joined.len()) + chunk.len() > shared.max_body {
                let message = format!("response is larger than {} bytes", shared.max_body);
                let failure = Failure::Status { status: StatusCode::PAYLOAD_TOO_LARGE, retry_after: false };
                let error =
                    self.error(ErrorKind::ResponseTooLarge, &message).with_response(status, request_id(&headers));
                return Err((error, failure));
            }
            if body.is_empty() {
                body = chunk;
                continue;
            }
            if joined.is_empty() {
                joined.extend_from_slice(&body);
            }
            joined.extend_from_slice(&chunk);
        }
        let body = if joined.is_empty() { body } else { joined.into() };
        Ok(RawResponse { status, headers, body })
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Error {
        Error::new(kind, message).with_operation(self.call.operation().name)
    }
}

/// The attempts of one call.
struct CallAttempts<'a> {
    pipeline: &'a Pipeline<'a>,
    method: Method,
    /// The request of the next attempt, if it is built already.
    request: Option<Request>,
    limits: WaitLimits,
    refreshed: bool,
    /// True if the service may have processed an earlier attempt.
    ambiguous: bool,
}

impl Attempts for CallAttempts<'_> {
    type Output = RawResponse;

    async fn attempt(&mut self) -> Result<Outcome<RawResponse>, Error> {
        let pipeline = self.pipeline;
        let shared = pipeline.call.shared();
        let mut request = match self.request.take() {
            Some(request) => request,
            None => pipeline.request()?,
        };
        let token = match pipeline.authorize(&mut request).await {
            Ok(token) => token,
            Err(error) => return Err(self.finished(error)),
        };
        let Some(permit) = shared.limiter.acquire(&mut self.limits).await else {
            return Ok(Outcome::Failed(self.no_turn(), Failure::NotSent));
        };
        pipeline.attempts.fetch_add(1, Ordering::Relaxed);
        pipeline.maybe_processed.store(!is_safe(&self.method), Ordering::Relaxed);
        let outcome = pipeline.attempt(request).await;
        pipeline.maybe_processed.store(self.ambiguous, Ordering::Relaxed);
        let (error, failure) = match outcome {
            Ok(response) if response.status.is_success() => {
                shared.limiter.succeeded();
                return Ok(Outcome::Done(response));
            }
            Ok(response) if self.is_deleted(&response) => return Ok(Outcome::Done(deleted(response))),
            Ok(response) => {
                let error = service_error(pipeline.call.operation(), &response);
                if error.is_throttled() {
                    shared.limiter.throttled(&permit, error.retry_after());
                }
                drop(permit);
                let rejected = response.status == StatusCode::UNAUTHORIZED
                    || (response.status == StatusCode::FORBIDDEN && shared.refresh_token_on_forbidden);
                if rejected {
                    shared.tokens.invalidate(&token);
                }
                if rejected && !self.refreshed && pipeline.has_another(&token).await {
                    self.refreshed = true;
                    return Ok(Outcome::TokenReplaced);
                }
                let failure = Failure::Status { status: response.status, retry_after: error.retry_after().is_some() };
                (error, failure)
            }
            Err((error, failure)) => (error, failure),
        };
        let own_write = self.ambiguous && self.method == Method::PUT && error.is_conflict();
        self.ambiguous |= failure.is_ambiguous() && !is_safe(&self.method);
        pipeline.maybe_processed.store(self.ambiguous, Ordering::Relaxed);
        Ok(Outcome::Failed(self.finished(error).with_own_retry_conflict(own_write), failure))
    }

    fn repeatable(&self) -> Repeatable {
        self.pipeline.repeatable(&self.method)
    }

    fn started(&self) -> Option<Instant> {
        self.limits.started()
    }
}

impl CallAttempts<'_> {
    fn finished(&self, error: Error) -> Error {
        self.pipeline.finished(error, &self.method, self.ambiguous)
    }

    /// The error of an attempt that the rate limiter did not let start.
    fn no_turn(&self) -> Error {
        let message =
            format!("rate limit of {} left no time for a request", address(&self.pipeline.call.shared().base));
        let error = self.finished(self.pipeline.error(ErrorKind::Timeout, &message));
        if self.ambiguous { error } else { error.with_hint(NO_TURN) }
    }

    /// Returns true if an earlier attempt may have deleted the resource. The empty 404 of a gateway says nothing about it.
    fn is_deleted(&self, response: &RawResponse) -> bool {
        let not_found = self.method == Method::DELETE && response.status == StatusCode::NOT_FOUND;
        self.ambiguous && not_found && {
            let error = service_error(self.pipeline.call.operation(), response);
            error.service_message().is_some() || error.service_code().is_some()
        }
    }
}

/// Returns true for safe methods (RFC 9110 section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The response of a DELETE that was already processed.
fn deleted(response: RawResponse) -> RawResponse {
    RawResponse { status: StatusCode::NO_CONTENT, headers: response.headers, body: Bytes::new() }
}
