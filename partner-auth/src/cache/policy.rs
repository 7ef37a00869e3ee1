//! When a token is refreshed: windows as fractions of its lifetime, and the backoff after failures.

use std::time::Duration;

/// When a token is refreshed, and how long to back off after a failed refresh.
///
/// The windows are fractions of the token's lifetime, each with an upper limit. A fixed window of five minutes would refresh a
/// five-minute token on every call. Each source adds its own jitter, so that processes that start together do not refresh
/// together.
///
/// ```
/// use partner_auth::RefreshPolicy;
/// use std::time::Duration;
///
/// // Refresh in the last half of the lifetime, but at most one hour before expiry.
/// let policy = RefreshPolicy::default().refresh_window(0.5, Duration::from_secs(3600));
/// assert_ne!(policy, RefreshPolicy::default());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshPolicy {
    refresh_window: Window,
    critical_window: Window,
    jitter: Window,
    backoff: (Duration, Duration),
    seed: Option<u64>,
}

/// A fraction of a lifetime, up to a maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    fraction: f64,
    max: Duration,
}

impl Window {
    fn new(fraction: f64, max: Duration) -> Self {
        // NaN becomes 0: `clamp` would keep it.
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        Self { fraction, max }
    }

    fn of(self, lifetime: Duration) -> Duration {
        lifetime.mul_f64(self.fraction).min(self.max).min(lifetime)
    }
}

impl Default for RefreshPolicy {
    /// Refreshes in the last 25 % of the lifetime, at most 15 minutes before expiry. The critical window is the last 10 %, at
    /// most one minute. Jitter is up to 5 %, at most one minute. The backoff grows from 30 seconds to 5 minutes.
    fn default() -> Self {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        Self {
            refresh_window: Window::new(0.25, minute * 15),
            critical_window: Window::new(0.1, minute),
            jitter: Window::new(0.05, minute),
            backoff: (second * 30, minute * 5),
            seed: None,
        }
    }
}

impl RefreshPolicy {
    /// Sets how long before expiry a token is refreshed: the last `fraction` of its lifetime, but at most `max`.
    ///
    /// Default: 0.25, at most 15 minutes. `fraction` is clamped to 0..=1. A `refresh_in` value in the token response takes
    /// precedence.
    #[must_use]
    pub fn refresh_window(mut self, fraction: f64, max: Duration) -> Self {
        self.refresh_window = Window::new(fraction, max);
        self
    }

    /// Sets the last part of the lifetime, in which a failed refresh is retried within 5 seconds instead of after the
    /// [`backoff`](Self::backoff), unless a `Retry-After` is longer.
    ///
    /// Default: 0.1, at most one minute. `fraction` is clamped to 0..=1.
    #[must_use]
    pub fn critical_window(mut self, fraction: f64, max: Duration) -> Self {
        self.critical_window = Window::new(fraction, max);
        self
    }

    /// Sets the maximum random time by which a refresh starts earlier.
    ///
    /// Default: 0.05 of the lifetime, at most one minute. `fraction` is clamped to 0..=1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64, max: Duration) -> Self {
        self.jitter = Window::new(fraction, max);
        self
    }

    /// Sets the backoff after failed refreshes. It starts at `initial` and doubles with each failure, up to `max`.
    ///
    /// Default: 30 seconds, up to 5 minutes; maximum: one day. A longer `Retry-After` takes precedence, up to one hour.
    #[must_use]
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.backoff = (initial, max.max(initial));
        self
    }

    /// Sets the seed of the jitter, for reproducible tests. Default: a random seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    pub(crate) fn rng(&self) -> fastrand::Rng {
        self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)
    }

    /// The refresh times of a token, counted from the instant before it was requested. `jitter` is within 0..=1.
    pub(crate) fn refresh_times(&self, lifetime: Duration, refresh_in: Option<Duration>, jitter: f64) -> RefreshTimes {
        let critical = (lifetime - self.critical_window.of(lifetime)).max(MIN_OFFSET);
        let planned = refresh_in.filter(|after| !after.is_zero());
        let planned = planned.unwrap_or_else(|| lifetime - self.refresh_window.of(lifetime)).min(critical);
        let early = self.jitter.of(lifetime).mul_f64(jitter.clamp(0.0, 1.0));
        RefreshTimes { refresh: planned.saturating_sub(early).max(MIN_OFFSET), critical }
    }

    /// The delay after this many consecutive failed refreshes. `until_critical` is the time until the critical window starts.
    /// A `Retry-After` is honored, up to an hour.
    pub(crate) fn backoff_after(
        &self,
        failures: u32,
        until_critical: Duration,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Duration {
        let (initial, max) = self.backoff;
        let step = initial.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(max).min(MAX_BACKOFF);
        let delay = step.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0).min(until_critical.max(CRITICAL_BACKOFF));
        delay.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER))
    }
}

/// When one token is refreshed, as offsets from the instant before it was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshTimes {
    pub(crate) refresh: Duration,
    pub(crate) critical: Duration,
}

const MIN_OFFSET: Duration = Duration::from_millis(1);
/// A day: no token lives long enough for a longer backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(24 * 3600);
const CRITICAL_BACKOFF: Duration = Duration::from_secs(5);
/// A longer `Retry-After` is capped: one wrong header must not block a process for a day.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_windows_are_as_documented() {
        let policy = RefreshPolicy::default();
        let times = |seconds: u64, refresh_in: Option<u64>, jitter: f64| {
            let refresh_in = refresh_in.map(Duration::from_secs);
            let times = policy.refresh_times(Duration::from_secs(seconds), refresh_in, jitter);
            (times.refresh.as_secs_f64(), times.critical.as_secs_f64())
        };
        assert_eq!(times(3600, None, 0.0), (2700.0, 3540.0));
        assert_eq!(times(3600, None, 1.0), (2640.0, 3540.0), "at most a minute of jitter");
        assert_eq!(times(86_400, None, 0.0), (85_500.0, 86_340.0), "at most 15 minutes before expiry");
        assert_eq!(times(86_400, Some(43_200), 0.0), (43_200.0, 86_340.0));
        assert_eq!(times(300, None, 0.0), (225.0, 270.0));
        assert_eq!(times(3600, Some(0), 0.0), (2700.0, 3540.0), "refresh_in of zero is ignored");
        assert_eq!(times(3600, Some(9999), 0.0), (3540.0, 3540.0), "refresh_in beyond the lifetime");
    }

    #[test]
    fn refresh_precedes_critical_window_and_expiry() {
        let mut rng = fastrand::Rng::with_seed(4);
        for _ in 0..100_000 {
            let lifetime = Duration::from_secs_f64(1.0 + rng.f64() * 7.0 * 86_400.0);
            let policy = RefreshPolicy::default()
                .refresh_window(rng.f64() * 3.0 - 1.0, Duration::from_secs(rng.u64(0..10_000)))
                .critical_window(rng.f64(), Duration::from_secs(rng.u64(0..10_000)))
                .jitter(if rng.bool() { f64::NAN } else { rng.f64() }, Duration::MAX);
            let refresh_in = rng.bool().then(|| Duration::from_secs(rng.u64(0..1_000_000)));
            let RefreshTimes { refresh, critical } = policy.refresh_times(lifetime, refresh_in, rng.f64());
            assert!(
                Duration::ZERO < refresh && refresh <= critical && critical <= lifetime,
                "{policy:?} {lifetime:?} {refresh_in:?}"
            );
        }
    }

    #[test]
    fn backoff_doubles_and_honors_retry_after() {
        let policy = RefreshPolicy::default();
        let until_critical = Duration::from_secs(1000);
        let backoff = |failures, until_critical, retry_after: Option<u64>| {
            policy.backoff_after(failures, until_critical, retry_after.map(Duration::from_secs), 1.0).as_secs()
        };
        assert_eq!([1, 2, 3, 4, 5, 99].map(|n| backoff(n, until_critical, None)), [30, 60, 120, 240, 300, 300]);
        assert_eq!(backoff(9, Duration::ZERO, None), 5);
        assert_eq!(backoff(9, Duration::from_secs(70), None), 70, "not beyond the start of the critical window");
        assert_eq!(backoff(1, Duration::ZERO, Some(60)), 60);
        assert_eq!(backoff(1, until_critical, Some(1_000_000)), 3600);
        assert_eq!(policy.backoff_after(1, until_critical, None, 0.0).as_secs(), 15);
        let longest = policy.backoff(Duration::MAX, Duration::MAX);
        assert_eq!(longest.backoff_after(9, Duration::MAX, None, 1.0), MAX_BACKOFF, "the largest factor");
    }
}
