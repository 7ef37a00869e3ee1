//! The attempts of one call: token, turn, sending, and what the response means for the next attempt.

use super::attempt::{Attempts, Outcome};
use super::connection::address;
use super::response::{RawResponse, service_error};
use super::retry::{Failure, Repeatable, WaitLimits};
use super::send::Pipeline;
use crate::error::{Error, ErrorKind};
use bytes::Bytes;
use reqwest::{Method, Request, StatusCode};
use std::sync::atomic::Ordering;
use tokio::time::Instant;

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
        pipeline.maybe_processed.store(!self.method.is_safe(), Ordering::Relaxed);
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
    pub(super) fn new(pipeline: &'a Pipeline<'a>, request: Request, limits: WaitLimits) -> Self {
        let method = request.method().clone();
        Self { pipeline, method, request: Some(request), limits, refreshed: false, ambiguous: false }
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
