//! Durations and numbers: zero, one and the largest value, in a call that uses the value.

use super::{Row, row, run};
use crate::testing::{FakeEntra, ManualClock, Reply};
use crate::{AccessToken, RefreshPolicy, TokenProvider, TokenSource, TokenSourceBuilder, entra};
use std::time::{Duration, Instant, SystemTime};

/// The value of one run, in every type.
#[derive(Clone, Copy, Debug)]
struct Extreme {
    time: Duration,
    number: u64,
    fraction: f64,
}

impl Extreme {
    fn size(self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX)
    }

    fn small(self) -> u32 {
        u32::try_from(self.number).unwrap_or(u32::MAX)
    }

    fn status(self) -> u16 {
        u16::try_from(self.number).unwrap_or(u16::MAX)
    }
}

const EXTREMES: [Extreme; 3] = [
    Extreme { time: Duration::ZERO, number: 0, fraction: f64::NAN },
    Extreme { time: Duration::from_nanos(1), number: 1, fraction: f64::NEG_INFINITY },
    Extreme { time: Duration::MAX, number: u64::MAX, fraction: f64::MAX },
];

/// Gets a token, and refreshes it during an outage, until it has expired and beyond.
async fn refresh(reply: Reply, configure: impl FnOnce(TokenSourceBuilder) -> TokenSourceBuilder) {
    let (entra, clock) = (FakeEntra::start().unwrap(), ManualClock::new());
    entra.script([reply]);
    entra.default_reply(Reply::status(503));
    let builder = TokenSource::builder("contoso.com", entra.client_id(), "secret").authority(entra.authority());
    let source = configure(builder).clock(&clock).build().unwrap();
    for step in [0, 2_000, 1_590, 20, 1_000_000] {
        clock.advance(Duration::from_secs(step));
        let _ = source.token().await;
        // A failed refresh runs beside its callers.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _ = source.status();
    }
}

async fn policy(change: impl FnOnce(RefreshPolicy) -> RefreshPolicy) {
    refresh(Reply::token("t"), |builder| builder.refresh_policy(change(RefreshPolicy::default()))).await;
}

async fn reply(reply: Reply) {
    refresh(reply, |builder| builder.attempt_timeout(Duration::from_millis(50))).await;
}

fn numbers() -> Vec<Row<Extreme>> {
    vec![
        row("AccessToken::with_lifetime", |x: Extreme| async move {
            let _ = AccessToken::with_lifetime("t", Instant::now(), x.time);
        }),
        row("ManualClock::advance", |x: Extreme| async move {
            let clock = ManualClock::new();
            clock.advance(x.time);
            clock.advance(x.time);
            let _ = (clock.now(), clock.wall());
        }),
        row("ManualClock::set_wall", |x: Extreme| async move {
            let clock = ManualClock::new();
            clock.set_wall(SystemTime::UNIX_EPOCH.checked_add(x.time).unwrap_or(SystemTime::UNIX_EPOCH));
            clock.advance(x.time);
            let entra = FakeEntra::start().unwrap();
            let builder = TokenSource::builder("contoso.com", entra.client_id(), "s").authority(entra.authority());
            let _ = builder.clock(&clock).build().unwrap().token().await;
        }),
        row("RefreshPolicy::backoff", |x: Extreme| policy(move |p| p.backoff(x.time, x.time))),
        row("RefreshPolicy::critical_window", |x: Extreme| policy(move |p| p.critical_window(x.fraction, x.time))),
        row("RefreshPolicy::jitter", |x: Extreme| policy(move |p| p.jitter(x.fraction, x.time))),
        row("RefreshPolicy::refresh_window", |x: Extreme| policy(move |p| p.refresh_window(x.fraction, x.time))),
        row("RefreshPolicy::seed", |x: Extreme| policy(move |p| p.seed(x.number))),
        row("Reply::body", |x: Extreme| reply(Reply::body(x.status(), "{}"))),
        row("Reply::byte_delay", |x: Extreme| reply(Reply::token("t").byte_delay(x.time))),
        row("Reply::delay", |x: Extreme| reply(Reply::token("t").delay(x.time))),
        row("Reply::expires_in", |x: Extreme| reply(Reply::token("t").expires_in(x.number))),
        row("Reply::oauth_error", |x: Extreme| reply(Reply::oauth_error(x.status(), "e", x.small()))),
        row("Reply::refresh_in", |x: Extreme| reply(Reply::token("t").refresh_in(x.number))),
        row("Reply::status", |x: Extreme| reply(Reply::status(x.status()))),
        row("parse_response", |x: Extreme| async move {
            let _ = entra::token_client::parse(x.status(), b"{}".to_vec());
        }),
        row("TokenSource::token_valid_for", |x: Extreme| async move {
            let entra = FakeEntra::start().unwrap();
            let builder = TokenSource::builder("contoso.com", entra.client_id(), "s").authority(entra.authority());
            let source = builder.clock(&ManualClock::new()).build().unwrap();
            let _ = source.token_valid_for(x.time).await;
            let _ = source.token_valid_for(x.time).await;
        }),
        row("TokenSourceBuilder::attempt_timeout", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.attempt_timeout(x.time))
        }),
        row("TokenSourceBuilder::max_attempts", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.max_attempts(x.size()))
        }),
        row("TokenSourceBuilder::timeout", |x: Extreme| {
            refresh(Reply::token("t"), move |builder| builder.timeout(x.time))
        }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durations_and_numbers_of_zero_one_and_the_maximum_do_not_panic() {
    assert_eq!(run(numbers(), &EXTREMES).await, Vec::<String>::new());
}
