//! An access token: a secret that knows its header and when it expires.

use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::HeaderValue;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// An access token. Cheap to clone; never printed; wiped from memory with its last clone.
///
/// Two tokens are equal when their text is.
///
/// ```
/// use partner_auth::AccessToken;
///
/// let token = AccessToken::new("eyJ0eXAi...")?;
/// assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
/// assert!(token.header().is_sensitive());
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct AccessToken(Arc<Inner>);

/// The authentication scheme of RFC 6750.
const SCHEME: &[u8] = b"Bearer ";

struct Inner {
    secret: Zeroizing<String>,
    header: HeaderValue,
    expires_at: Option<Instant>,
}

impl AccessToken {
    /// A token without a known end of life.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] when the text is empty or holds what a header cannot carry.
    pub fn new(secret: impl Into<String>) -> Result<Self, Error> {
        Self::build(Zeroizing::new(secret.into()), None)
    }

    /// A token that expires after `lifetime`, counted from `issued`: the instant before it was asked for.
    ///
    /// # Errors
    ///
    /// As [`AccessToken::new`]; also when the lifetime reaches beyond what the clock can express.
    pub fn with_lifetime(secret: impl Into<String>, issued: Instant, lifetime: Duration) -> Result<Self, Error> {
        Self::issued(Zeroizing::new(secret.into()), issued, lifetime)
    }

    pub(crate) fn issued(secret: Zeroizing<String>, issued: Instant, lifetime: Duration) -> Result<Self, Error> {
        let expires_at = issued.checked_add(lifetime);
        let expires_at = expires_at.ok_or_else(|| Error::new(ErrorKind::Protocol, "the token's lifetime is absurd"))?;
        Self::build(secret, Some(expires_at))
    }

    fn build(secret: Zeroizing<String>, expires_at: Option<Instant>) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::new(ErrorKind::Protocol, "the access token is empty"));
        }
        let header = header_of(&secret)?;
        Ok(Self(Arc::new(Inner { secret, header, expires_at })))
    }

    /// A header that shares no memory with the others: its clones are counted apart.
    #[cfg(feature = "entra")]
    pub(crate) fn own_header(&self) -> HeaderValue {
        header_of(&self.0.secret).unwrap_or_else(|_| self.0.header.clone())
    }

    /// The text of the token. Do not print it.
    pub fn secret(&self) -> &str {
        &self.0.secret
    }

    /// The value of the header `Authorization`, marked as sensitive.
    pub fn header(&self) -> &HeaderValue {
        &self.0.header
    }

    /// When the token expires on the monotonic clock, if that is known.
    pub fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at
    }
}

/// The value of `Authorization`, marked as sensitive; it owns memory that is wiped with its last clone.
pub(crate) fn header_of(secret: &str) -> Result<HeaderValue, Error> {
    let text = Zeroizing::new([SCHEME, secret.as_bytes()].concat());
    let header = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
    let mut header = header
        .map_err(|_| Error::new(ErrorKind::Protocol, "the access token holds characters that a header cannot carry"))?;
    header.set_sensitive(true);
    Ok(header)
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || same(self.0.secret.as_bytes(), other.0.secret.as_bytes())
    }
}

impl Eq for AccessToken {}

/// Compares in a time that depends on the lengths alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y)) == 0
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_by_text() {
        let a = AccessToken::new("abc").unwrap();
        assert_eq!(a, a.clone());
        assert_eq!(a, AccessToken::new("abc").unwrap());
        assert_ne!(a, AccessToken::new("abd").unwrap());
        assert_ne!(a, AccessToken::new("abcd").unwrap());
    }

    #[test]
    fn refuses_what_no_header_carries() {
        for text in ["", "a\nb", "a\u{0}b"] {
            let error = AccessToken::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
    }
}
