//! The retry loop of calls and uploads.

use super::retry::{Failure, Repeatable, Retries, RetryPolicy};
use super::trace;
use crate::error::Error;
use std::pin::pin;
use tokio::time::Instant;

/// A request that can be sent several times.
pub(crate) trait Attempts {
    /// The result of a successful attempt.
    type Output;

    /// Sends the request once. An error that is not an [`Outcome::Failed`] is final.
    fn attempt(&mut self) -> impl Future<Output = Result<Outcome<Self::Output>, Error>> + Send;

    /// Returns after which failures the request may be sent again.
    fn repeatable(&self) -> Repeatable;

    /// Returns when the time limit of the policy started. Without it, the limit applies to each delay: a large file may take
    /// longer.
    fn started(&self) -> Option<Instant> {
        None
    }
}

/// The outcome of one attempt.
pub(crate) enum Outcome<T> {
    Done(T),
    /// The token was rejected and replaced: the request is sent again immediately.
    TokenReplaced,
    Failed(Error, Failure),
}

/// Sends a request until it succeeds, must not be sent again, or a limit of the policy is reached.
pub(crate) async fn send_with_retries<A: Attempts + Send>(
    policy: RetryPolicy,
    attempts: &mut A,
) -> Result<A::Output, Error> {
    let mut retries = Retries::new(policy);
    loop {
        let (error, failure) = match pin!(attempts.attempt()).await? {
            Outcome::Done(output) => return Ok(output),
            Outcome::TokenReplaced => continue,
            Outcome::Failed(error, failure) => (error, failure),
        };
        let delay = retries.next_delay(attempts.repeatable(), attempts.started(), failure, error.retry_after());
        let Some(delay) = delay else { return Err(error) };
        trace::retry(&error, delay);
        tokio::time::sleep(delay).await;
    }
}
