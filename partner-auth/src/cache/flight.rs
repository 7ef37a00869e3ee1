//! A flight: one acquisition for all who wait, from the decision to start it to what its end leaves behind.

use super::entry::{Entry, Grant};
use super::policy::LONGEST_WISH;
use super::sync::lock;
use super::{FLOOR, FORCED, Inner, Outcome, PERMANENT, Slot, Step, Ticket};
use crate::{BoxFuture, Error, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

impl Inner {
    /// What a caller does who wants a token with at least so much life left.
    pub(super) fn step(self: &Arc<Self>, least: Duration) -> Step {
        let mut slot = lock(&self.slot);
        let now = self.clock.now();
        let valid = self.current.load_full().filter(|entry| entry.is_valid(now));
        let served = valid.as_ref().filter(|entry| entry.remaining(now) >= least);
        if let Some(entry) = served
            && (slot.flight.is_some() || entry.is_fresh(now))
        {
            return Step::Done(Ok(entry.token.clone()));
        }
        if let Some(ticket) = slot.flight.as_ref().filter(|ticket| now < ticket.lost_at) {
            return Step::Wait(ticket.clone());
        }
        match &valid {
            // A token that was just issued has all the life that there is; its caller says so.
            Some(entry) if served.is_none() && now.saturating_duration_since(entry.issued()) < FORCED => {
                return Step::Done(Ok(entry.token.clone()));
            }
            None => {
                if let Some((error, until, version)) = &slot.remembered
                    && now < *until
                    && *version == self.issuer.version()
                {
                    return Step::Done(Err(error.clone()));
                }
            }
            Some(_) => {}
        }
        let (flight, ticket) = self.launch(&mut slot, now);
        let served = served.map(|entry| entry.token.clone());
        drop(slot);
        match ((self.spawn)(flight), served) {
            (None, Some(token)) => Step::Done(Ok(token)),
            (None, None) => Step::Wait(ticket),
            (Some(flight), _) => Step::Drive(flight, ticket),
        }
    }

    fn launch(self: &Arc<Self>, slot: &mut Slot, now: Instant) -> (BoxFuture<'static, ()>, Ticket) {
        slot.flights += 1;
        let (sender, landing) = watch::channel(None);
        let ticket = Ticket { id: slot.flights, lost_at: now + self.issuer.patience(), landing };
        slot.flight = Some(ticket.clone());
        if let Some(entry) = self.current.load_full() {
            entry.renewal_started();
        }
        tracing::debug!(target: "partner_auth", source = %self.label, flight = ticket.id, "a token is requested");
        let flight =
            Flight { home: self.clone(), id: ticket.id, version: self.issuer.version(), sender, landed: false };
        (Box::pin(flight.run()), ticket)
    }

    /// Waits for a flight to land; `None` when it is lost.
    pub(super) async fn wait(&self, ticket: Ticket) -> Option<Outcome> {
        let Ticket { mut landing, lost_at, .. } = ticket;
        let left = lost_at.saturating_duration_since(self.clock.now());
        let landed = async { landing.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone()) };
        self.clock.within(left, landed).await.flatten()
    }

    fn land(&self, id: u64, version: u64, outcome: Result<Grant, Error>) -> Outcome {
        let mut slot = lock(&self.slot);
        let now = self.clock.now();
        let awaited = slot.flight.as_ref().is_some_and(|ticket| ticket.id == id);
        if awaited {
            slot.flight = None;
        }
        let outcome = outcome.and_then(|grant| match now.saturating_duration_since(grant.issued) < grant.lifetime {
            true => Ok(grant),
            false => Err(Error::new(ErrorKind::Transient, "the token had expired when it arrived")),
        });
        match outcome {
            Ok(grant) => Ok(self.install(&mut slot, &grant, now)),
            Err(error) => self.fail(&mut slot, error, version, awaited, now),
        }
    }

    fn install(&self, slot: &mut Slot, grant: &Grant, now: Instant) -> crate::AccessToken {
        if let Some(entry) = self.current.load_full().filter(|entry| entry.is_valid(now)) {
            // A flight that was given up came home after its successor.
            if entry.issued() > grant.issued {
                return entry.token.clone();
            }
            // The issuer has a cache of its own, which holds on to the token for longer than we do.
            if entry.token == grant.token {
                let pause = self.policy.pause_after(1, entry.calm(now), None, slot.rng.f64());
                entry.renew_from(now + pause);
                return entry.token.clone();
            }
        }
        slot.generation += 1;
        slot.failures = 0;
        slot.last_error = None;
        slot.remembered = None;
        let windows = self.policy.windows(grant.lifetime, grant.refresh_in, slot.rng.f64());
        let entry = Entry::new(grant, windows, FLOOR, slot.generation);
        tracing::debug!(
            target: "partner_auth", source = %self.label, generation = slot.generation,
            lifetime_s = grant.lifetime.as_secs(), "a token was issued"
        );
        self.current.store(Some(Arc::new(entry)));
        grant.token.clone()
    }

    /// A failure leaves a valid token alone; without one it is remembered.
    fn fail(&self, slot: &mut Slot, error: Error, version: u64, awaited: bool, now: Instant) -> Outcome {
        let valid = self.current.load_full().filter(|entry| entry.is_valid(now));
        let pause = match &valid {
            _ if !awaited => Duration::ZERO,
            Some(entry) => {
                slot.failures = slot.failures.saturating_add(1);
                self.policy.pause_after(slot.failures, entry.calm(now), error.retry_after(), slot.rng.f64())
            }
            None if error.is_retryable() => error.retry_after().unwrap_or_default().clamp(FLOOR, LONGEST_WISH),
            None => PERMANENT,
        };
        tracing::warn!(
            target: "partner_auth", source = %self.label, kind = ?error.kind(), status = error.status(),
            codes = ?error.aadsts_codes(), trace_id = error.trace_id(), pause_s = pause.as_secs_f64(),
            served_meanwhile = valid.is_some(), "no token was issued: {error}"
        );
        if awaited {
            slot.last_error = Some(error.clone());
            match &valid {
                Some(entry) => entry.renew_from(now + pause),
                None => slot.remembered = Some((error.clone(), now + pause, version)),
            }
        }
        valid.map(|entry| entry.token.clone()).ok_or(error)
    }

    /// The runtime that drove a flight is gone, or the caller that did, or the issuer panicked.
    fn abandon(&self, id: u64) {
        let mut slot = lock(&self.slot);
        if slot.flight.as_ref().is_some_and(|ticket| ticket.id == id) {
            tracing::warn!(target: "partner_auth", source = %self.label, flight = id, "a token request was given up");
            slot.flight = None;
            if let Some(entry) = self.current.load_full() {
                entry.renew_from(self.clock.now() + FLOOR);
            }
        }
    }
}

struct Flight {
    home: Arc<Inner>,
    id: u64,
    version: u64,
    sender: watch::Sender<Option<Outcome>>,
    landed: bool,
}

impl Flight {
    async fn run(mut self) {
        let outcome = self.home.issuer.grant().await;
        let outcome = self.home.land(self.id, self.version, outcome);
        self.landed = true;
        self.sender.send_replace(Some(outcome));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            self.home.abandon(self.id);
        }
    }
}
