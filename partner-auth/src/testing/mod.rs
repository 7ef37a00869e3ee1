//! Test utilities: a manual clock and a scripted token endpoint.
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
//! // The 503 is retried, and the script is empty after it.
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
pub use entra::{FakeEntra, ReceivedRequest};
pub use reply::{Gate, Reply};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parses a response of the token endpoint and returns the text of the token. For fuzzing.
///
/// # Errors
///
/// Returns the error that a token request with this response returns.
#[cfg(feature = "testing")]
pub fn parse_response(status: u16, body: Vec<u8>) -> Result<String, crate::Error> {
    crate::entra::token_client::parse(status, body).map(|issued| issued.token.secret().to_owned())
}

/// Reads a response of a CI system's token service, as [`GitHubActions`](crate::GitHubActions) and
/// [`AzurePipelines`](crate::AzurePipelines) do, and returns the text of both assertions. For fuzzing.
///
/// # Errors
///
/// The results are the errors that a token request with this response returns.
#[cfg(feature = "testing")]
pub fn parse_assertions(status: ::http::StatusCode, body: &[u8]) -> [Result<String, crate::Error>; 2] {
    use crate::credential::{azure_pipelines, github_actions, oidc_endpoint};
    [github_actions::FIELD, azure_pipelines::FIELD].map(|field| {
        let assertion = oidc_endpoint::read("token service", status, body, field)?;
        Ok(assertion.as_str().to_owned())
    })
}

/// Locks the mutex. A poisoned lock must not hide the panic that caused it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
