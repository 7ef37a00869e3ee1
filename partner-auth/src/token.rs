//! The access token, with its header and its expiry.

use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::HeaderValue;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// An access token.
///
/// Cheap to clone. `Debug` redacts the token, and its memory is zeroed when the last clone is dropped. Two tokens are equal if
/// their text is.
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
    /// Creates a token without a known expiry.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Protocol`] if the text is empty or not valid in an HTTP header.
    pub fn new(secret: impl Into<String>) -> Result<Self, Error> {
        Self::build(Zeroizing::new(secret.into()), None)
    }

    /// Creates a token that expires `lifetime` after `requested_at`, the instant just before it was requested.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Protocol`] if the text is empty or not valid in an HTTP header, or if the expiry is
    /// out of range.
    pub fn with_lifetime(secret: impl Into<String>, requested_at: Instant, lifetime: Duration) -> Result<Self, Error> {
        Self::with_secret(Zeroizing::new(secret.into()), requested_at, lifetime)
    }

    pub(crate) fn with_secret(
        secret: Zeroizing<String>,
        requested_at: Instant,
        lifetime: Duration,
    ) -> Result<Self, Error> {
        let expires_at = requested_at.checked_add(lifetime);
        let expires_at = expires_at.ok_or_else(|| Error::new(ErrorKind::Protocol, "token lifetime is out of range"))?;
        Self::build(secret, Some(expires_at))
    }

    fn build(secret: Zeroizing<String>, expires_at: Option<Instant>) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::new(ErrorKind::Protocol, "access token is empty").with_hint(TOKEN_AS_RECEIVED));
        }
        let header = header_of(&secret)?;
        Ok(Self(Arc::new(Inner { secret, header, expires_at })))
    }

    /// Returns a header with its own memory, and so with its own reference count.
    #[cfg(feature = "entra")]
    pub(crate) fn own_header(&self) -> HeaderValue {
        header_of(&self.0.secret).unwrap_or_else(|_| self.0.header.clone())
    }

    /// Returns the token as text. Do not print it.
    pub fn secret(&self) -> &str {
        &self.0.secret
    }

    /// Returns the value of the `Authorization` header, marked as sensitive.
    pub fn header(&self) -> &HeaderValue {
        &self.0.header
    }

    /// Returns the instant at which the token expires, if known.
    pub fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at
    }
}

const TOKEN_AS_RECEIVED: &str = "Pass the token as it was received, without line breaks and without `Bearer`.";

/// Returns the value of `Authorization`, marked as sensitive. Its memory is zeroed when the last clone is dropped.
pub(crate) fn header_of(secret: &str) -> Result<HeaderValue, Error> {
    let text = Zeroizing::new([SCHEME, secret.as_bytes()].concat());
    let header = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
    let mut header = header.map_err(|_| {
        let message = "access token contains characters that are invalid in a header";
        Error::new(ErrorKind::Protocol, message).with_hint(TOKEN_AS_RECEIVED)
    })?;
    header.set_sensitive(true);
    Ok(header)
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || constant_time_eq(self.0.secret.as_bytes(), other.0.secret.as_bytes())
    }
}

impl Eq for AccessToken {}

/// Compares in a time that depends only on the lengths.
fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
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
    fn tokens_with_equal_text_are_equal() {
        let a = AccessToken::new("abc").unwrap();
        assert_eq!(a, a.clone());
        assert_eq!(a, AccessToken::new("abc").unwrap());
        assert_ne!(a, AccessToken::new("abd").unwrap());
        assert_ne!(a, AccessToken::new("abcd").unwrap());
    }

    #[test]
    fn rejects_text_that_is_invalid_in_a_header() {
        for text in ["", "a\nb", "a\u{0}b"] {
            let error = AccessToken::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
    }
}
