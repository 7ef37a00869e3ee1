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
    /// True if the text needs parentheses as an operand of `and`.
    needs_parentheses: bool,
}

impl Filter {
    fn new(text: String) -> Self {
        Self { text, needs_parentheses: false }
    }

    /// Matches products of this type, such as `AzureApplication`. The service accepts this filter even during incidents in which it
    /// rejects lists without a filter.
    pub fn resource_type(kind: impl AsRef<str>) -> Self {
        Self::new(format!("resourceType eq {}", quoted(kind.as_ref())))
    }

    /// Matches the product with this offer id.
    pub fn offer_id(offer_id: impl AsRef<str>) -> Self {
        let id = quoted(offer_id.as_ref());
        Self::new(format!("externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq {id})"))
    }

    /// Matches submissions in this state, such as `InProgress`.
    pub fn state(state: impl AsRef<str>) -> Self {
        Self::new(format!("state eq {}", quoted(state.as_ref())))
    }

    /// Uses this filter expression unchanged.
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), needs_parentheses: true }
    }

    /// Matches items that both filters match.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(format!("{} and {}", self.operand(), other.operand()))
    }

    /// Matches items that at least one of the filters matches.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { text: format!("{} or {}", self.text, other.text), needs_parentheses: true }
    }

    fn operand(self) -> String {
        if self.needs_parentheses { format!("({})", self.text) } else { self.text }
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
