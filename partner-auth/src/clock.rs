//! The clocks of the cache and the token client, which tests can replace.

use crate::BoxFuture;
use std::time::{Duration, Instant, SystemTime};

/// The system clocks, or the manual clock of a test.
#[derive(Clone, Debug, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    #[cfg(any(test, feature = "testing"))]
    Manual(crate::testing::ManualClock),
}

/// An instant as far in the future as any clock reaches: a century.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Returns the instant after this duration. A duration beyond the range of the clock is cut to a century.
pub(crate) fn later(start: Instant, duration: Duration) -> Instant {
    start.checked_add(duration).or_else(|| start.checked_add(FAR)).unwrap_or(start)
}

impl Clock {
    /// Returns the monotonic time, which decides on expiry, because the wall clock may change.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::System => Instant::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.now(),
        }
    }

    /// Returns the wall-clock time, for assertions and the clock skew.
    pub(crate) fn wall(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.wall(),
        }
    }

    /// Waits between two attempts.
    pub(crate) fn delay(&self, length: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::System => Box::pin(tokio::time::sleep(length)),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.delay(length),
        }
    }

    /// Completes after a timeout. Without a runtime there is no timer, and it never completes.
    pub(crate) fn timeout(&self, length: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::System if tokio::runtime::Handle::try_current().is_err() => Box::pin(std::future::pending()),
            Self::System => Box::pin(tokio::time::sleep(length)),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.sleep(length),
        }
    }

    /// Returns the future's output, or `None` if it does not complete in time.
    pub(crate) async fn within<T>(&self, length: Duration, future: impl Future<Output = T>) -> Option<T> {
        let future = std::pin::pin!(future);
        match futures_util::future::select(future, self.timeout(length)).await {
            futures_util::future::Either::Left((value, _)) => Some(value),
            futures_util::future::Either::Right(_) => None,
        }
    }
}
