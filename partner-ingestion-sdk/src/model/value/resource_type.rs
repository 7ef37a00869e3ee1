//! The type of a resource.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The text of `resourceType`.
///
/// `Default` sets it for types with a fixed `resourceType`. Decoding keeps the received value and never adds one.
///
/// ```
/// use partner_ingestion_sdk::types::AzureListing;
///
/// assert_eq!(AzureListing::default().resource_type.unwrap(), "AzureListing");
/// let listing: AzureListing = serde_json::from_str("{}")?;
/// assert_eq!(listing.resource_type, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceType(Cow<'static, str>);

impl ResourceType {
    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ResourceType {
    fn from(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for ResourceType {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl PartialEq<str> for ResourceType {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ResourceType {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
