//! Turns panics of dependencies into errors: progenitor panics on unexpected documents.

use anyhow::{Result, anyhow};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and returns a panic as an error with its message and the name of the dependency.
pub fn without_panic<T>(whose: &str, f: impl FnOnce() -> T) -> Result<T> {
    // The hook is global, so only panics of this thread are silenced.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                hook(info);
            }
        }));
    });
    SILENT.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    SILENT.set(false);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        anyhow!("{whose} panicked: {text}")
    })
}
