//! One token acquisition, shared by all callers that wait for it: starting it, awaiting it and storing its outcome.

use super::entry::{Entry, IssuedToken};
use super::policy::MAX_RETRY_AFTER;
use super::sync::lock;
use super::{Inner, MIN_FORCED_INTERVAL, MIN_INTERVAL, Outcome, PERMANENT_ERROR_TTL, State, Step, Waiter};
use crate::clock::later;
use crate::{BoxFuture, Error, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

impl Inner {
    /// Decides what a caller does that needs a token valid for at least `least`.
    pub(super) fn step(self: &Arc<Self>, least: Duration) -> Step {
        // Before the lock: the version of a token file is its metadata, which may take long to read.
        let version = self.issuer.version();
        let mut state = lock(&self.state);
        let now = self.clock.now();
        let valid = self.current.load().filter(|entry| entry.is_valid(now));
        let sufficient = valid.as_ref().filter(|entry| entry.remaining(now) >= least);
        if let Some(entry) = sufficient
            && (state.acquisition.is_some() || entry.is_fresh(now))
        {
            return Step::Done(Ok(entry.token.clone()));
        }
        if let Some(waiter) = state.acquisition.as_ref().filter(|waiter| now < waiter.lost_at) {
            return Step::Wait(waiter.clone());
        }
        match &valid {
            // A new token would not live longer than one that was just issued. The caller checks the lifetime.
            Some(entry)
                if sufficient.is_none()
                    && now.saturating_duration_since(entry.requested_at()) < MIN_FORCED_INTERVAL =>
            {
                return Step::Done(Ok(entry.token.clone()));
            }
            None => {
                if let Some((error, until, failed)) = &state.cached_error
                    && now < *until
                    && *failed == version
                {
                    return Step::Done(Err(error.clone()));
                }
            }
            Some(_) => {}
        }
        let (acquisition, waiter) = self.start(&mut state, now, version);
        let sufficient = sufficient.map(|entry| entry.token.clone());
        drop(state);
        match ((self.spawn)(acquisition), sufficient) {
            (None, Some(token)) => Step::Done(Ok(token)),
            (None, None) => Step::Wait(waiter),
            (Some(acquisition), _) => Step::Drive(acquisition, waiter),
        }
    }

    fn start(self: &Arc<Self>, state: &mut State, now: Instant, version: u64) -> (BoxFuture<'static, ()>, Waiter) {
        state.acquisitions += 1;
        let (sender, outcome) = watch::channel(None);
        let waiter = Waiter { id: state.acquisitions, lost_at: later(now, self.issuer.time_limit()), outcome };
        state.acquisition = Some(waiter.clone());
        if let Some(entry) = self.current.load() {
            entry.refresh_started();
        }
        tracing::debug!(target: "partner_auth", source = %self.label, acquisition = waiter.id, "token requested");
        let acquisition = Acquisition { cache: self.clone(), id: waiter.id, version, sender, completed: false };
        (Box::pin(acquisition.run()), waiter)
    }

    /// Waits for the outcome of an acquisition. `None` if it was lost.
    pub(super) async fn wait(&self, waiter: Waiter) -> Option<Outcome> {
        let Waiter { mut outcome, lost_at, .. } = waiter;
        let left = lost_at.saturating_duration_since(self.clock.now());
        let completed = async { outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone()) };
        self.clock.within(left, completed).await.flatten()
    }

    fn complete(&self, id: u64, version: u64, outcome: Result<IssuedToken, Error>) -> Outcome {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        let awaited = state.acquisition.as_ref().is_some_and(|waiter| waiter.id == id);
        if awaited {
            state.acquisition = None;
        }
        let outcome =
            outcome.and_then(|issued| match now.saturating_duration_since(issued.requested_at) < issued.lifetime {
                true => Ok(issued),
                false => Err(Error::new(ErrorKind::Transient, "the token expired before it arrived")),
            });
        match outcome {
            Ok(issued) => Ok(self.store(&mut state, &issued, now)),
            Err(error) => self.fail(&mut state, error, version, awaited, now),
        }
    }

    fn store(&self, state: &mut State, issued: &IssuedToken, now: Instant) -> crate::AccessToken {
        if let Some(entry) = self.current.load().filter(|entry| entry.is_valid(now)) {
            // An acquisition that was considered lost completed after its successor.
            if entry.requested_at() > issued.requested_at {
                return entry.token.clone();
            }
            // The issuer has its own cache, which still returns the same token.
            if entry.token == issued.token {
                let backoff = self.policy.backoff_after(1, entry.until_critical(now), None, state.rng.f64());
                entry.refresh_from(later(now, backoff));
                return entry.token.clone();
            }
        }
        state.generation += 1;
        state.failures = 0;
        state.last_error = None;
        state.cached_error = None;
        let times = self.policy.refresh_times(issued.lifetime, issued.refresh_in, state.rng.f64());
        let entry = Entry::new(issued, times, MIN_INTERVAL, state.generation);
        tracing::debug!(
            target: "partner_auth", source = %self.label, generation = state.generation,
            lifetime_s = issued.lifetime.as_secs(), "token issued"
        );
        self.current.store(Some(Arc::new(entry)));
        issued.token.clone()
    }

    /// A failed acquisition keeps a valid token. Without a valid token the error is cached.
    fn fail(&self, state: &mut State, error: Error, version: u64, awaited: bool, now: Instant) -> Outcome {
        let valid = self.current.load().filter(|entry| entry.is_valid(now));
        let backoff = match &valid {
            _ if !awaited => Duration::ZERO,
            Some(entry) => {
                state.failures = state.failures.saturating_add(1);
                self.policy.backoff_after(
                    state.failures,
                    entry.until_critical(now),
                    error.retry_after(),
                    state.rng.f64(),
                )
            }
            None if error.is_retryable() => {
                error.retry_after().unwrap_or_default().clamp(MIN_INTERVAL, MAX_RETRY_AFTER)
            }
            None => PERMANENT_ERROR_TTL,
        };
        tracing::warn!(
            target: "partner_auth", source = %self.label, kind = ?error.kind(),
            status = error.status().map(|status| status.as_u16()),
            codes = ?error.aadsts_codes(), trace_id = error.trace_id(), backoff_s = backoff.as_secs_f64(),
            has_valid_token = valid.is_some(), hint = error.hint(), "token request failed: {error}"
        );
        if awaited {
            state.last_error = Some(error.clone());
            match &valid {
                Some(entry) => entry.refresh_from(later(now, backoff)),
                None => state.cached_error = Some((error.clone(), later(now, backoff), version)),
            }
        }
        valid.map(|entry| entry.token.clone()).ok_or(error)
    }

    /// Called when an acquisition is dropped: its runtime or caller was dropped, or the issuer panicked.
    fn on_lost(&self, id: u64) {
        let mut state = lock(&self.state);
        if state.acquisition.as_ref().is_some_and(|waiter| waiter.id == id) {
            tracing::warn!(target: "partner_auth", source = %self.label, acquisition = id, "token request abandoned");
            state.acquisition = None;
            if let Some(entry) = self.current.load() {
                entry.refresh_from(later(self.clock.now(), MIN_INTERVAL));
            }
        }
    }
}

struct Acquisition {
    cache: Arc<Inner>,
    id: u64,
    version: u64,
    sender: watch::Sender<Option<Outcome>>,
    completed: bool,
}

impl Acquisition {
    async fn run(mut self) {
        let outcome = self.cache.issuer.issue().await;
        let outcome = self.cache.complete(self.id, self.version, outcome);
        self.completed = true;
        self.sender.send_replace(Some(outcome));
    }
}

impl Drop for Acquisition {
    fn drop(&mut self) {
        if !self.completed {
            self.cache.on_lost(self.id);
        }
    }
}
