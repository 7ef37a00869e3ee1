//! Time as the cache and the exchange see it, so that a test can hold it still.

use crate::BoxFuture;
use std::time::{Duration, Instant, SystemTime};

/// The machine's clocks, or a test's.
#[derive(Clone, Debug, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    #[cfg(any(test, feature = "testing"))]
    Manual(crate::testing::ManualClock),
}

impl Clock {
    /// The monotonic clock: it decides on lifetimes, because the wall clock may be set.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::System => Instant::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.now(),
        }
    }

    /// The wall clock, for assertions and for the difference to Entra ID's.
    pub(crate) fn wall(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.wall(),
        }
    }

    /// Waits on purpose, between two attempts.
    pub(crate) fn pause(&self, length: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::System => Box::pin(tokio::time::sleep(length)),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.pause(length),
        }
    }

    /// Ends when something else should have ended. Without a runtime there is no timer, and it never does.
    pub(crate) fn limit(&self, length: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::System if tokio::runtime::Handle::try_current().is_err() => Box::pin(std::future::pending()),
            Self::System => Box::pin(tokio::time::sleep(length)),
            #[cfg(any(test, feature = "testing"))]
            Self::Manual(clock) => clock.sleep(length),
        }
    }

    /// What a future gives, unless the time runs out before.
    pub(crate) async fn within<T>(&self, length: Duration, future: impl Future<Output = T>) -> Option<T> {
        let future = std::pin::pin!(future);
        match futures_util::future::select(future, self.limit(length)).await {
            futures_util::future::Either::Left((value, _)) => Some(value),
            futures_util::future::Either::Right(_) => None,
        }
    }
}
