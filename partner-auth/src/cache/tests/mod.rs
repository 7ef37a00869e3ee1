//! The cache with a scripted issuer, on a clock that stands still.

mod herd;
mod lifetime;
mod lost;
mod rejected;

use super::*;
use crate::testing::ManualClock;
use std::collections::VecDeque;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

pub(super) const HOUR: u64 = 3600;

/// What the issuer answers to one request.
#[derive(Clone)]
pub(super) enum Answer {
    /// A token with this life in seconds, and when it is to be renewed.
    Token(u64, Option<u64>),
    /// The token that was given out before, which lives as long again.
    Same(&'static str),
    Fail(Error),
    Panic,
}

/// Answers a script in order, then tokens of an hour. Tokens are `t1`, `t2`, ... by the number of the request.
pub(super) struct Scripted {
    clock: ManualClock,
    script: StdMutex<VecDeque<Answer>>,
    pub(super) calls: AtomicUsize,
    pub(super) version: AtomicU64,
    /// How often a request yields before it is answered.
    pub(super) yields: AtomicUsize,
    gate: watch::Sender<bool>,
}

impl Issuer for Scripted {
    fn grant(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let issued = self.clock.now();
            for _ in 0..self.yields.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            self.gate.subscribe().wait_for(|open| *open).await.expect("the sender is here");
            let answer = self.script.lock().unwrap().pop_front().unwrap_or(Answer::Token(HOUR, None));
            let (text, lifetime, refresh_in) = match answer {
                Answer::Token(lifetime, refresh_in) => (format!("t{number}"), lifetime, refresh_in),
                Answer::Same(text) => (text.to_owned(), HOUR, None),
                Answer::Fail(error) => return Err(error),
                Answer::Panic => panic!("the issuer panics as planned"),
            };
            let lifetime = Duration::from_secs(lifetime);
            let token = AccessToken::with_lifetime(text, issued, lifetime)?;
            Ok(Grant { token, issued, lifetime, refresh_in: refresh_in.map(Duration::from_secs) })
        })
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(45)
    }
}

/// A cache, its clock and its issuer.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) cache: Cache,
    pub(super) clock: ManualClock,
    pub(super) issuer: Arc<Scripted>,
}

impl Stage {
    pub(super) fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_spawn(script, sync::on_runtime)
    }

    pub(super) fn with_spawn(script: impl IntoIterator<Item = Answer>, spawn: Spawn) -> Self {
        let clock = ManualClock::new();
        let issuer = Arc::new(Scripted {
            clock: clock.clone(),
            script: StdMutex::new(script.into_iter().collect()),
            calls: AtomicUsize::new(0),
            version: AtomicU64::new(0),
            yields: AtomicUsize::new(0),
            gate: watch::Sender::new(true),
        });
        // Without jitter the windows are those of the documentation.
        let policy = RenewalPolicy::default().jitter(0.0, Duration::ZERO).seed(7);
        let cache = Cache::with_spawn("test".into(), issuer.clone(), Clock::Manual(clock.clone()), policy, spawn);
        Self { cache, clock, issuer }
    }

    pub(super) fn calls(&self) -> usize {
        self.issuer.calls.load(Ordering::SeqCst)
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) fn close_gate(&self) {
        self.issuer.gate.send_replace(false);
    }

    pub(super) fn open_gate(&self) {
        self.issuer.gate.send_replace(true);
    }

    pub(super) async fn text(&self) -> String {
        self.cache.token().await.unwrap().secret().to_owned()
    }

    /// Lets spawned tasks run until nothing changes any more; a current-thread runtime runs them in turns.
    pub(super) async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn transient() -> Error {
    Error::new(ErrorKind::Transient, "a blip")
}

pub(super) fn permanent() -> Error {
    Error::new(ErrorKind::Credential, "a dead secret")
}

pub(super) fn throttled(seconds: u64) -> Error {
    let details = crate::error::Details { retry_after: Some(Duration::from_secs(seconds)), ..Default::default() };
    Error::with(ErrorKind::Throttled, "too many", details)
}
