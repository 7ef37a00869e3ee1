//! Tracing of calls: a span with the field names of OpenTelemetry's HTTP conventions. Without query, body and token.

use super::operation::Operation;
use super::response::{RawResponse, request_id};
use crate::error::Error;
use reqwest::Request;
use std::time::Duration;
use tracing::{Span, field};

/// The span of one call, from its first attempt to its last.
pub(crate) fn span(operation: &Operation, request: &Request) -> Span {
    let url = request.url();
    tracing::info_span!(
        target: "partner_ingestion_sdk",
        "call",
        otel.name = operation.name,
        otel.kind = "client",
        operation = operation.name,
        http.request.method = request.method().as_str(),
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        url.path = url.path(),
        http.response.status_code = field::Empty,
        http.request.resend_count = field::Empty,
        request_id = field::Empty,
        error.type = field::Empty,
    )
}

/// The span of one attempt.
pub(crate) fn attempt(number: u32) -> Span {
    tracing::debug_span!(
        target: "partner_ingestion_sdk",
        "attempt",
        http.request.resend_count = number.saturating_sub(1),
        http.response.status_code = field::Empty,
        request_id = field::Empty,
        error.type = field::Empty,
    )
}

pub(crate) fn attempt_outcome(span: &Span, outcome: Result<&RawResponse, &Error>) {
    if !span.is_disabled() {
        record(span, outcome);
    }
}

/// Records that another attempt follows.
pub(crate) fn retry(error: &Error, delay: Duration) {
    tracing::warn!(
        target: "partner_ingestion_sdk",
        status = error.status().map(|status| status.as_u16()),
        request_id = error.request_id(),
        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        "retrying the call"
    );
}

pub(crate) fn outcome(span: &Span, attempts: u32, outcome: Result<&RawResponse, &Error>) {
    // Without a subscriber, nothing is formatted.
    if span.is_disabled() {
        return;
    }
    span.record("http.request.resend_count", attempts.saturating_sub(1));
    record(span, outcome);
}

fn record(span: &Span, outcome: Result<&RawResponse, &Error>) {
    let (status, id) = match outcome {
        Ok(response) => (Some(response.status), request_id(&response.headers)),
        Err(error) => (error.status(), error.request_id().map(str::to_owned)),
    };
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if let Some(id) = id {
        span.record("request_id", id);
    }
    if let Err(error) = outcome {
        span.record("error.type", field::debug(error.kind()));
    }
}
