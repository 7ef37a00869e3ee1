//! For your own tests: a clock that you move, and an Entra ID that answers as you script it.
//!
//! ```
//! use partner_auth::testing::{FakeEntra, ManualClock, Reply};
//! use partner_auth::{TokenProvider, TokenSource};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let clock = ManualClock::new();
//! let entra = FakeEntra::start()?;
//! entra.script([Reply::token("first").expires_in(3600), Reply::status(503)]);
//! let source = TokenSource::builder("contoso.com", entra.client_id(), "secret")
//!     .authority(entra.authority())
//!     .clock(&clock)
//!     .build()?;
//!
//! assert_eq!(source.token().await?.secret(), "first");
//! clock.advance(Duration::from_secs(3601));
//! // The script is used up after the 503, which is tried again.
//! assert_eq!(source.token().await?.secret(), "token-3");
//! assert_eq!(entra.requests().len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod canary;
mod clock;
mod entra;
mod http;
mod reply;

pub use canary::Canary;
pub use clock::ManualClock;
pub use entra::{FakeEntra, Received};
pub use reply::{Gate, Reply};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Feeds an answer of the token endpoint to the parser, as a fuzzer does. The text of the token, or the error.
///
/// # Errors
///
/// As a token request.
#[cfg(feature = "testing")]
pub fn parse_answer(status: u16, body: Vec<u8>) -> Result<String, crate::Error> {
    crate::entra::exchange::parse(status, body).map(|grant| grant.token.secret().to_owned())
}

/// A test that panics elsewhere must not hide its cause behind a poisoned lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
