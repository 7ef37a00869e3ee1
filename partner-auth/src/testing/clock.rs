//! A clock that stands still until a test moves it.

use crate::BoxFuture;
use futures_util::future::FutureExt;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

/// A clock that stands still until it is moved. Clones are the same clock.
///
/// Timeouts end when [`advance`](Self::advance) reaches them. Pauses between attempts take no real time: the clock jumps
/// over them, unless [`stop_pauses`](Self::stop_pauses) was called.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<State>>);

struct State {
    now: Instant,
    wall: SystemTime,
    stop_pauses: bool,
    sleepers: Vec<(Instant, oneshot::Sender<()>)>,
    /// With so many, those that were cancelled are removed; the number doubles, so that it costs little.
    tidy_at: usize,
}

const TIDY: usize = 64;

impl ManualClock {
    /// A clock that shows the machine's present time.
    #[allow(clippy::new_without_default, reason = "two default clocks would not be equal")]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Instant::now(),
            wall: SystemTime::now(),
            stop_pauses: false,
            sleepers: Vec::new(),
            tidy_at: TIDY,
        })))
    }

    /// The monotonic time.
    pub fn now(&self) -> Instant {
        self.lock().now
    }

    /// The wall clock's time.
    pub fn wall(&self) -> SystemTime {
        self.lock().wall
    }

    /// Moves both clocks forward and wakes who slept until then.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now += by;
        state.wall += by;
        let now = state.now;
        let (due, later) = std::mem::take(&mut state.sleepers).into_iter().partition(|(at, _)| *at <= now);
        state.sleepers = later;
        drop(state);
        let due: Vec<(Instant, oneshot::Sender<()>)> = due;
        for (_, sleeper) in due {
            // A sleeper that was cancelled hears nothing.
            let _ = sleeper.send(());
        }
    }

    /// Sets the wall clock alone, as an administrator does; the monotonic clock goes on.
    pub fn set_wall(&self, wall: SystemTime) {
        self.lock().wall = wall;
    }

    /// From now on pauses between attempts end when the clock is moved, as timeouts do.
    pub fn stop_pauses(&self) {
        self.lock().stop_pauses = true;
    }

    pub(crate) fn pause(&self, length: Duration) -> BoxFuture<'static, ()> {
        if self.lock().stop_pauses {
            return self.sleep(length);
        }
        self.advance(length);
        Box::pin(std::future::ready(()))
    }

    pub(crate) fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        let at = state.now + length;
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
