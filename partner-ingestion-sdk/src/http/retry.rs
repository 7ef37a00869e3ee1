//! Decides whether a request is retried, and after which delay.

use reqwest::{Method, StatusCode};
use std::time::Duration;
use tokio::time::Instant;

/// The bounds of the delay before the second attempt, and of every delay.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The number of attempts of a call, and the time limit for starting them.
///
/// | request | is retried after |
/// | --- | --- |
/// | GET, DELETE, PUT with If-Match | connection errors, timeouts, 408, 429, 500, 502, 503, 504 |
/// | POST, PUT without If-Match | failures before processing: no connection, 429, 503 with Retry-After |
/// | GET | a success whose body is missing or ends early, too |
/// | upload of a stream | nothing: a stream cannot be read twice |
///
/// A connection whose TLS handshake fails because of the certificate is not retried.
///
/// If a failed request may have been processed,
/// [`Error::may_have_been_processed`](crate::Error::may_have_been_processed) returns true. After such a failure, a DELETE that
/// receives 404 has succeeded, and a PUT that receives 409 or 412 fails with an error whose
/// [`may_conflict_with_own_retry`](crate::Error::may_conflict_with_own_retry) returns true.
///
/// The backoff is exponential with full jitter: a random delay up to a bound that grows from 1 to 30 seconds. A longer
/// Retry-After, in seconds or as a date, is honored if it fits the time limit; otherwise the call fails immediately and the
/// error has the delay. A 429 response slows down all calls of the client ([`Client`](crate::Client)): each attempt waits its
/// turn, at most for the attempt timeout and the rest of the time limit.
///
/// ```
/// use partner_ingestion_sdk::RetryPolicy;
/// use std::time::Duration;
///
/// let policy = RetryPolicy::default().max_attempts(10).time_limit(Duration::from_secs(600));
/// assert_ne!(policy, RetryPolicy::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    time_limit: Duration,
}

impl Default for RetryPolicy {
    /// Returns a policy of 4 attempts within 2 minutes.
    fn default() -> Self {
        Self { max_attempts: 4, time_limit: Duration::from_secs(120) }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries.
    pub fn none() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// Sets the maximum number of attempts, at least 1. Default: 4.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the time within which the attempts of a call may start, counted from the beginning of the first one. Waiting for the
    /// rate limit counts. Default: 2 minutes.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

/// The retries of one request: counts the attempts and decides whether another one follows.
pub(super) struct Retries {
    time_limit: Duration,
    left: u32,
    /// The longest next delay.
    bound: Duration,
}

impl Retries {
    pub(super) fn new(policy: RetryPolicy) -> Self {
        Self { time_limit: policy.time_limit, left: policy.max_attempts.saturating_sub(1), bound: MIN_BACKOFF }
    }

    /// Returns the delay before the next attempt, or `None` if the request must not be sent again. The time limit counts from
    /// `started`, or for each delay.
    pub(super) fn next_delay(
        &mut self,
        repeatable: Repeatable,
        started: Option<Instant>,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        if !is_retryable(repeatable, failure) {
            return None;
        }
        let delay = self.backoff()?.max(retry_after.unwrap_or_default());
        let elapsed = started.map(|started| started.elapsed()).unwrap_or_default();
        (elapsed.saturating_add(delay) <= self.time_limit).then_some(delay)
    }

    /// Returns a random delay, or `None` after the last attempt.
    fn backoff(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let bound = self.bound;
        self.bound = (bound * 2).min(MAX_BACKOFF);
        Some(bound.mul_f64(fastrand::f64()))
    }
}

/// How long the attempts of one call may wait before they are sent.
pub(crate) struct WaitLimits {
    time_limit: Duration,
    attempt_timeout: Duration,
    /// When the first attempt began.
    started: Option<Instant>,
}

impl WaitLimits {
    pub(super) fn new(policy: RetryPolicy, attempt_timeout: Duration) -> Self {
        Self { time_limit: policy.time_limit, attempt_timeout, started: None }
    }

    /// Returns when the first attempt began, from which on the time limit counts.
    pub(super) fn started(&self) -> Option<Instant> {
        self.started
    }

    /// Returns the time that is left for an attempt to start, or `None` before the first one.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = self.time_limit.saturating_sub(self.started?.elapsed());
        Some(left.min(self.attempt_timeout))
    }

    /// Begins the first attempt. Returns the time that is left for the attempt to start.
    pub(super) fn start(&mut self, now: Instant) -> Duration {
        self.started = Some(now);
        self.time_limit.min(self.attempt_timeout)
    }
}

/// After which failures a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeatable {
    /// After every transient failure: sending it twice has the effect of sending it once.
    Idempotent,
    /// After failures before processing.
    Unprocessed,
    /// After none: its body cannot be read twice.
    Never,
}

impl Repeatable {
    /// Returns how a call may be repeated.
    pub(super) fn of(method: &Method, if_match: bool) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::DELETE => Self::Idempotent,
            Method::PUT if if_match => Self::Idempotent,
            _ => Self::Unprocessed,
        }
    }
}

/// The failure of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The request was not sent: the connection was not established, or the rate limiter did not allow the request in time.
    NotSent,
    /// The connection was not established, and a repetition would fail in the same way: the certificate is not accepted.
    ConnectPermanently,
    /// The body of the request could not be read.
    Unreadable,
    /// The connection was lost or a timeout elapsed. The service may have processed the request.
    ConnectionLost,
    Status {
        status: StatusCode,
        retry_after: bool,
    },
}

impl Failure {
    /// Returns true if the service may have processed the request before it failed.
    pub(crate) fn is_ambiguous(self) -> bool {
        match self {
            Self::NotSent | Self::ConnectPermanently | Self::Unreadable => false,
            Self::ConnectionLost => true,
            Self::Status { status, retry_after } => match status.as_u16() {
                503 => !retry_after,
                408 | 413 | 500 | 502 | 504 => true,
                _ => false,
            },
        }
    }
}

/// Returns true if a request may be sent again after this failure. See the table of [`RetryPolicy`].
fn is_retryable(repeatable: Repeatable, failure: Failure) -> bool {
    let idempotent = match repeatable {
        Repeatable::Idempotent => true,
        Repeatable::Unprocessed => false,
        Repeatable::Never => return false,
    };
    match failure {
        Failure::NotSent => true,
        Failure::ConnectPermanently | Failure::Unreadable => false,
        Failure::ConnectionLost => idempotent,
        Failure::Status { status, retry_after } => match status.as_u16() {
            429 => true,
            503 if retry_after => true,
            408 | 500 | 502 | 503 | 504 => idempotent,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_post_only_if_it_was_not_processed() {
        let status =
            |status: u16, retry_after| Failure::Status { status: StatusCode::from_u16(status).unwrap(), retry_after };
        let table = [
            (Failure::NotSent, true, true),
            (Failure::Unreadable, false, false),
            (Failure::ConnectPermanently, false, false),
            (Failure::ConnectionLost, true, false),
            (status(408, false), true, false),
            (status(429, false), true, true),
            (status(500, false), true, false),
            (status(502, true), true, false),
            (status(503, false), true, false),
            (status(503, true), true, true),
            (status(504, true), true, false),
            (status(400, true), false, false),
            (status(401, false), false, false),
            (status(409, false), false, false),
        ];
        for (failure, get, post) in table {
            let is_retryable = |method, if_match| is_retryable(Repeatable::of(&method, if_match), failure);
            assert_eq!(is_retryable(Method::GET, false), get, "{failure:?}");
            assert_eq!(is_retryable(Method::DELETE, false), get, "{failure:?}");
            assert_eq!(is_retryable(Method::PUT, true), get, "{failure:?}");
            assert_eq!(is_retryable(Method::PUT, false), post, "{failure:?}");
            assert_eq!(is_retryable(Method::POST, true), post, "{failure:?}");
            assert!(!super::is_retryable(Repeatable::Never, failure), "{failure:?}");
        }
    }

    #[test]
    fn delays_are_random_below_a_growing_bound() {
        let of = |policy| {
            let mut retries = Retries::new(policy);
            std::iter::from_fn(move || retries.backoff())
        };
        let delays: Vec<Duration> = of(RetryPolicy::default().max_attempts(9)).collect();
        assert_eq!(delays.len(), 8);
        for (delay, bound) in delays.iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
            assert!(*delay <= Duration::from_secs(bound), "{delays:?}");
        }
        assert_eq!(of(RetryPolicy::none()).count(), 0);
    }
}
