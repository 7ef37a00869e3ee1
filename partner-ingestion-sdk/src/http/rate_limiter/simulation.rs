//! Random schedules of calls against services with a rate limit, on a paused clock.

use super::*;
use crate::error::{Error, ErrorKind};
use crate::http::attempt::{Attempts, Outcome, send_with_retries};
use crate::http::retry::{Failure, Repeatable, RetryPolicy};
use fastrand::Rng;
use reqwest::StatusCode;

/// A service that accepts a number of calls per period, or a bucket of tokens that is filled at a rate.
enum Service {
    Windows { calls: u32, period: Duration, begin: Instant, used: u32 },
    Bucket { rate: f64, size: f64, level: f64, filled: Instant },
}

impl Service {
    fn random(rng: &mut Rng) -> Self {
        let now = Instant::now();
        if rng.bool() {
            let period = Duration::from_secs(rng.u64(1..=10));
            return Self::Windows { calls: rng.u32(2..=30), period, begin: now, used: 0 };
        }
        let rate = rng.u32(2..=15).into();
        let size = rate * (1.0 + rng.f64());
        Self::Bucket { rate, size, level: size, filled: now }
    }

    /// The shortest time in which it accepts this number of calls.
    fn shortest(&self, accepted: usize) -> Duration {
        match *self {
            Self::Windows { calls, period, .. } => period * ((accepted.max(1) - 1) as u32 / calls),
            Self::Bucket { rate, size, .. } => Duration::from_secs_f64((accepted as f64 - size).max(0.0) / rate),
        }
    }

    /// The calls per second, and those that are accepted at once.
    fn allowed(&self) -> (f64, f64) {
        match *self {
            Self::Windows { calls, period, .. } => (f64::from(calls) / period.as_secs_f64(), calls.into()),
            Self::Bucket { rate, size, .. } => (rate, size),
        }
    }

    /// Accepts a call, or returns the time until it accepts the next one.
    fn call(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let wait = match self {
            Self::Windows { calls, period, begin, used } => {
                while now >= *begin + *period {
                    *begin += *period;
                    *used = 0;
                }
                if *used < *calls {
                    *used += 1;
                    return Ok(());
                }
                *begin + *period - now
            }
            Self::Bucket { rate, size, level, filled } => {
                *level = (*level + (now - *filled).as_secs_f64() * *rate).min(*size);
                *filled = now;
                if *level >= 1.0 {
                    *level -= 1.0;
                    return Ok(());
                }
                Duration::from_secs_f64((1.0 - *level) / *rate)
            }
        };
        Err(wait)
    }
}

/// A caller, as the pipeline implements it.
struct Caller<'s> {
    limiter: &'s RateLimiter,
    service: &'s Mutex<Service>,
    /// The times of the accepted calls.
    accepted: &'s Mutex<Vec<Instant>>,
    /// Periods in which callers still waited as told by Retry-After, although the service would have accepted a call.
    rounding: &'s Mutex<Vec<(Instant, Instant)>>,
    limits: WaitLimits,
    attempt_timeout: Duration,
    latency: Duration,
}

impl Attempts for Caller<'_> {
    type Output = ();

    async fn attempt(&mut self) -> Result<Outcome<()>, Error> {
        let begun = Instant::now();
        let is_first = self.limits.started().is_none();
        let permit = self.limiter.acquire(&mut self.limits).await;
        // The first attempt may wait for the other requests of the client.
        let begun = if is_first { self.limits.started().unwrap() } else { begun };
        assert!(is_first || begun.elapsed() <= self.attempt_timeout + EARLY, "waited {:?}", begun.elapsed());
        let Some(permit) = permit else {
            return Ok(Outcome::Failed(Error::new(ErrorKind::Timeout, "no turn"), Failure::NotSent));
        };
        tokio::time::sleep(self.latency).await;
        let response = self.service.lock().unwrap().call();
        let Err(wait) = response else {
            self.accepted.lock().unwrap().push(Instant::now());
            self.limiter.succeeded();
            return Ok(Outcome::Done(()));
        };
        // HTTP has whole seconds only.
        let retry_after = Duration::from_secs(wait.as_secs_f64().ceil() as u64);
        let now = Instant::now();
        self.rounding.lock().unwrap().push((now + wait, now + retry_after));
        self.limiter.throttled(&permit, Some(retry_after)).await;
        let failure = Failure::Status { status: StatusCode::TOO_MANY_REQUESTS, retry_after: true };
        let error = Error::from_response(StatusCode::TOO_MANY_REQUESTS, None, b"", true);
        Ok(Outcome::Failed(error.with_retry_after(Some(retry_after)), failure))
    }

    fn repeatable(&self) -> Repeatable {
        Repeatable::Unprocessed
    }

    fn started(&self) -> Option<Instant> {
        self.limits.started()
    }
}

/// Timers have a resolution of one millisecond.
const EARLY: Duration = Duration::from_millis(2);

/// The outcome of one schedule.
struct Summary {
    calls: usize,
    /// Callers without a short limit that got no response.
    failed: usize,
    /// The accepted calls per second, relative to those that the service allows.
    throughput: f64,
    /// The throughput without the periods in which callers waited only because Retry-After is rounded up to whole seconds.
    while_open: f64,
}

/// Runs about forty seconds of work: half of it at once, the rest in bursts within the next ten seconds.
async fn run(seed: u64) -> Summary {
    // The delays of retries are random, too.
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let service = Service::random(&mut rng);
    let (rate, at_once) = service.allowed();
    let calls = (rate * 40.0 + at_once) as usize;
    let (service, limiter) = (Mutex::new(service), RateLimiter::new(rng.usize(30..=100), None));
    let bursts: Vec<Duration> = (0..rng.usize(1..=5)).map(|_| Duration::from_millis(rng.u64(0..10_000))).collect();
    let begun = Instant::now();
    let (accepted, rounding) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let callers = (0..calls).map(|_| {
        let arrival = if rng.bool() { Duration::ZERO } else { bursts[rng.usize(0..bursts.len())] };
        let is_hurried = rng.u32(0..10) == 0;
        let (time_limit, attempt_timeout) = match is_hurried {
            true => (Duration::from_millis(rng.u64(0..20_000)), Duration::from_millis(rng.u64(0..10_000))),
            false => (Duration::from_secs(120), Duration::from_secs(60)),
        };
        let cancelled = (rng.u32(0..10) == 0).then(|| Duration::from_millis(rng.u64(0..30_000)));
        let latency = Duration::from_millis(rng.u64(5..200));
        let policy = RetryPolicy::default().time_limit(time_limit);
        let limits = WaitLimits::new(policy, attempt_timeout);
        let (limiter, service, accepted, rounding) = (&limiter, &service, &accepted, &rounding);
        async move {
            tokio::time::sleep(arrival).await;
            let mut caller = Caller { limiter, service, accepted, rounding, limits, attempt_timeout, latency };
            let sent = send_with_retries(policy, &mut caller);
            let outcome = timeout(cancelled.unwrap_or(Duration::MAX), sent).await.ok()?;
            if let Some(started) = caller.limits.started() {
                let took = started.elapsed();
                assert!(took <= time_limit + latency + EARLY, "{took:?} with a limit of {time_limit:?}");
            }
            (!is_hurried).then_some(outcome.is_ok())
        }
    });
    let outcomes = futures_util::future::join_all(callers).await;
    let accepted = accepted.into_inner().unwrap();
    // Until then, calls are waiting all the time.
    let busy = accepted.len() * 8 / 10;
    let last = accepted[busy - 1];
    let failed = outcomes.iter().flatten().filter(|succeeded| !**succeeded).count();
    let shortest = service.lock().unwrap().shortest(busy);
    let elapsed = (last - begun).as_secs_f64();
    let rounding = length(rounding.into_inner().unwrap(), last).as_secs_f64();
    let shortest = shortest.as_secs_f64();
    Summary { calls, failed, throughput: shortest / elapsed, while_open: shortest / (elapsed - rounding) }
}

/// Returns the time that the periods cover until `end`.
fn length(mut periods: Vec<(Instant, Instant)>, end: Instant) -> Duration {
    periods.sort_unstable();
    let (mut covered, mut until) = (Duration::ZERO, None);
    for (from, to) in periods {
        let (from, to) = (until.max(Some(from)).unwrap_or(from), to.min(end));
        covered += to.saturating_duration_since(from);
        until = until.max(Some(to));
    }
    covered
}

/// Number of schedules. Default: 100; the soak test sets `PARTNER_SCHEDULES`.
fn schedules() -> u64 {
    std::env::var("PARTNER_SCHEDULES").ok().map_or(100, |schedules| schedules.parse().unwrap())
}

/// The assertions about the limits of callers are in [`Caller`] and [`run`].
#[tokio::test(start_paused = true)]
async fn random_schedules_reach_the_allowed_rate_within_the_limits_of_callers() {
    let (mut calls, mut failed, mut sum, mut lowest) = (0, 0, 0.0, f64::INFINITY);
    for seed in 0..schedules() {
        let summary = run(seed).await;
        assert!(summary.while_open > 0.9, "schedule {seed}: {}", summary.while_open);
        // Each 429 of a service with periods of one second costs a whole period, because a Retry-After is at least a second.
        assert!(summary.throughput > 0.7, "schedule {seed}: {}", summary.throughput);
        lowest = summary.while_open.min(lowest);
        calls += summary.calls;
        failed += summary.failed;
        sum += summary.throughput;
    }
    let mean = sum / schedules() as f64;
    println!(
        "{calls} calls, {failed} failed; throughput {mean:.3} of the allowed rate, {lowest:.3} or more while Retry-After allows calls"
    );
    assert!(mean > 0.9, "{mean}");
    assert!(failed * 1000 <= calls, "{failed} of {calls} calls were rejected again and again, or waited too long");
}
