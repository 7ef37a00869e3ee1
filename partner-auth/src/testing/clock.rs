//! A clock that only moves when a test advances it.

use crate::BoxFuture;
use crate::clock::later;
use futures_util::future::FutureExt;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

/// A clock that only moves when it is advanced. Clones share the same time.
///
/// Timeouts expire when [`advance`](Self::advance) reaches them. Delays between attempts take no real time: the clock advances
/// itself by each delay, unless [`hold_backoff`](Self::hold_backoff) was called.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<State>>);

struct State {
    now: Instant,
    wall: SystemTime,
    hold_backoff: bool,
    sleepers: Vec<(Instant, oneshot::Sender<()>)>,
    /// At this number of sleepers the cancelled ones are removed. It doubles, so that the cost is amortized.
    tidy_at: usize,
}

const TIDY: usize = 64;

impl ManualClock {
    /// Creates a clock that starts at the current time.
    #[allow(clippy::new_without_default, reason = "two default clocks would not be equal")]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Instant::now(),
            wall: SystemTime::now(),
            hold_backoff: false,
            sleepers: Vec::new(),
            tidy_at: TIDY,
        })))
    }

    /// Returns the monotonic time.
    pub fn now(&self) -> Instant {
        self.lock().now
    }

    /// Returns the wall-clock time.
    pub fn wall(&self) -> SystemTime {
        self.lock().wall
    }

    /// Advances both clocks and expires the timeouts that are due. A duration beyond the range of the clocks advances only the
    /// monotonic clock, by a century.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now = later(state.now, by);
        state.wall = state.wall.checked_add(by).unwrap_or(state.wall);
        let now = state.now;
        let (due, later) = std::mem::take(&mut state.sleepers).into_iter().partition(|(at, _)| *at <= now);
        state.sleepers = later;
        drop(state);
        let due: Vec<(Instant, oneshot::Sender<()>)> = due;
        for (_, sleeper) in due {
            // The receiver of a cancelled sleeper was dropped.
            let _ = sleeper.send(());
        }
    }

    /// Sets only the wall clock. The monotonic clock does not change.
    pub fn set_wall(&self, wall: SystemTime) {
        self.lock().wall = wall;
    }

    /// Stops advancing the clock by delays between attempts. They then end when the clock is advanced, as timeouts do.
    pub fn hold_backoff(&self) {
        self.lock().hold_backoff = true;
    }

    pub(crate) fn delay(&self, length: Duration) -> BoxFuture<'static, ()> {
        if self.lock().hold_backoff {
            return self.sleep(length);
        }
        self.advance(length);
        Box::pin(std::future::ready(()))
    }

    pub(crate) fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        let at = later(state.now, length);
        if state.sleepers.len() >= state.tidy_at {
            state.sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
            state.tidy_at = TIDY.max(state.sleepers.len() * 2);
        }
        state.sleepers.push((at, sender));
        Box::pin(receiver.map(|_| ()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}
