//! Between a request and its answer: token, request id, deadlines, retries, the body up to its cap.

use crate::call::Call;
use crate::error::service_error;
use crate::generated::requests::Requests;
use crate::response::REQUEST_ID;
use crate::retry::{Failure, may_send_again};
use crate::{Error, ErrorKind, trace};
use bytes::Bytes;
use futures_util::FutureExt;
use partner_auth::AccessToken;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, IF_MATCH};
use reqwest::{Method, Request, StatusCode};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use tracing::Instrument;

/// The caller's id of a request, which the service logs.
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Makes the request of a call, for every attempt anew: no copy is kept of what nearly always is sent once.
pub(crate) type Compose<'a> = &'a (dyn Fn(&Requests) -> reqwest::Result<Request> + Send + Sync);

/// An answer with its whole body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One call on its way.
pub(crate) struct Exchange<'a> {
    call: &'a Call,
    compose: Compose<'a>,
    if_match: Option<HeaderValue>,
    /// The same for every attempt.
    id: HeaderValue,
    attempts: AtomicU32,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(call: &'a Call, compose: Compose<'a>, if_match: Option<HeaderValue>) -> Result<Self, Error> {
        // It has to be new, not secret.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        let id = HeaderValue::try_from(id).map_err(|_| Error::new(ErrorKind::Argument, "no id"))?;
        Ok(Self { call, compose, if_match, id, attempts: AtomicU32::new(0) })
    }

    /// How many times the request was sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Sends the request within its deadline, seen by whoever listens.
    pub(crate) async fn run(&self) -> Result<Answer, Error> {
        let request = self.request()?;
        let span = trace::span(self.call.operation(), &request);
        let harmless = is_harmless(request.method());
        let work = pin!(self.attempts_of(request).instrument(span.clone()));
        let outcome = match self.call.options.deadline.or(self.call.shared().deadline) {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let message = format!("the call did not end within {} s", limit.as_secs_f64());
                let error = self.error(ErrorKind::Timeout, &message).tried(self.attempts());
                Err(error.maybe_processed(self.attempts() > 0 && !harmless))
            }),
        };
        trace::outcome(&span, self.attempts(), outcome.as_ref());
        outcome
    }

    /// The request with the headers that are the same for every attempt.
    fn request(&self) -> Result<Request, Error> {
        let mut request = (self.compose)(&self.call.shared().requests).map_err(|error| {
            self.error(ErrorKind::Argument, "the request cannot be built").with_source(error.without_url())
        })?;
        if request.url().origin() != self.call.shared().base.origin() {
            return Err(self.error(ErrorKind::ForeignOrigin, "the address is not of the service; no token goes there"));
        }
        let headers = request.headers_mut();
        headers.extend(self.call.options.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers.insert(CLIENT_REQUEST_ID, self.id.clone());
        if let Some(if_match) = &self.if_match {
            headers.insert(IF_MATCH, if_match.clone());
        }
        Ok(request)
    }

    /// Sends the request until it succeeds, must not be sent again, or the limits are reached.
    async fn attempts_of(&self, mut request: Request) -> Result<Answer, Error> {
        let shared = self.call.shared();
        let retry = self.call.options.retry.unwrap_or(shared.retry);
        let mut pauses = retry.pauses();
        let mut start = None;
        let mut renewed = false;
        let mut ambiguous = false;
        loop {
            let method = request.method().clone();
            let token = self.authorize(&mut request).await?;
            let place = shared.pace.enter().await;
            let start = *start.get_or_insert_with(Instant::now);
            let attempts = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            let outcome = self.attempt(request).await;
            drop(place);
            let (error, failure) = match outcome {
                Ok(answer) if answer.status.is_success() => {
                    shared.pace.succeeded();
                    return Ok(answer);
                }
                // It is gone, and it may have been an earlier attempt that did it.
                Ok(answer) if ambiguous && method == Method::DELETE && answer.status == StatusCode::NOT_FOUND => {
                    return Ok(deleted(answer));
                }
                Ok(answer) => {
                    let rejected = answer.status == StatusCode::UNAUTHORIZED
                        || (answer.status == StatusCode::FORBIDDEN && shared.renew_on_forbidden);
                    if rejected {
                        shared.tokens.invalidate(&token);
                    }
                    if rejected && !renewed && self.has_another(&token).await {
                        renewed = true;
                        request = self.request()?;
                        continue;
                    }
                    let error = service_error(self.call.operation(), &answer);
                    let failure = Failure::Status { status: answer.status, retry_after: error.retry_after().is_some() };
                    (error, failure)
                }
                Err((error, failure)) => (error, failure),
            };
            if error.is_throttled() {
                shared.pace.refused(error.retry_after());
            }
            let own_write = ambiguous && method == Method::PUT && error.is_conflict();
            ambiguous |= failure.is_ambiguous() && !is_harmless(&method);
            let error = error.of(self.call.operation()).tried(attempts);
            let error = error.maybe_processed(ambiguous).perhaps_own_write(own_write);
            if !may_send_again(&method, self.if_match.is_some(), failure) {
                return Err(error);
            }
            let Some(pause) = pauses.next() else { return Err(error) };
            let pause = pause.max(error.retry_after().unwrap_or_default());
            if start.elapsed() + pause > retry.limit() {
                return Err(error);
            }
            trace::retry(&error, pause);
            tokio::time::sleep(pause).await;
            request = self.request()?;
        }
    }

    async fn authorize(&self, request: &mut Request) -> Result<AccessToken, Error> {
        let tokens = &self.call.shared().tokens;
        let token = match tokens.cached() {
            Some(token) => token,
            None => tokens.token().await.map_err(|e| Error::auth(e).of(self.call.operation()))?,
        };
        request.headers_mut().insert(AUTHORIZATION, token.header().clone());
        Ok(token)
    }

    /// Whether another token is to be had than the rejected one. If none is, the 401 is the better error.
    async fn has_another(&self, rejected: &AccessToken) -> bool {
        self.call.shared().tokens.token().await.is_ok_and(|token| token != *rejected)
    }

    /// Not `async` itself, so that the future holds no request: it would hold it until its end.
    fn attempt(&self, request: Request) -> impl Future<Output = Result<Answer, (Error, Failure)>> + Send {
        let limit = self.call.options.timeout.unwrap_or(self.call.shared().timeout);
        let answer = tokio::time::timeout(limit, self.answer(self.call.shared().http.execute(request)));
        answer.map(move |outcome| {
            outcome.unwrap_or_else(|_| {
                let message = format!("the service did not answer within {} s", limit.as_secs_f64());
                Err((self.error(ErrorKind::Timeout, &message), Failure::Broken))
            })
        })
    }

    async fn answer(
        &self,
        sent: impl Future<Output = reqwest::Result<reqwest::Response>>,
    ) -> Result<Answer, (Error, Failure)> {
        let broken = |error: reqwest::Error| {
            let (message, failure) = match error.is_connect() {
                true => ("the service cannot be reached", Failure::Connect),
                false => ("the connection to the service broke", Failure::Broken),
            };
            let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
            // The address may carry what the caller filtered by.
            (self.error(kind, message).with_source(error.without_url()), failure)
        };
        let shared = self.call.shared();
        let mut response = sent.await.map_err(broken)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        // Most answers come in one chunk, which is then the body.
        let mut body = Bytes::new();
        let mut joined = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len().max(joined.len()) + chunk.len() > shared.max_body {
                let message = format!("the answer is larger than {} bytes", shared.max_body);
                let failure = Failure::Status { status: StatusCode::PAYLOAD_TOO_LARGE, retry_after: false };
                let error = self.error(ErrorKind::TooLarge, &message).answered(status, request_id(&headers));
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
        Ok(Answer { status, headers, body })
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Error {
        Error::new(kind, message).of(self.call.operation())
    }
}

/// Whether a request changes nothing, however often it is carried out.
fn is_harmless(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What a DELETE answers that was carried out.
fn deleted(answer: Answer) -> Answer {
    Answer { status: StatusCode::NO_CONTENT, headers: answer.headers, body: Bytes::new() }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned)
}
