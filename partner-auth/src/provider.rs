//! What an API client needs of a token source.

use crate::{AccessToken, Error};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A future without a type name, as a trait object has to return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gives out access tokens for one audience.
///
/// Implementations cache: `token` is called before every request.
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
    /// A token that is valid now, from the cache or from the authority.
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, Error>>;

    /// A token that is valid now and needs no waiting, if there is one.
    fn cached(&self) -> Option<AccessToken> {
        None
    }

    /// The service rejected this token: drop it, unless a newer one has taken its place already.
    fn invalidate(&self, rejected: &AccessToken);
}

/// One token for ever: for tests, and for tools that got a token elsewhere.
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
    /// A provider of this token.
    ///
    /// # Errors
    ///
    /// As [`AccessToken::new`].
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
