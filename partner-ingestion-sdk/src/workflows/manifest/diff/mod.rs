//! What differs between two states of an offer, and how it is shown.

mod compare;
pub(crate) mod files;
mod show;
#[cfg(test)]
mod tests;

use super::json::Json;
use super::layout::Layout;
use super::offer::OfferManifest;
use serde::Serialize;

/// The differences between two states of an offer, in the order of the manifest. `Display` prints one line for each change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OfferDiff {
    changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What happens to the value.
    pub kind: ChangeKind,
    /// The resource, for example `plan standard, Availability`.
    pub resource: String,
    /// The place in the manifest as a JSON pointer (RFC 6901), for example `/plans/standard/availability/visibility`.
    pub pointer: String,
    /// The value before. `None` if there was none, or if it is secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    /// The value after. `None` if there is none any more, or if it is secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    /// True if the value is secret. Then `before` and `after` are not shown.
    pub secret: bool,
}

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is new.
    Add,
    /// It gets another value.
    Set,
    /// It is not in the manifest. Applying the manifest removes it only with [`prune`](crate::Apply::prune).
    Remove,
}

impl OfferManifest {
    /// Returns what applying this manifest to an offer in the state `before` would change. What this manifest does not mention is
    /// left alone; plans, languages and files that only `before` has are reported as [`ChangeKind::Remove`].
    ///
    /// Files are compared by name. To compare their content, too, compare with the service: [`diff`](OfferManifest::diff).
    ///
    /// ```
    /// use partner_ingestion_sdk::OfferManifest;
    ///
    /// let read = |title: &str| serde_json::from_str::<OfferManifest>(&format!(
    ///     r#"{{"offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso", "listings": {{"en-us": {{"title": "{title}"}}}}}}"#
    /// ));
    /// let diff = read("Contoso 2")?.diff_from(&read("Contoso")?);
    /// assert_eq!(diff.to_string(), "~ /listings/en-us/title: \"Contoso\" -> \"Contoso 2\"\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn diff_from(&self, before: &Self) -> OfferDiff {
        OfferDiff::between(&Json::Object(before.write()), &Json::Object(self.write()))
    }
}

impl OfferDiff {
    pub(crate) fn between(before: &Json, after: &Json) -> Self {
        Self { changes: compare::manifests(before, after) }
    }

    /// Returns true if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the changes in the order of the manifest.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

impl Change {
    /// Returns the value before as JSON. `None` if there was none, or if it is secret.
    pub fn before(&self) -> Option<String> {
        self.before.as_ref().map(show::text)
    }

    /// Returns the value after as JSON. `None` if there is none any more, or if it is secret.
    pub fn after(&self) -> Option<String> {
        self.after.as_ref().map(show::text)
    }
}
