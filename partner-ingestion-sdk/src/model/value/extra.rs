//! Unknown fields of an object.

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The fields of an object that its type does not have. They are sent back unchanged, because PUT replaces the whole object and
/// deletes omitted fields.
///
/// Dereferences to a map of JSON values. `Debug` prints only the names, because values may be secret. Numbers keep their value within
/// the range and precision of `i64`, `u64` and `f64`.
///
/// ```
/// use partner_ingestion_sdk::types::AzureListing;
///
/// let listing: AzureListing = serde_json::from_str(r#"{"title": "A", "newField": {"a": null}}"#)?;
/// assert_eq!(listing.extra["newField"]["a"], serde_json::Value::Null);
/// assert_eq!(serde_json::to_string(&listing)?, r#"{"title":"A","newField":{"a":null}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Extra {
    fields: Map<String, Value>,
    /// Why the object of these fields cannot be sent.
    #[serde(skip)]
    invalid: Option<Box<str>>,
}

impl Extra {
    /// Returns no fields, for an object that cannot be sent: serializing it fails with this message.
    pub(crate) fn invalid(message: String) -> Self {
        Self { fields: Map::new(), invalid: Some(message.into()) }
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.invalid {
            None => self.fields.serialize(serializer),
            Some(message) => Err(S::Error::custom(message)),
        }
    }
}

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.fields
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields, invalid: None }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
