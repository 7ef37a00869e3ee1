//! The state of a token source, for health checks and dashboards.

use crate::Error;
use std::time::Duration;

/// A snapshot of the state of a [`TokenSource`](crate::TokenSource).
///
/// ```
/// use partner_auth::TokenSource;
///
/// let source = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "the secret").build()?;
/// let status = source.status();
/// assert_eq!((status.expires_in, status.acquisitions), (None, 0));
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Time until the token expires. `None` if there is no valid token.
    pub expires_in: Option<Duration>,
    /// Time until the next refresh starts. `None` if there is no valid token or an acquisition is in progress.
    pub refreshes_in: Option<Duration>,
    /// Number of the current token, counted from 1 since the source was created. 0 if there is no valid token.
    pub generation: u64,
    /// Whether a token acquisition is in progress.
    pub refreshing: bool,
    /// Number of token acquisitions started so far, including refreshes. One acquisition sends one request per attempt.
    pub acquisitions: u64,
    /// Error of the last acquisition. `None` if it succeeded.
    pub last_error: Option<Error>,
    /// Number of seconds by which Entra ID's clock is ahead of this machine's, taken from the `Date` header of its last
    /// response. `None` if there was no response yet. The resolution is one second.
    pub clock_skew: Option<f64>,
}
