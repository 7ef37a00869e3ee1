//! Polling: the delays between polls, and waiting until a resource appears.

use crate::error::Error;
use std::time::Duration;
use tokio::time::Instant;

/// The delays between polls: they grow from `initial` to `max`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollInterval {
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
    /// The factor between two delays.
    pub(crate) growth: f64,
}

impl PollInterval {
    pub(crate) fn with_range(self, initial: Duration, max: Duration) -> Self {
        Self { initial, max: max.max(initial), ..self }
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
        let next = Instant::now() + self.delay.max(retry_after.unwrap_or_default());
        if deadline.is_some_and(|deadline| next > deadline) {
            return false;
        }
        tokio::time::sleep_until(next).await;
        self.delay = self.delay.mul_f64(self.interval.growth).min(self.interval.max);
        true
    }
}

const BRANCHES: PollInterval =
    PollInterval { initial: Duration::from_millis(100), max: Duration::from_secs(5), growth: 2.0 };

/// Polls until a value is found or `max_wait` elapses; then returns the error of the last poll.
pub(crate) async fn wait_for<T, F>(max_wait: Duration, poll: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Result<T, Error>, Error>>,
{
    let deadline = Instant::now() + max_wait;
    let mut poller = BRANCHES.start();
    loop {
        let missing = match poll().await? {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        if !poller.wait(None, Some(deadline)).await {
            return Err(missing);
        }
    }
}
