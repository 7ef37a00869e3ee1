//! The one place that owns tokens: single flight, renewal ahead of expiry, and the old token while renewal fails.

use crate::exchange::{Exchange, Grant};
use crate::{AccessToken, Error};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

type Flight = Shared<BoxFuture<'static, Result<AccessToken, Error>>>;

/// How long to leave Entra ID alone after a failed renewal, while the old token is still good.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);

pub(crate) struct Cache {
    exchange: Arc<Exchange>,
    slot: Arc<Mutex<Slot>>,
}

#[derive(Default)]
struct Slot {
    entry: Option<Entry>,
    /// The exchange in progress. Every waiter polls it, so that it goes on whoever is cancelled.
    flight: Option<Flight>,
    /// No renewal is started before this instant.
    pause_until: Option<Instant>,
}

/// A token with its windows, on the monotonic clock.
struct Entry {
    token: AccessToken,
    refresh_at: Instant,
    must_refresh_at: Instant,
}

impl Entry {
    /// Windows are fractions of the lifetime: a fixed one would renew a short-lived token on every call.
    fn new(grant: Grant) -> Self {
        let life = grant.lifetime;
        let ahead = life - (life / 4).min(Duration::from_secs(15 * 60));
        let must = life - (life / 10).min(Duration::from_secs(60));
        let refresh = grant.refresh_in.unwrap_or(ahead).min(must);
        Self {
            token: grant.token,
            refresh_at: grant.issued + refresh,
            must_refresh_at: grant.issued + must,
        }
    }
}

enum Found {
    Valid(AccessToken),
    /// Valid, and to be renewed meanwhile.
    Ageing(AccessToken, Flight),
    Nothing(Flight),
}

impl Cache {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self {
            exchange: Arc::new(exchange),
            slot: Arc::default(),
        }
    }

    pub(crate) async fn token(&self) -> Result<AccessToken, Error> {
        match self.look() {
            Found::Valid(token) => Ok(token),
            Found::Ageing(token, flight) => match tokio::runtime::Handle::try_current() {
                Ok(runtime) => {
                    drop(runtime.spawn(flight));
                    Ok(token)
                }
                // Without a runtime this caller does the renewal; its failure does not matter yet.
                Err(_) => Ok(flight.await.unwrap_or(token)),
            },
            Found::Nothing(flight) => flight.await,
        }
    }

    /// A valid token that needs no waiting and no renewal.
    pub(crate) fn cached(&self) -> Option<AccessToken> {
        let slot = lock(&self.slot);
        let entry = slot.entry.as_ref()?;
        (Instant::now() < entry.refresh_at).then(|| entry.token.clone())
    }

    pub(crate) fn invalidate(&self, rejected: &AccessToken) {
        let mut slot = lock(&self.slot);
        if slot.entry.as_ref().is_some_and(|entry| entry.token == *rejected) {
            slot.entry = None;
            slot.pause_until = None;
        }
    }

    fn look(&self) -> Found {
        let mut slot = lock(&self.slot);
        let now = Instant::now();
        let Some(entry) = &slot.entry else {
            return Found::Nothing(self.flight(&mut slot));
        };
        let token = entry.token.clone();
        if now < entry.refresh_at {
            return Found::Valid(token);
        }
        let expired = token.expires_at().is_some_and(|at| now >= at);
        if expired || (now >= entry.must_refresh_at && slot.pause_until.is_none_or(|until| now >= until)) {
            return Found::Nothing(self.flight(&mut slot));
        }
        let busy = slot.flight.is_some() || slot.pause_until.is_some_and(|until| now < until);
        if busy {
            Found::Valid(token)
        } else {
            Found::Ageing(token, self.flight(&mut slot))
        }
    }

    /// Joins the exchange in progress or starts one.
    fn flight(&self, slot: &mut Slot) -> Flight {
        let exchange = self.exchange.clone();
        // Weak: a flight that nobody finishes must not keep its own slot alive.
        let home = Arc::downgrade(&self.slot);
        slot.flight
            .get_or_insert_with(|| async move { land(exchange.grant().await, &home) }.boxed().shared())
            .clone()
    }
}

/// Ends a flight: a new token replaces the old one, a failure leaves it alone.
fn land(outcome: Result<Grant, Error>, home: &Weak<Mutex<Slot>>) -> Result<AccessToken, Error> {
    let Some(slot) = home.upgrade() else {
        return outcome.map(|grant| grant.token);
    };
    let mut slot = lock(&slot);
    slot.flight = None;
    match outcome {
        Ok(grant) => {
            let token = grant.token.clone();
            slot.entry = Some(Entry::new(grant));
            slot.pause_until = None;
            Ok(token)
        }
        Err(error) => {
            let now = Instant::now();
            let old = slot.entry.as_ref().map(|entry| entry.token.clone());
            let old = old.filter(|token| token.expires_at().is_none_or(|at| now < at));
            slot.pause_until = old
                .is_some()
                .then(|| now + REFRESH_PAUSE.max(error.retry_after().unwrap_or_default()));
            old.ok_or(error)
        }
    }
}

/// No code panics while it holds the lock; a poisoned one is as good as any.
fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
