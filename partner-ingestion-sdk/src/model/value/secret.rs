//! Secret text: a key, a password or a signed URL.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Secret text, such as a password or a signed URL. It is sent unchanged. `Debug` does not print it.
///
/// ```
/// use partner_ingestion_sdk::types::Secret;
///
/// let address = Secret::from("https://account.blob.core.windows.net/c/b?sig=abc");
/// assert_eq!(format!("{address:?}"), "Secret(redacted)");
/// assert!(address.expose().ends_with("sig=abc"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Returns the secret text. Do not print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}
