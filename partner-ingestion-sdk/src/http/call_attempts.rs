//! The attempts of one call: token, turn, sending, and what the response means for the next attempt.

use super::attempt::{Attempts, Outcome};
use super::connection::address;
use super::observe::{Event, Measurement, Totals, elapsed};
use super::pipeline::Pipeline;
use super::response::{Decode, Decoded, RawResponse, service_error};
use super::retry::{Failure, Repeatable, WaitLimits};
use super::trace;
use crate::error::{Error, ErrorKind};
use bytes::Bytes;
use reqwest::{Method, Request, StatusCode};
use std::pin::pin;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tracing::Instrument;

const NO_TURN: &str = "Send fewer requests at a time (ClientBuilder::max_concurrent_requests), or raise `attempt_timeout` and \
                       RetryPolicy::time_limit.";

/// The attempts of one call.
pub(super) struct CallAttempts<'a> {
    pipeline: &'a Pipeline<'a>,
    method: Method,
    /// The request of the next attempt, if it is built already.
    request: Option<Request>,
    limits: WaitLimits,
    refreshed: bool,
    /// True if the service may have processed an earlier attempt.
    ambiguous: bool,
    /// When the last attempt ended, if someone observes.
    ended: Option<Instant>,
    totals: Totals,
    /// Decodes the body of a read.
    decode: Option<Decode>,
    pub(super) decoded: Option<Decoded>,
}

impl Attempts for CallAttempts<'_> {
    type Output = RawResponse;

    async fn attempt(&mut self) -> Result<Outcome<RawResponse>, Error> {
        let pipeline = self.pipeline;
        let shared = pipeline.call.shared();
        let backoff = elapsed(self.ended);
        let mut request = match self.request.take() {
            Some(request) => request,
            None => pipeline.request()?,
        };
        let token = match pipeline.authorize(&mut request).await {
            Ok(token) => token,
            Err(error) => return Err(self.finished(error)),
        };
        let queued = shared.hooks.now();
        let Some(permit) = shared.limiter.acquire(&mut self.limits).await else {
            return Ok(Outcome::Failed(self.no_turn(), Failure::NotSent));
        };
        let attempt = pipeline.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        pipeline.maybe_processed.store(!self.method.is_safe(), Ordering::Relaxed);
        shared.hooks.before_send(pipeline.call.operation(), attempt, &mut request);
        let waited = Totals { backoff, rate_limit_wait: elapsed(queued), ..Totals::default() };
        let outcome = pin!(self.send(attempt, request, waited)).await;
        pipeline.maybe_processed.store(self.ambiguous, Ordering::Relaxed);
        let (error, failure) = match outcome {
            Ok(response) if response.status.is_success() => {
                shared.limiter.succeeded();
                let Some(error) = self.decode_read(&response) else { return Ok(Outcome::Done(response)) };
                // The read changed nothing and can be repeated.
                (error, Failure::ConnectionLost)
            }
            Ok(response) if self.is_deleted(&response) => return Ok(Outcome::Done(deleted(response))),
            Ok(response) => {
                let error = service_error(pipeline.call.operation(), &response);
                if error.is_throttled() {
                    shared.limiter.throttled(&permit, error.retry_after()).await;
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
        self.ambiguous |= failure.is_ambiguous() && !self.method.is_safe();
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

impl<'a> CallAttempts<'a> {
    pub(super) fn new(
        pipeline: &'a Pipeline<'a>,
        request: Request,
        limits: WaitLimits,
        decode: Option<Decode>,
    ) -> Self {
        let method = request.method().clone();
        Self {
            pipeline,
            method,
            request: Some(request),
            limits,
            refreshed: false,
            ambiguous: false,
            ended: None,
            totals: Totals::default(),
            decode,
            decoded: None,
        }
    }

    /// Sends one attempt, traced and measured.
    async fn send(&mut self, attempt: u32, request: Request, waited: Totals) -> Result<RawResponse, (Error, Failure)> {
        let pipeline = self.pipeline;
        let hooks = &pipeline.call.shared().hooks;
        let start = hooks.now();
        let request_bytes = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len) as u64;
        let span = trace::attempt(attempt);
        let outcome = pin!(pipeline.attempt(request).instrument(span.clone())).await;
        let result = outcome.as_ref().map_err(|(error, _)| error);
        trace::attempt_outcome(&span, result);
        self.ended = hooks.now();
        if hooks.is_observed() {
            let response_bytes = result.map_or(0, |response| response.body.len() as u64);
            let totals = Totals { request_bytes, response_bytes, ..waited };
            self.totals.add(&totals);
            hooks.notify(&Event::Attempt(self.measurement(result, attempt, start, totals)));
        }
        outcome
    }

    /// Sends the event of the whole call.
    pub(super) fn completed(&self, outcome: Result<&RawResponse, &Error>, start: Option<Instant>) {
        let hooks = &self.pipeline.call.shared().hooks;
        if hooks.is_observed() {
            let attempts = self.pipeline.attempts();
            hooks.notify(&Event::Call(self.measurement(outcome, attempts, start, self.totals)));
        }
    }

    fn measurement(
        &self,
        outcome: Result<&RawResponse, &Error>,
        attempt: u32,
        start: Option<Instant>,
        totals: Totals,
    ) -> Measurement<'_> {
        let operation = self.pipeline.call.operation();
        Measurement::new(operation, &self.method, outcome, attempt, elapsed(start), totals)
    }

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

    /// Decodes the body of a read. Returns an error if it is missing or ends early, as when a gateway loses it. A raw request may
    /// have no body.
    fn decode_read(&mut self, response: &RawResponse) -> Option<Error> {
        let operation = self.pipeline.call.operation();
        let may_be_empty = response.status == StatusCode::NO_CONTENT || operation.may_be_empty;
        if self.method != Method::GET || (response.body.is_empty() && may_be_empty) {
            return None;
        }
        match self.decode.map(|decode| decode(&response.body)) {
            Some(Ok(decoded)) => {
                self.decoded = Some(decoded);
                None
            }
            // Another error is reported when the call returns.
            Some(Err(_)) | None => response.check_complete(operation).err(),
        }
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

/// The response of a DELETE that was already processed.
fn deleted(response: RawResponse) -> RawResponse {
    RawResponse { status: StatusCode::NO_CONTENT, headers: response.headers, body: Bytes::new() }
}
