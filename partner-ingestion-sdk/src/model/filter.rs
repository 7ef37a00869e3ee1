//! The OData filter of a list.

use std::fmt;

/// An OData filter of a list. Values are quoted and escaped.
///
/// ```
/// use partner_ingestion_sdk::Filter;
///
/// assert_eq!(Filter::resource_type("AzureApplication").to_string(), "resourceType eq 'AzureApplication'");
/// assert_eq!(
///     Filter::offer_id("o'neil").to_string(),
///     "externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'o''neil')",
/// );
/// let either = Filter::resource_type("AzureApplication").or(Filter::resource_type("AzureContainer"));
/// assert_eq!(
///     either.and(Filter::offer_id("a")).to_string(),
///     "(resourceType eq 'AzureApplication' or resourceType eq 'AzureContainer') and \
///      externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'a')",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    text: String,
    /// True if the text needs parentheses beside `and`.
    loose: bool,
}

impl Filter {
    fn of(text: String) -> Self {
        Self { text, loose: false }
    }

    /// Matches products of this type, such as `AzureApplication`. This filter works while the service rejects lists without a
    /// filter.
    pub fn resource_type(kind: impl AsRef<str>) -> Self {
        Self::of(format!("resourceType eq {}", quoted(kind.as_ref())))
    }

    /// Matches the product with this offer id.
    pub fn offer_id(offer_id: impl AsRef<str>) -> Self {
        let id = quoted(offer_id.as_ref());
        Self::of(format!("externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq {id})"))
    }

    /// Matches submissions in this state, such as `InProgress`.
    pub fn state(state: impl AsRef<str>) -> Self {
        Self::of(format!("state eq {}", quoted(state.as_ref())))
    }

    /// Uses any other condition unchanged.
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), loose: true }
    }

    /// Matches what both filters match.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(format!("{} and {}", self.tight(), other.tight()))
    }

    /// Matches what at least one filter matches.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { text: format!("{} or {}", self.text, other.text), loose: true }
    }

    fn tight(self) -> String {
        if self.loose { format!("({})", self.text) } else { self.text }
    }
}

/// Quotes an OData string: a quote inside is doubled (OData 4.01 URL conventions, section 5.1.1.14.1).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.text
    }
}
