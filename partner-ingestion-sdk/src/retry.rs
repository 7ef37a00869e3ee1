//! When a request is sent again, and how long to wait before.

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use std::time::Duration;

/// How often and how long a call is tried.
///
/// | request | is sent again after |
/// | --- | --- |
/// | GET, DELETE, PUT with If-Match | connection errors, timeouts, 408, 429, 500, 502, 503, 504 |
/// | POST, PUT without If-Match | what surely was not processed: no connection, 429, 503 with Retry-After |
/// | a file that comes from a stream | nothing: it cannot be read twice |
///
/// What is not sent again although it may have been carried out says so
/// ([`Error::may_have_been_processed`](crate::Error::may_have_been_processed)). Where an earlier attempt may have been carried
/// out, a DELETE that meets 404 has succeeded, and a PUT that meets 409 or 412 fails with an error that says that the conflict
/// may be with itself ([`Error::is_perhaps_own_write`](crate::Error::is_perhaps_own_write)).
///
/// The pauses are drawn at random between nothing and a bound that grows from one second to thirty (full jitter); a
/// Retry-After, in seconds or as a date, that is longer is honoured when it fits the time limit, otherwise the call fails at
/// once and the error says how long to wait. A 429 slows down all calls of the client ([`Client`](crate::Client)).
///
/// ```
/// use partner_ingestion_sdk::Retry;
/// use std::time::Duration;
///
/// let patient = Retry::default().attempts(10).within(Duration::from_secs(600));
/// assert_ne!(patient, Retry::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    within: Duration,
}

impl Default for Retry {
    /// Four attempts within two minutes.
    fn default() -> Self {
        Self { attempts: 4, within: Duration::from_secs(120) }
    }
}

impl Retry {
    /// One attempt.
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// At most this many attempts; at least one is made.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// No attempt is started later than this after the first one; a longer Retry-After is not waited for.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    pub(crate) fn limit(&self) -> Duration {
        self.within
    }

    /// The pauses between the attempts.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let bounds = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(30))
            .with_max_times(self.attempts.saturating_sub(1) as usize)
            .build();
        bounds.map(|bound| bound.mul_f64(fastrand::f64()))
    }
}

/// What came of one attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection was never made.
    Connect,
    /// The connection broke or time ran out; the service may have processed the request.
    Broken,
    Status {
        status: StatusCode,
        retry_after: bool,
    },
}

impl Failure {
    /// Whether the service may have carried the request out before it failed.
    pub(crate) fn is_ambiguous(self) -> bool {
        match self {
            Self::Connect => false,
            Self::Broken => true,
            Self::Status { status, retry_after } => match status.as_u16() {
                503 => !retry_after,
                408 | 413 | 500 | 502 | 504 => true,
                _ => false,
            },
        }
    }
}

/// The table above.
pub(crate) fn may_send_again(method: &Method, if_match: bool, failure: Failure) -> bool {
    let repeatable =
        matches!(*method, Method::GET | Method::HEAD | Method::DELETE) || (*method == Method::PUT && if_match);
    match failure {
        Failure::Connect => true,
        Failure::Broken => repeatable,
        Failure::Status { status, retry_after } => match status.as_u16() {
            429 => true,
            503 if retry_after => true,
            408 | 500 | 502 | 503 | 504 => repeatable,
            _ => false,
        },
    }
}

/// Retry-After as seconds or as a date (RFC 9110 section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    let wait = date.to_utc() - chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    Some(wait.to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_sent_again_only_when_it_was_not_processed() {
        let status =
            |status: u16, retry_after| Failure::Status { status: StatusCode::from_u16(status).unwrap(), retry_after };
        let table = [
            (Failure::Connect, true, true),
            (Failure::Broken, true, false),
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
            assert_eq!(may_send_again(&Method::GET, false, failure), get, "{failure:?}");
            assert_eq!(may_send_again(&Method::DELETE, false, failure), get, "{failure:?}");
            assert_eq!(may_send_again(&Method::PUT, true, failure), get, "{failure:?}");
            assert_eq!(may_send_again(&Method::PUT, false, failure), post, "{failure:?}");
            assert_eq!(may_send_again(&Method::POST, true, failure), post, "{failure:?}");
        }
    }

    #[test]
    fn pauses_are_drawn_up_to_a_growing_bound() {
        let pauses: Vec<Duration> = Retry::default().attempts(9).pauses().collect();
        assert_eq!(pauses.len(), 8);
        for (pause, bound) in pauses.iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
            assert!(*pause <= Duration::from_secs(bound), "{pauses:?}");
        }
        assert_eq!(Retry::none().pauses().count(), 0);
    }

    #[test]
    fn retry_after_in_both_forms() {
        let header = |value: &str| HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        assert_eq!(retry_after(&header("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&header("Sun, 06 Nov 1994 08:49:37 GMT")), Some(Duration::ZERO));
        let soon = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()) + chrono::TimeDelta::seconds(90);
        let wait = retry_after(&header(&soon.format("%a, %d %b %Y %H:%M:%S GMT").to_string())).unwrap();
        assert!((85..=90).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(retry_after(&header("soon")), None);
    }
}
