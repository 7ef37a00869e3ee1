//! The pipeline between a request and its response: token, request id, timeouts, retries, the body up to its limit.

use super::call::{Call, check_segment};
use super::connection::{address, connection_error};
use super::response::{RawResponse, Success, request_id, service_error};
use super::retry::{Failure, Retries};
use super::trace;
use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use partner_auth::AccessToken;
use reqwest::header::{AUTHORIZATION, HeaderValue, IF_MATCH};
use reqwest::{Method, Request, StatusCode};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use tracing::Instrument;

/// The header with the caller's id of a request, which the service logs.
const CLIENT_REQUEST_ID: &str = "client-request-id";

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
            let response = pipeline.run().await?;
            Ok(Success { operation, attempts: pipeline.attempts(), response })
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
}

impl<'a> Pipeline<'a> {
    fn new(call: &'a Call, build_request: BuildRequest<'a>, if_match: Option<HeaderValue>) -> Result<Self, Error> {
        // It must be unique, not secret.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        let id =
            HeaderValue::try_from(id).map_err(|_| Error::new(ErrorKind::InvalidArgument, "request id is invalid"))?;
        Ok(Self { call, build_request, if_match, id, attempts: AtomicU32::new(0) })
    }

    /// Returns the number of times the request was sent.
    fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Sends the request within its timeout and traces it.
    async fn run(&self) -> Result<RawResponse, Error> {
        let request = self.request()?;
        let span = trace::span(self.call.operation(), &request);
        let safe = is_safe(request.method());
        let work = pin!(self.attempts_of(request).instrument(span.clone()));
        let outcome = match self.call.options.timeout.or(self.call.shared().timeout) {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let address = address(&self.call.shared().base);
                let message = format!("call to {address} did not complete within {} s", limit.as_secs_f64());
                let error = self.error(ErrorKind::Timeout, &message).with_attempts(self.attempts());
                Err(error.with_maybe_processed(self.attempts() > 0 && !safe))
            }),
        };
        trace::outcome(&span, self.attempts(), outcome.as_ref());
        outcome
    }

    /// The request with the headers that are the same for every attempt.
    fn request(&self) -> Result<Request, Error> {
        let mut request = (self.build_request)(&self.call.shared().requests).map_err(|error| {
            self.error(ErrorKind::InvalidArgument, "request cannot be built").with_source(error.without_url())
        })?;
        if request.url().origin() != self.call.shared().base.origin() {
            let (other, base) = (address(request.url()), address(&self.call.shared().base));
            let message = format!("URL has another origin ({other}) than the base URL ({base})");
            return Err(self.error(ErrorKind::CrossOrigin, &message));
        }
        let headers = request.headers_mut();
        headers.extend(self.call.options.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers.insert(CLIENT_REQUEST_ID, self.id.clone());
        if let Some(if_match) = &self.if_match {
            headers.insert(IF_MATCH, if_match.clone());
        }
        Ok(request)
    }

    /// Sends the request until it succeeds, must not be retried, or a limit is reached.
    async fn attempts_of(&self, mut request: Request) -> Result<RawResponse, Error> {
        let shared = self.call.shared();
        let mut retries = Retries::new(self.call.options.retry.unwrap_or(shared.retry));
        let mut refreshed = false;
        let mut ambiguous = false;
        loop {
            let method = request.method().clone();
            let token = self.authorize(&mut request).await?;
            let permit = shared.limiter.acquire().await;
            retries.start_time_limit();
            let attempts = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            let outcome = self.attempt(request).await;
            drop(permit);
            let (error, failure) = match outcome {
                Ok(response) if response.status.is_success() => {
                    shared.limiter.succeeded();
                    return Ok(response);
                }
                // A 404 here may mean that an earlier attempt already deleted the resource.
                Ok(response) if ambiguous && method == Method::DELETE && response.status == StatusCode::NOT_FOUND => {
                    return Ok(deleted(response));
                }
                Ok(response) => {
                    let rejected = response.status == StatusCode::UNAUTHORIZED
                        || (response.status == StatusCode::FORBIDDEN && shared.refresh_token_on_forbidden);
                    if rejected {
                        shared.tokens.invalidate(&token);
                    }
                    if rejected && !refreshed && self.has_another(&token).await {
                        refreshed = true;
                        request = self.request()?;
                        continue;
                    }
                    let error = service_error(self.call.operation(), &response);
                    let failure =
                        Failure::Status { status: response.status, retry_after: error.retry_after().is_some() };
                    (error, failure)
                }
                Err((error, failure)) => (error, failure),
            };
            if error.is_throttled() {
                shared.limiter.throttled(error.retry_after());
            }
            let own_write = ambiguous && method == Method::PUT && error.is_conflict();
            ambiguous |= failure.is_ambiguous() && !is_safe(&method);
            let error = error.with_operation(self.call.operation().name).with_attempts(attempts);
            let error = error.with_maybe_processed(ambiguous).with_own_retry_conflict(own_write);
            let if_match = self.if_match.is_some();
            let Some(delay) = retries.next_delay(&method, if_match, failure, error.retry_after()) else {
                return Err(error);
            };
            trace::retry(&error, delay);
            tokio::time::sleep(delay).await;
            request = self.request()?;
        }
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
        let limit = self.call.options.attempt_timeout.unwrap_or(self.call.shared().attempt_timeout);
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

/// Returns true for safe methods (RFC 9110 section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The response of a DELETE that was already processed.
fn deleted(response: RawResponse) -> RawResponse {
    RawResponse { status: StatusCode::NO_CONTENT, headers: response.headers, body: Bytes::new() }
}
