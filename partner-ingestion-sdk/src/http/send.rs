//! Sends a call: checks its arguments, and limits and traces its attempts.

use super::attempt::send_with_retries;
use super::call::{Call, check_segment};
use super::call_attempts::CallAttempts;
use super::connection::address;
use super::pipeline::{BuildRequest, Pipeline};
use super::response::{Decode, Decoded, RawResponse, Success};
use super::retry::WaitLimits;
use super::trace;
use crate::error::{Error, ErrorKind};
use futures_util::future::BoxFuture;
use reqwest::Method;
use std::pin::pin;
use std::sync::atomic::Ordering;
use tracing::Instrument;

impl Call {
    /// Checks the arguments and sends the request that `build_request` builds. `decode` decodes the response of a GET.
    ///
    /// Boxed: the callers' futures stay small, and programs that run many of them move them around. What it awaits is pinned first:
    /// `await` alone would copy each of these large futures.
    pub(crate) fn send<'a>(
        &'a self,
        path: &'a [(&str, &str)],
        body_etag: Option<&'a str>,
        build_request: BuildRequest<'a>,
        decode: Option<Decode>,
    ) -> BoxFuture<'a, Result<Success, Error>> {
        Box::pin(async move {
            let operation = self.operation();
            for (name, value) in path {
                check_segment(name, value).map_err(|e| e.with_operation(operation.name))?;
            }
            let pipeline = Pipeline::new(self, build_request, self.precondition(body_etag)?)?;
            let (method, response, decoded) = pin!(run(&pipeline, decode)).await?;
            let attempts = pipeline.attempts();
            Ok(Success { operation, is_safe: method.is_safe(), attempts, response, decoded })
        })
    }
}

/// Sends the request within its timeout and traces it. Returns its method, the response, and the body if it is decoded.
async fn run(pipeline: &Pipeline<'_>, decode: Option<Decode>) -> Result<(Method, RawResponse, Option<Decoded>), Error> {
    let request = pipeline.request()?;
    let span = trace::span(pipeline.call.operation(), &request);
    let method = request.method().clone();
    let policy = pipeline.call.options.retry.unwrap_or(pipeline.call.shared().retry);
    let limits = WaitLimits::new(policy, pipeline.attempt_timeout());
    let mut attempts = CallAttempts::new(pipeline, request, limits, decode);
    let start = pipeline.call.shared().hooks.now();
    let outcome = {
        let work = pin!(send_with_retries(policy, &mut attempts).instrument(span.clone()));
        match pipeline.call.options.timeout.or(pipeline.call.shared().timeout) {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let address = address(&pipeline.call.shared().base);
                let message = format!("call to {address} did not complete within {} s", limit.as_secs_f64());
                let maybe_processed = pipeline.maybe_processed.load(Ordering::Relaxed);
                Err(pipeline.finished(pipeline.error(ErrorKind::Timeout, &message), &method, maybe_processed))
            }),
        }
    };
    attempts.completed(outcome.as_ref(), start);
    trace::outcome(&span, pipeline.attempts(), outcome.as_ref());
    outcome.map(|response| (method, response, attempts.decoded))
}
