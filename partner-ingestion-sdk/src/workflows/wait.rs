//! Polling: the delays between polls, and polling until a result is there.

use crate::error::Error;
use reqwest::StatusCode;
use std::time::Duration;
use tokio::time::Instant;

/// The longest delay that can be set: adding it to the current time does not overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The delays between polls: they grow from `initial` to `max`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollInterval {
    initial: Duration,
    max: Duration,
    /// The factor between two delays.
    growth: f64,
    /// True if each delay is drawn at random, up to its value.
    jitter: bool,
}

impl PollInterval {
    pub(crate) const fn new(initial: Duration, max: Duration, growth: f64) -> Self {
        Self { initial, max, growth, jitter: false }
    }

    /// Random delays up to `max`, for callers that compete for a resource.
    pub(crate) const fn random(max: Duration) -> Self {
        Self { initial: max, max, growth: 1.0, jitter: true }
    }

    pub(crate) fn with_range(self, initial: Duration, max: Duration) -> Self {
        Self { initial: initial.min(LONGEST), max: max.max(initial).min(LONGEST), ..self }
    }

    pub(crate) fn with_growth(self, growth: f64) -> Self {
        Self { growth, ..self }
    }

    pub(crate) fn start(self) -> Poller {
        Poller { delay: self.initial, interval: self }
    }
}

/// The state of one loop that polls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Poller {
    interval: PollInterval,
    delay: Duration,
}

impl Poller {
    /// Waits before the next poll, at least for `retry_after`. Returns false, without waiting, if the delay would end after
    /// the deadline.
    pub(crate) async fn wait(&mut self, retry_after: Option<Duration>, deadline: Option<Instant>) -> bool {
        let delay = if self.interval.jitter { self.delay.mul_f64(fastrand::f64()) } else { self.delay };
        let Some(next) = self::deadline(delay.max(retry_after.unwrap_or_default())) else { return false };
        if deadline.is_some_and(|deadline| next > deadline) {
            return false;
        }
        tokio::time::sleep_until(next).await;
        self.delay = self.delay.mul_f64(self.interval.growth).min(self.interval.max);
        true
    }
}

/// The interval of polls for a branch, which appears seconds after its plan.
pub(crate) const BRANCHES: PollInterval = PollInterval::new(Duration::from_millis(100), Duration::from_secs(5), 2.0);

/// When polling ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// After this time.
    Time(Duration),
    /// After this number of polls.
    Polls(u32),
}

/// Returns the deadline after `max_wait`, or `None` if it is too far in the future for a clock.
pub(crate) fn deadline(max_wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(max_wait)
}

/// Polls until there is a result or the limit is reached; then returns the error of the last poll. An inner error means "not
/// yet", an outer one ends the polling.
pub(crate) async fn poll_until<T, F>(interval: PollInterval, limit: Limit, poll: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Result<T, Error>, Error>>,
{
    let (deadline, mut left) = match limit {
        Limit::Time(max_wait) => (deadline(max_wait), u32::MAX),
        Limit::Polls(polls) => (None, polls),
    };
    let mut poller = interval.start();
    loop {
        let not_yet = match poll().await? {
            Ok(result) => return Ok(result),
            Err(not_yet) => not_yet,
        };
        left = left.saturating_sub(1);
        if left == 0 || !poller.wait(None, deadline).await {
            return Err(not_yet);
        }
    }
}

/// Consecutive 404 responses after which a resource is considered missing: a resource that exists may be missing for a moment.
const MAX_NOT_FOUND: u32 = 3;

/// Repeats a call after single 404 responses and after transient errors. Every other error ends it, as the deadline does.
pub(crate) async fn tolerate_absence<T, F>(
    interval: PollInterval,
    deadline: Option<Instant>,
    call: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut poller = interval.start();
    let mut absences = 0;
    loop {
        let error = match call().await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        absences = if error.is_not_found() { absences + 1 } else { 0 };
        let is_transient = error.is_not_found() || error.is_retryable();
        if absences >= MAX_NOT_FOUND || !is_transient || !poller.wait(error.retry_after(), deadline).await {
            return Err(error);
        }
    }
}

/// The delays after 404 responses for resources that may be new: 0.5 and 1 second.
const LATE: PollInterval = PollInterval::new(Duration::from_millis(500), Duration::from_secs(1), 2.0);

/// Repeats a call after one or two 404 responses: the resource that it names may have been created a moment ago. A request that may have
/// been processed is not repeated.
pub(crate) async fn tolerate_late<T, F>(call: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let is_late = |error: &Error| error.status() == Some(StatusCode::NOT_FOUND) && !error.may_have_been_processed();
    poll_until(LATE, Limit::Polls(MAX_NOT_FOUND), || async {
        match call().await {
            Err(error) if is_late(&error) => Ok(Err(error)),
            outcome => outcome.map(Ok),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::sync::Mutex;

    fn status(status: u16) -> Error {
        Error::from_response(reqwest::StatusCode::from_u16(status).unwrap(), None, b"\"text\"", true)
    }

    /// Calls that fail with these statuses, and then succeed.
    async fn after(statuses: &[u16], deadline: Option<Instant>) -> (Result<(), Error>, usize) {
        let calls = Mutex::new(0);
        let call = || async {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            statuses.get(*calls - 1).map_or(Ok(()), |failure| Err(status(*failure)))
        };
        let outcome = tolerate_absence(BRANCHES, deadline, call).await;
        let calls = *calls.lock().unwrap();
        (outcome, calls)
    }

    #[tokio::test(start_paused = true)]
    async fn single_404_responses_and_transient_errors_are_tolerated() {
        for statuses in [&[404][..], &[404, 404], &[404, 500, 404, 503, 404, 404], &[429; 20]] {
            let (outcome, calls) = after(statuses, None).await;
            assert!(outcome.is_ok() && calls == statuses.len() + 1, "{statuses:?}");
        }
        for (statuses, calls) in [(&[404, 404, 404, 404][..], 3), (&[403, 404], 1), (&[404, 409], 2)] {
            let (outcome, made) = after(statuses, None).await;
            assert!(outcome.is_err() && made == calls, "{statuses:?}");
        }
        let soon = deadline(Duration::from_secs(60));
        assert!(after(&[500; 1000], soon).await.0.is_err());
    }

    /// The seconds of virtual time at which polls happen, as far as `limit` allows.
    async fn polls(interval: PollInterval, limit: Limit) -> Vec<u64> {
        let (start, times) = (Instant::now(), Mutex::new(Vec::new()));
        let poll = || async {
            times.lock().unwrap().push(start.elapsed().as_secs());
            Ok(Err::<(), _>(Error::new(ErrorKind::NotFound, "not yet")))
        };
        poll_until(interval, limit, poll).await.unwrap_err();
        times.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn delays_grow_up_to_a_limit() {
        let seconds = Duration::from_secs;
        let interval = PollInterval::new(seconds(1), seconds(6), 3.0);
        assert_eq!(polls(interval, Limit::Polls(5)).await, [0, 1, 4, 10, 16]);
        assert_eq!(polls(interval, Limit::Polls(1)).await, [0]);
        assert_eq!(polls(interval, Limit::Time(seconds(11))).await, [0, 1, 4, 10]);
        assert_eq!(polls(PollInterval::random(seconds(1)), Limit::Polls(100)).await.len(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn no_setting_overflows() {
        let interval = BRANCHES.with_range(Duration::MAX, Duration::MAX);
        assert_eq!(polls(interval, Limit::Time(Duration::from_secs(1))).await, [0]);
        assert_eq!(polls(interval, Limit::Polls(2)).await.len(), 2);
        assert!(deadline(Duration::MAX).is_none());
    }
}
