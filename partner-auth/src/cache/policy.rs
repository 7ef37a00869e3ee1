//! When a token is renewed: windows as fractions of its lifetime, pauses after failures.

use std::time::Duration;

/// When a token is renewed, and how long Entra ID is left alone after a failure.
///
/// The windows are fractions of the lifetime: a fixed window of five minutes would renew a token of five minutes on every
/// call. Each source draws its own jitter, so that processes that were started together do not renew together.
///
/// ```
/// use partner_auth::RenewalPolicy;
/// use std::time::Duration;
///
/// // Renew in the last half of the lifetime, but never more than an hour ahead.
/// let policy = RenewalPolicy::default().ahead(0.5, Duration::from_secs(3600));
/// assert_ne!(policy, RenewalPolicy::default());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RenewalPolicy {
    ahead: Share,
    urgent: Share,
    jitter: Share,
    pause: (Duration, Duration),
    seed: Option<u64>,
}

/// A part of a lifetime, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    fraction: f64,
    most: Duration,
}

impl Share {
    fn new(fraction: f64, most: Duration) -> Self {
        // NaN becomes 0: `clamp` would keep it.
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        Self { fraction, most }
    }

    fn of(self, lifetime: Duration) -> Duration {
        lifetime.mul_f64(self.fraction).min(self.most).min(lifetime)
    }
}

impl Default for RenewalPolicy {
    /// Renewal in the last quarter, at most 15 minutes ahead; urgent in the last tenth, at most a minute; jitter up to a
    /// twentieth, at most a minute; pauses after failures from 30 seconds to 5 minutes.
    fn default() -> Self {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        Self {
            ahead: Share::new(0.25, minute * 15),
            urgent: Share::new(0.1, minute),
            jitter: Share::new(0.05, minute),
            pause: (second * 30, minute * 5),
            seed: None,
        }
    }
}

impl RenewalPolicy {
    /// Renewal starts in this last part of the lifetime, at most so long ahead. `refresh_in` of an answer takes precedence.
    /// Fractions are held within 0 and 1.
    #[must_use]
    pub fn ahead(mut self, fraction: f64, most: Duration) -> Self {
        self.ahead = Share::new(fraction, most);
        self
    }

    /// In this last part a failed renewal is tried again after seconds, not minutes.
    #[must_use]
    pub fn urgent(mut self, fraction: f64, most: Duration) -> Self {
        self.urgent = Share::new(fraction, most);
        self
    }

    /// A renewal is earlier by a random time up to this.
    #[must_use]
    pub fn jitter(mut self, fraction: f64, most: Duration) -> Self {
        self.jitter = Share::new(fraction, most);
        self
    }

    /// The first and the longest pause after failed renewals; it doubles between them.
    #[must_use]
    pub fn pause(mut self, first: Duration, longest: Duration) -> Self {
        self.pause = (first, longest.max(first));
        self
    }

    /// Draws jitter from this seed, for tests that must repeat.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    pub(crate) fn rng(&self) -> fastrand::Rng {
        self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)
    }

    /// The windows of a token, counted from the instant before it was asked for. `luck` is within 0 and 1.
    pub(crate) fn windows(&self, lifetime: Duration, refresh_in: Option<Duration>, luck: f64) -> Windows {
        let urgent = (lifetime - self.urgent.of(lifetime)).max(SHORTEST);
        let planned = refresh_in.filter(|wish| !wish.is_zero());
        let planned = planned.unwrap_or_else(|| lifetime - self.ahead.of(lifetime)).min(urgent);
        let early = self.jitter.of(lifetime).mul_f64(luck.clamp(0.0, 1.0));
        Windows { refresh: planned.saturating_sub(early).max(SHORTEST), urgent }
    }

    /// How long to leave Entra ID alone after this many failed renewals in a row, with so much time until it is urgent. A
    /// wish of Entra ID is kept, up to an hour.
    pub(crate) fn pause_after(&self, failures: u32, calm: Duration, wish: Option<Duration>, luck: f64) -> Duration {
        let (first, longest) = self.pause;
        let step = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
        let drawn = step.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0).min(calm.max(URGENT_PAUSE));
        drawn.max(wish.unwrap_or_default().min(LONGEST_WISH))
    }
}

/// The offsets of one token's windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) refresh: Duration,
    pub(crate) urgent: Duration,
}

const SHORTEST: Duration = Duration::from_millis(1);
const URGENT_PAUSE: Duration = Duration::from_secs(5);
/// A longer Retry-After is not believed: one wrong header must not stop a process for a day.
pub(crate) const LONGEST_WISH: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_windows() {
        let policy = RenewalPolicy::default();
        let windows = |seconds: u64, wish: Option<u64>, luck: f64| {
            let windows = policy.windows(Duration::from_secs(seconds), wish.map(Duration::from_secs), luck);
            (windows.refresh.as_secs_f64(), windows.urgent.as_secs_f64())
        };
        assert_eq!(windows(3600, None, 0.0), (2700.0, 3540.0));
        assert_eq!(windows(3600, None, 1.0), (2640.0, 3540.0), "a minute of jitter at most");
        assert_eq!(windows(86_400, None, 0.0), (85_500.0, 86_340.0), "15 minutes ahead at most");
        assert_eq!(windows(86_400, Some(43_200), 0.0), (43_200.0, 86_340.0));
        assert_eq!(windows(300, None, 0.0), (225.0, 270.0));
        assert_eq!(windows(3600, Some(0), 0.0), (2700.0, 3540.0), "no wish");
        assert_eq!(windows(3600, Some(9999), 0.0), (3540.0, 3540.0), "a wish beyond the lifetime");
    }

    #[test]
    fn windows_are_always_in_order() {
        let mut rng = fastrand::Rng::with_seed(4);
        for _ in 0..100_000 {
            let lifetime = Duration::from_secs_f64(1.0 + rng.f64() * 7.0 * 86_400.0);
            let policy = RenewalPolicy::default()
                .ahead(rng.f64() * 3.0 - 1.0, Duration::from_secs(rng.u64(0..10_000)))
                .urgent(rng.f64(), Duration::from_secs(rng.u64(0..10_000)))
                .jitter(if rng.bool() { f64::NAN } else { rng.f64() }, Duration::MAX);
            let wish = rng.bool().then(|| Duration::from_secs(rng.u64(0..1_000_000)));
            let Windows { refresh, urgent } = policy.windows(lifetime, wish, rng.f64());
            assert!(
                Duration::ZERO < refresh && refresh <= urgent && urgent <= lifetime,
                "{policy:?} {lifetime:?} {wish:?}"
            );
        }
    }

    #[test]
    fn pauses_grow_and_keep_wishes() {
        let policy = RenewalPolicy::default();
        let calm = Duration::from_secs(1000);
        let pause = |failures, calm, wish: Option<u64>| {
            policy.pause_after(failures, calm, wish.map(Duration::from_secs), 1.0).as_secs()
        };
        assert_eq!([1, 2, 3, 4, 5, 99].map(|n| pause(n, calm, None)), [30, 60, 120, 240, 300, 300]);
        assert_eq!(pause(9, Duration::ZERO, None), 5);
        assert_eq!(pause(9, Duration::from_secs(70), None), 70, "not beyond the time when it is urgent");
        assert_eq!(pause(1, Duration::ZERO, Some(60)), 60);
        assert_eq!(pause(1, calm, Some(1_000_000)), 3600);
        assert_eq!(policy.pause_after(1, calm, None, 0.0).as_secs(), 15);
    }
}
