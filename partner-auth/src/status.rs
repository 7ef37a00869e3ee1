//! What a source is doing, for health checks and dashboards.

use crate::Error;
use std::time::Duration;

/// A snapshot of a [`TokenSource`](crate::TokenSource).
///
/// ```
/// use partner_auth::TokenSource;
///
/// let source = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "the secret").build()?;
/// let status = source.status();
/// assert_eq!((status.expires_in, status.flights), (None, 0));
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// How long the token lives; none if there is no valid one.
    pub expires_in: Option<Duration>,
    /// How long until its renewal starts; none without a token or while a request is under way.
    pub renews_in: Option<Duration>,
    /// The number of the token since the source was made, from 1; 0 if there is no valid one.
    pub generation: u64,
    /// Whether a token is being requested.
    pub requesting: bool,
    /// How many acquisitions were started, renewals included. Each sends as many requests as it has attempts.
    pub flights: u64,
    /// Why the last acquisition failed; none after a success.
    pub last_error: Option<Error>,
    /// By how many seconds Entra ID's clock was ahead of the machine's at its last answer. `Date` headers have whole seconds.
    pub clock_skew: Option<f64>,
}
