//! The trait of token sources, and a static implementation.

use crate::{AccessToken, Error};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A boxed, sendable future, as trait objects return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of access tokens for one audience.
///
/// Implementations must cache the token, because `token` is called before every request.
///
/// ```
/// use partner_auth::{AccessToken, BoxFuture, Error, TokenProvider};
///
/// #[derive(Debug)]
/// struct FromVault;
///
/// impl TokenProvider for FromVault {
///     fn token(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
///         Box::pin(async { AccessToken::new("read from the vault") })
///     }
///
///     fn invalidate(&self, _rejected: &AccessToken) {}
/// }
/// ```
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// Returns a valid token, from the cache or from the authority.
    ///
    /// # Errors
    ///
    /// Returns an error if no access token could be obtained.
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, Error>>;

    /// Returns a valid token from the cache, without waiting. Default: `None`.
    fn cached(&self) -> Option<AccessToken> {
        None
    }

    /// Drops this token because the service rejected it. Does nothing if a newer token has already replaced it.
    fn invalidate(&self, rejected: &AccessToken);
}

/// A provider that always returns the same token, for tests and for tokens acquired elsewhere.
///
/// ```
/// use partner_auth::{StaticToken, TokenProvider};
///
/// let provider = StaticToken::new("a token")?;
/// assert_eq!(provider.cached().unwrap().secret(), "a token");
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Creates a provider of this token.
    ///
    /// # Errors
    ///
    /// Returns an error if [`AccessToken::new`] rejects the token.
    pub fn new(secret: impl Into<String>) -> Result<Self, Error> {
        AccessToken::new(secret).map(Self)
    }
}

impl TokenProvider for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn cached(&self) -> Option<AccessToken> {
        Some(self.0.clone())
    }

    fn invalidate(&self, _rejected: &AccessToken) {}
}
