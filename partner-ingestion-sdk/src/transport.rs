//! The hooks between the generated methods and the network: token, request id, retries, the body up to its cap.

use crate::call::Context;
use crate::error::service_error;
use crate::generated::client::Client as Generated;
use crate::response::REQUEST_ID;
use crate::retry::{Failure, may_send_again};
use crate::{Error, ErrorKind, trace};
use bytes::Bytes;
use partner_auth::AccessToken;
use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, IF_MATCH};
use reqwest::{Method, Request, ResponseBuilderExt, StatusCode, Url};
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tracing::Instrument;

/// The caller's id of a request, which the service logs.
const CLIENT_REQUEST_ID: &str = "client-request-id";
/// Progenitor adds the document's version to every request; the service does not know the header.
const API_VERSION: &str = "api-version";

impl ClientHooks<Arc<Context>> for Generated {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), progenitor_client::Error<E>> {
        self.inner.prepare(request).map_err(|error| {
            self.inner.fail(error);
            progenitor_client::Error::Custom(String::new())
        })
    }

    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<reqwest::Response> {
        let mut answer = self.inner.run(request).await.unwrap_or_else(|error| {
            // The real error waits in the context; progenitor only has to stop.
            self.inner.fail(error);
            Answer { status: StatusCode::IM_A_TEAPOT, headers: HeaderMap::new(), body: Bytes::new() }
        });
        // Progenitor would copy the headers; they wait in the context.
        self.inner.answered(answer.status, std::mem::take(&mut answer.headers));
        Ok(answer.into())
    }
}

/// An answer with its whole body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What progenitor is told that an answer came from; without it reqwest would parse a placeholder for every answer.
static NOWHERE: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("http://localhost").ok());

impl From<Answer> for reqwest::Response {
    fn from(answer: Answer) -> Self {
        let nowhere = NOWHERE.clone().and_then(|url| http::Response::builder().url(url).body(answer.body.clone()).ok());
        let mut response = nowhere.unwrap_or_else(|| http::Response::new(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response.into()
    }
}

impl Context {
    /// Headers that are the same for every attempt.
    pub(crate) fn prepare(&self, request: &mut Request) -> Result<(), Error> {
        if request.url().origin() != self.shared.base.origin() {
            return Err(self.error(ErrorKind::ForeignOrigin, "the address is not of the service; no token goes there"));
        }
        let headers = request.headers_mut();
        headers.remove(API_VERSION);
        headers.extend(self.options.headers.clone());
        // It has to be new, not secret.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        headers.insert(
            CLIENT_REQUEST_ID,
            HeaderValue::try_from(id).map_err(|_| self.error(ErrorKind::Argument, "no id"))?,
        );
        if let Some(if_match) = &self.options.if_match {
            let value = HeaderValue::try_from(if_match.to_string());
            let value = value.map_err(|_| self.error(ErrorKind::Argument, "the entity tag cannot be sent"))?;
            headers.insert(IF_MATCH, value);
        }
        Ok(())
    }

    /// Sends the request within its deadline, seen by whoever listens.
    pub(crate) async fn run(&self, request: Request) -> Result<Answer, Error> {
        let span = trace::span(self, &request);
        let harmless = is_harmless(request.method());
        // Boxed: the callers' futures stay small, and those who run many of them move them around.
        let work = Box::pin(self.attempts_of(request)).instrument(span.clone());
        let outcome = match self.options.deadline.or(self.shared.deadline) {
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

    /// Sends the request until it succeeds, must not be sent again, or the limits are reached.
    async fn attempts_of(&self, request: Request) -> Result<Answer, Error> {
        let retry = self.options.retry.unwrap_or(self.shared.retry);
        let mut pauses = retry.pauses();
        let mut start = None;
        let mut renewed = false;
        let mut ambiguous = false;
        let mut request = request;
        loop {
            // A body that is a stream cannot be sent twice.
            let mut spare = request.try_clone();
            let (method, if_match) = (request.method().clone(), request.headers().contains_key(IF_MATCH));
            let token = self.authorize(&mut request).await?;
            let place = self.shared.pace.enter().await;
            let start = *start.get_or_insert_with(Instant::now);
            let attempts = self.attempts() + 1;
            self.sent(attempts);
            let outcome = self.attempt(request).await;
            drop(place);
            let (error, failure) = match outcome {
                Ok(answer) if answer.status.is_success() => {
                    self.shared.pace.succeeded();
                    return Ok(answer);
                }
                // It is gone, and it may have been an earlier attempt that did it.
                Ok(answer) if ambiguous && method == Method::DELETE && answer.status == StatusCode::NOT_FOUND => {
                    return Ok(deleted(answer));
                }
                Ok(answer) => {
                    let rejected = answer.status == StatusCode::UNAUTHORIZED
                        || (answer.status == StatusCode::FORBIDDEN && self.shared.renew_on_forbidden);
                    if rejected {
                        self.shared.tokens.invalidate(&token);
                    }
                    if rejected
                        && !renewed
                        && spare.is_some()
                        && self.has_another(&token).await
                        && let Some(spare) = spare.take()
                    {
                        renewed = true;
                        request = spare;
                        continue;
                    }
                    let error = service_error(self.operation, &answer);
                    let failure = Failure::Status { status: answer.status, retry_after: error.retry_after().is_some() };
                    (error, failure)
                }
                Err((error, failure)) => (error, failure),
            };
            if error.is_throttled() {
                self.shared.pace.refused(error.retry_after());
            }
            let own_write = ambiguous && method == Method::PUT && error.is_conflict();
            ambiguous |= failure.is_ambiguous() && !is_harmless(&method);
            let error = error.of(self.operation).tried(attempts);
            let error = error.maybe_processed(ambiguous).perhaps_own_write(own_write);
            let (Some(spare), true) = (spare, may_send_again(&method, if_match, failure)) else {
                return Err(error);
            };
            let Some(pause) = pauses.next() else { return Err(error) };
            let pause = pause.max(error.retry_after().unwrap_or_default());
            if start.elapsed() + pause > retry.limit() {
                return Err(error);
            }
            trace::retry(&error, pause);
            tokio::time::sleep(pause).await;
            request = spare;
        }
    }

    async fn authorize(&self, request: &mut Request) -> Result<AccessToken, Error> {
        let token = match self.shared.tokens.cached() {
            Some(token) => token,
            None => self.shared.tokens.token().await.map_err(|e| Error::auth(e).of(self.operation))?,
        };
        request.headers_mut().insert(AUTHORIZATION, token.header().clone());
        Ok(token)
    }

    /// Whether another token is to be had than the rejected one. If none is, the 401 is the better error.
    async fn has_another(&self, rejected: &AccessToken) -> bool {
        self.shared.tokens.token().await.is_ok_and(|token| token != *rejected)
    }

    async fn attempt(&self, request: Request) -> Result<Answer, (Error, Failure)> {
        let limit = self.options.timeout.unwrap_or(self.shared.timeout);
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let message = format!("the service did not answer within {} s", limit.as_secs_f64());
                Err((self.error(ErrorKind::Timeout, &message), Failure::Broken))
            }
        }
    }

    async fn exchange(&self, request: Request) -> Result<Answer, (Error, Failure)> {
        let broken = |error: reqwest::Error| {
            let (message, failure) = match error.is_connect() {
                true => ("the service cannot be reached", Failure::Connect),
                false => ("the connection to the service broke", Failure::Broken),
            };
            let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
            // The address may carry what the caller filtered by.
            (self.error(kind, message).with_source(error.without_url()), failure)
        };
        let mut response = self.shared.http.execute(request).await.map_err(broken)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        // Most answers come in one chunk, which is then the body.
        let mut body = Bytes::new();
        let mut joined = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len().max(joined.len()) + chunk.len() > self.shared.max_body {
                let message = format!("the answer is larger than {} bytes", self.shared.max_body);
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
        Error::new(kind, message).of(self.operation)
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
