//! The parts of a call: its request, its token, one attempt with the body up to its limit, and its errors.

use super::call::{Call, invalid_body};
use super::connection::{address, connection_error};
use super::response::{RawResponse, request_id};
use super::retry::{Failure, Repeatable};
use crate::error::{Error, ErrorKind};
use crate::generated::requests::Requests;
use bytes::Bytes;
use futures_util::FutureExt;
use partner_auth::AccessToken;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue, IF_MATCH};
use reqwest::{Method, Request, StatusCode};
use std::error::Error as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// The header with the caller's id of a request, which the service logs.
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Builds the request of a call, once for each attempt: most requests are sent once and need no copy.
pub(super) type BuildRequest<'a> = &'a (dyn Fn(&Requests) -> reqwest::Result<Request> + Send + Sync);

/// One call in progress.
pub(super) struct Pipeline<'a> {
    pub(super) call: &'a Call,
    build_request: BuildRequest<'a>,
    if_match: Option<HeaderValue>,
    /// The same for every attempt.
    id: HeaderValue,
    pub(super) attempts: AtomicU32,
    /// True if the service may have processed the request, which it may do while an attempt is in progress.
    pub(super) maybe_processed: AtomicBool,
}

impl<'a> Pipeline<'a> {
    pub(super) fn new(
        call: &'a Call,
        build_request: BuildRequest<'a>,
        if_match: Option<HeaderValue>,
    ) -> Result<Self, Error> {
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
    pub(super) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Adds to an error what is known about the call.
    pub(super) fn finished(&self, error: Error, method: &Method, maybe_processed: bool) -> Error {
        let idempotent = self.repeatable(method) == Repeatable::Idempotent;
        let error = error.with_operation(self.call.operation().name).with_attempts(self.attempts());
        error.with_maybe_processed(maybe_processed).with_idempotent(idempotent)
    }

    pub(super) fn repeatable(&self, method: &Method) -> Repeatable {
        Repeatable::of(method, self.if_match.is_some())
    }

    pub(super) fn attempt_timeout(&self) -> Duration {
        self.call.options.attempt_timeout.unwrap_or(self.call.shared().attempt_timeout)
    }

    /// The request with the headers that are the same for every attempt.
    pub(super) fn request(&self) -> Result<Request, Error> {
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

    pub(super) async fn authorize(&self, request: &mut Request) -> Result<AccessToken, Error> {
        let tokens = &self.call.shared().tokens;
        let token = match tokens.cached() {
            Some(token) => token,
            None => tokens.token().await.map_err(|e| Error::auth(e).with_operation(self.call.operation().name))?,
        };
        request.headers_mut().insert(AUTHORIZATION, token.header().clone());
        Ok(token)
    }

    /// Returns true if the provider has another token than the rejected one. If not, the 401 is the better error.
    pub(super) async fn has_another(&self, rejected: &AccessToken) -> bool {
        self.call.shared().tokens.token().await.is_ok_and(|token| token != *rejected)
    }

    /// Not `async`, so that the future does not keep the request until it completes.
    pub(super) fn attempt(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<RawResponse, (Error, Failure)>> + Send {
        let limit = self.attempt_timeout();
        let shared = self.call.shared();
        let response = tokio::time::timeout(limit, self.receive(shared.http.execute(request)));
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
        let gate = shared.gate.enter().await;
        let mut response = sent.await.map_err(broken)?;
        shared.gate.responded(response.version());
        drop(gate);
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

    pub(super) fn error(&self, kind: ErrorKind, message: &str) -> Error {
        Error::new(kind, message).with_operation(self.call.operation().name)
    }
}
