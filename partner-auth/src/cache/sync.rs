//! The lock and the spawner of the cache. The model checker replaces both.

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{Mutex, MutexGuard};

use crate::BoxFuture;
use std::sync::{Arc, PoisonError, RwLock};

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

/// A shared value that is read far more often than it is replaced. To the model checker, each of its functions is one step.
pub(crate) struct Slot<T>(RwLock<Option<Arc<T>>>);

impl<T> Slot<T> {
    pub(crate) fn empty() -> Self {
        Self(RwLock::new(None))
    }

    /// Reads the value in place.
    #[inline]
    pub(crate) fn read<R>(&self, read: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        read(self.0.read().unwrap_or_else(PoisonError::into_inner).as_deref()?)
    }

    pub(crate) fn load(&self) -> Option<Arc<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        // The old value is dropped after the lock is released.
        let _old = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), value);
    }
}
