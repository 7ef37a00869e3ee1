//! The lock and the spawner of the cache, which a model checker replaces.

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

use crate::BoxFuture;
use std::sync::PoisonError;

/// Runs a future beside its caller; gives it back where nothing can run it.
pub(crate) type Spawn = fn(BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>>;

/// On the runtime of the caller, if there is one.
pub(crate) fn on_runtime(future: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn(future);
            None
        }
        Err(_) => Some(future),
    }
}

/// No code panics while it holds the lock; a poisoned one is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
