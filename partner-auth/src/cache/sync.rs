//! The lock and the spawner of the cache. The model checker replaces both.

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

use crate::BoxFuture;
use std::sync::PoisonError;

/// Runs a future concurrently with its caller, or returns it if there is no runtime.
pub(crate) type Spawn = fn(BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>>;

/// Spawns the future on the caller's runtime, if there is one.
pub(crate) fn on_runtime(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn(future);
            None
        }
        Err(_) => Some(future),
    }
}

/// Locks the mutex. No code panics while it holds the lock, so a poisoned lock is still consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
