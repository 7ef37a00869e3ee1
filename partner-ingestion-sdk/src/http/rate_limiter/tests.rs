use super::*;
use crate::http::retry::RetryPolicy;
use futures_util::FutureExt;

fn after(start: Instant, milliseconds: u64) -> Instant {
    start + Duration::from_millis(milliseconds)
}

fn limits(time_limit: Duration, attempt_timeout: Duration) -> WaitLimits {
    WaitLimits::new(RetryPolicy::default().time_limit(time_limit), attempt_timeout)
}

pub(super) fn long() -> WaitLimits {
    limits(Duration::from_secs(3600), Duration::from_secs(3600))
}

/// Lets this number of calls wait, and returns the seconds until the last one starts.
async fn time_of(limiter: &RateLimiter, calls: usize) -> f64 {
    let begun = Instant::now();
    let started = (0..calls).map(|_| async {
        let permit = limiter.acquire(&mut long()).await;
        assert!(permit.is_some());
        limiter.succeeded();
    });
    futures_util::future::join_all(started).await;
    begun.elapsed().as_secs_f64()
}

async fn throttle(limiter: &RateLimiter, retry_after: u64) {
    let permit = limiter.acquire(&mut long()).await.unwrap();
    limiter.throttled(&permit, Some(Duration::from_secs(retry_after))).await;
}

fn start(state: &mut State, now: Instant) -> Result<(), Instant> {
    let (number, is_head) = state.enter();
    let start = state.start(now, number, &is_head);
    state.leave(number);
    start
}

#[test]
fn continues_slightly_below_the_last_successful_rate() {
    let (mut state, begin) = (State::default(), Instant::now());
    assert_eq!(start(&mut state, begin), Ok(()), "no limit before the first 429");
    for _ in 0..20 {
        state.succeeded(begin);
    }
    state.throttled(begin, after(begin, 10), Duration::from_secs(2));
    // Other 429 responses of the same burst do not lower the rate further, however late they are.
    for _ in 0..50 {
        state.throttled(after(begin, 5), after(begin, 20), Duration::from_secs(2));
    }
    let opens = after(begin, 2020);
    assert_eq!(state.rate(opens).map(f64::round), Some(19.0));
    assert_eq!(start(&mut state, after(begin, 30)), Err(opens), "everybody waits");
    assert_eq!(start(&mut state, opens), Ok(()));
    let second = start(&mut state, opens).unwrap_err() - opens;
    assert!((50..60).contains(&second.as_millis()), "{second:?}");
    state.throttled(after(begin, 5), after(begin, 2030), Duration::from_secs(1));
    assert_eq!(state.rate(opens).map(f64::round), Some(19.0), "the response to a call of the first burst");
    // The rate reaches that of the last 429 after 1.4 seconds, and grows faster from then on.
    let opens = after(begin, 3030);
    assert_eq!(state.rate(after(opens, 1360)).map(f64::round), Some(20.0));
    assert!(state.rate(after(opens, 6000)).unwrap() > 40.0);
    assert_eq!(state.rate(after(opens, 20_000)), None);
}

#[tokio::test(start_paused = true)]
async fn dropped_callers_give_their_slots_back() {
    let limiter = RateLimiter::new(100, None);
    throttle(&limiter, 1).await;
    let short = (0..60).map(|_| async {
        let started = timeout(Duration::from_millis(100), limiter.acquire(&mut long())).await;
        assert!(started.is_err(), "it ends within the pause");
    });
    futures_util::future::join_all(short).await;
    let took = time_of(&limiter, 1).await;
    assert!(took < 1.0, "the next call started after {took} s");
}

#[tokio::test(start_paused = true)]
async fn growth_applies_to_the_calls_that_wait_already() {
    let limiter = RateLimiter::new(100, None);
    throttle(&limiter, 1).await;
    let took = time_of(&limiter, 100).await;
    assert!(took < 10.0, "100 calls after one 429 took {took} s");
    // Eventually, the 429 is forgotten.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(time_of(&limiter, 1000).await < 0.1);
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_of_one_call_pauses_the_others_for_a_minute_at_most() {
    let limiter = RateLimiter::new(100, None);
    throttle(&limiter, 3600).await;
    let took = time_of(&limiter, 1).await;
    assert!((59.0..62.0).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn waits_end_with_the_limits_of_the_caller() {
    let seconds = Duration::from_secs;
    let limiter = RateLimiter::new(2, None);
    throttle(&limiter, 60).await;
    for (mut limits, longest) in [
        (limits(seconds(3), seconds(60)), 3),
        (limits(seconds(60), seconds(5)), 5),
        (limits(seconds(0), seconds(9)), 0),
    ] {
        let begun = Instant::now();
        assert!(limiter.acquire(&mut limits).await.is_none());
        assert_eq!(begun.elapsed().as_secs(), longest);
        // The permits of the others are taken: a further attempt ends with the time limit as well.
        let _taken = (limiter.permits.acquire().await, limiter.permits.acquire().await);
        assert!(limiter.acquire(&mut limits).await.is_none());
        assert!(begun.elapsed() <= seconds(60), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn calls_start_in_the_order_of_their_arrival() {
    let limiter = RateLimiter::new(100, None);
    throttle(&limiter, 2).await;
    let order = Mutex::new(Vec::new());
    let calls = (0..90).map(|number| {
        let (limiter, order) = (&limiter, &order);
        async move {
            tokio::time::sleep(Duration::from_millis(number * 50)).await;
            limiter.acquire(&mut long()).await.unwrap();
            order.lock().unwrap().push(number);
        }
    });
    futures_util::future::join_all(calls).await;
    assert!(order.into_inner().unwrap().is_sorted());
}

/// The consumer of a stream of calls may send another one, while it polls none of the stream.
#[tokio::test(start_paused = true)]
async fn calls_that_are_not_polled_do_not_hold_up_the_others() {
    let limiter = RateLimiter::new(100, None);
    throttle(&limiter, 1).await;
    let mut first = long();
    let mut idle: Vec<_> = (0..20).map(|_| long()).collect();
    let mut idle: Vec<_> = idle.iter_mut().map(|limits| Box::pin(limiter.acquire(limits))).collect();
    for call in &mut idle {
        assert!(call.now_or_never().is_none());
    }
    let took = time_of(&limiter, 1).await;
    assert!(took < 2.0, "the pause and the grace: {took} s");
    assert!(time_of(&limiter, 10).await < 8.0);
    // They are served before a call that comes later.
    let mut last = Box::pin(limiter.acquire(&mut first));
    assert!((&mut last).now_or_never().is_none());
    futures_util::future::join_all(idle).await;
    assert!((&mut last).now_or_never().is_none());
    assert!(last.await.is_some());
}

#[tokio::test]
async fn permits_are_released() {
    let limiter = RateLimiter::new(1, None);
    let first = limiter.acquire(&mut long()).await;
    let mut other = long();
    let waiting = timeout(Duration::from_millis(10), limiter.acquire(&mut other)).await;
    assert!(waiting.is_err(), "only one permit");
    drop((first, waiting));
    assert!(limiter.acquire(&mut long()).await.is_some(), "the cancelled caller released its place");
    assert!(RateLimiter::new(0, None).acquire(&mut long()).await.is_some(), "the minimum is one permit");
}
