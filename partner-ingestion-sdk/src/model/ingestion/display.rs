//! How resources are displayed, and what they derive from their fields.

use crate::types::*;
use std::fmt;

impl AzureProduct {
    /// Returns the offer id, which the portal shows. It is unique within the account.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::AzureProduct;
    ///
    /// let offer = AzureProduct::application("contoso-app", "Contoso");
    /// assert_eq!(offer.offer_id(), Some("contoso-app"));
    /// ```
    pub fn offer_id(&self) -> Option<&str> {
        let ids = self.external_ids.iter().flatten();
        let is_offer = |id: &&TypeValuePair| {
            let kind = id.type_.as_deref().unwrap_or_default();
            kind.eq_ignore_ascii_case("AzureOfferId")
        };
        ids.into_iter().find(is_offer)?.value.as_deref()
    }
}

/// Offer id, type and name.
///
/// ```
/// use partner_ingestion_sdk::types::AzureProduct;
///
/// let offer = AzureProduct::application("contoso-app", "Contoso");
/// assert_eq!(offer.to_string(), "contoso-app (AzureApplication): Contoso");
/// ```
impl fmt::Display for AzureProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_ref().map(ProductId::as_str);
        let kind = self.resource_type.as_ref().map_or("no type", ProductType::as_str);
        let name = self.name.as_deref().unwrap_or("no name");
        write!(f, "{} ({kind}): {name}", self.offer_id().or(id).unwrap_or("no id"))
    }
}

/// Plan id, subtype and name.
impl fmt::Display for AzureSkuVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_ref().map(VariantId::as_str);
        write!(f, "{}", self.external_id.as_deref().or(id).unwrap_or("no id"))?;
        if let Some(kind) = &self.sub_type {
            write!(f, " ({kind})")?;
        }
        write!(f, ": {}", self.friendly_name.as_deref().unwrap_or("no name"))
    }
}

/// Id and stage.
///
/// ```
/// use partner_ingestion_sdk::types::Submission;
///
/// let submission: Submission = serde_json::from_str(r#"{"id": "12", "state": "Published", "substate": "InStore"}"#)?;
/// assert_eq!(submission.to_string(), "12 (live)");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_ref().map_or("no id", SubmissionId::as_str);
        write!(f, "{id} ({})", crate::Stage::of(self))
    }
}

/// The field of a finding of the check with the id of the resource, whose place is in `resource`.
pub(crate) const RESOURCE_ID: &str = "resourceId";

/// The fields of a finding about a manifest with its place there: a JSON pointer, the file, the line and the column.
#[cfg(feature = "client")]
pub(crate) const POINTER: &str = "pointer";
pub(crate) const FILE: &str = "file";
pub(crate) const LINE: &str = "line";
pub(crate) const COLUMN: &str = "column";

impl ValidationItem {
    /// Returns file, line and column of a finding of the check about a manifest.
    fn location(&self) -> Option<String> {
        let of_check = self.error_code.as_deref()?.starts_with("check/");
        let (file, line) = (self.extra.get(FILE)?.as_str()?, self.extra.get(LINE)?.as_u64()?);
        of_check.then(|| Some(format!("{file}:{line}:{}", self.extra.get(COLUMN)?.as_u64()?)))?
    }

    /// Returns the place, the message, the severity, the error code and the id of the resource, in this order. `place` is the place
    /// that the resource is known to be; `clean` is applied to each text of the service.
    pub(crate) fn describe(&self, place: Option<&str>, clean: fn(&str) -> String) -> String {
        let text = |text: &Option<String>| text.as_deref().map(clean).filter(|text| !text.is_empty());
        let message = text(&self.message).unwrap_or_else(|| "no message".to_owned());
        let message = message.trim_end_matches('.');
        let mut details = self.severity.as_ref().map_or("Finding", ValidationSeverity::as_str).to_owned();
        if let Some(code) = text(&self.error_code) {
            details += &format!(" {code}");
        }
        if let Some(id) = self.extra.get(RESOURCE_ID).and_then(serde_json::Value::as_str) {
            details += &format!(", resource {}", clean(id));
        }
        let resource = text(&self.resource);
        // The name of a module, or of a part of the offer, instead of an id.
        let is_name = |name: &str| {
            name.starts_with("plan ")
                || name.starts_with("offer, ")
                || name.chars().all(|c| c.is_alphabetic() || " /._[]".contains(c))
        };
        match (place, resource) {
            (Some(place), Some(id)) => format!("{place}: {message} ({details}, resource {id})"),
            (None, Some(name)) if is_name(&name) => format!("{name}: {message} ({details})"),
            (None, Some(id)) => format!("{message} ({details}, resource {id})"),
            (Some(place), None) => format!("{place}: {message} ({details})"),
            (None, None) => format!("{message} ({details})"),
        }
    }
}

/// The place, the message, the severity and the error code, with file, line and column in front for a finding about a file.
///
/// ```
/// use partner_ingestion_sdk::types::ValidationItem;
///
/// let item: ValidationItem = serde_json::from_str(
///     r#"{"severity": "Error", "errorCode": "Resell-20007", "message": "Add it.", "resource": "offer"}"#,
/// )?;
/// assert_eq!(item.to_string(), "offer: Add it (Error Resell-20007)");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl fmt::Display for ValidationItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = self.location() {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.describe(None, str::to_owned))
    }
}
