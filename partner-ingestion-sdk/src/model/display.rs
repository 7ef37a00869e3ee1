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

/// Severity, code, message and resource.
///
/// ```
/// use partner_ingestion_sdk::types::ValidationItem;
///
/// let item: ValidationItem = serde_json::from_str(
///     r#"{"severity": "Error", "errorCode": "Resell-20007", "message": "Add it.", "resource": "offer"}"#,
/// )?;
/// assert_eq!(item.to_string(), "Error Resell-20007: Add it. (offer)");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl fmt::Display for ValidationItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = self.severity.as_ref().map_or("Finding", ValidationSeverity::as_str);
        f.write_str(severity)?;
        if let Some(code) = &self.error_code {
            write!(f, " {code}")?;
        }
        write!(f, ": {}", self.message.as_deref().unwrap_or("no message"))?;
        match &self.resource {
            Some(resource) => write!(f, " ({resource})"),
            None => Ok(()),
        }
    }
}
