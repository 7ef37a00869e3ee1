//! `$filter` without quoting by hand.

use std::fmt;

/// A filter of a list, in OData.
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
    /// Whether it has to stand in parentheses beside `and`.
    loose: bool,
}

impl Filter {
    fn of(text: String) -> Self {
        Self { text, loose: false }
    }

    /// Products of this type, such as `AzureApplication`. Of the forms that the service takes this one is known to work while
    /// the list without a filter is refused.
    pub fn resource_type(kind: impl AsRef<str>) -> Self {
        Self::of(format!("resourceType eq {}", quoted(kind.as_ref())))
    }

    /// The product with this offer id, in the recorded form.
    pub fn offer_id(offer_id: impl AsRef<str>) -> Self {
        let id = quoted(offer_id.as_ref());
        Self::of(format!("externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq {id})"))
    }

    /// Submissions in this state, such as `InProgress`.
    pub fn state(state: impl AsRef<str>) -> Self {
        Self::of(format!("state eq {}", quoted(state.as_ref())))
    }

    /// Any other condition, as it stands.
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), loose: true }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(format!("{} and {}", self.tight(), other.tight()))
    }

    /// One of them.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { text: format!("{} or {}", self.text, other.text), loose: true }
    }

    fn tight(self) -> String {
        if self.loose { format!("({})", self.text) } else { self.text }
    }
}

/// An OData text: a quote inside is doubled (OData 4.01 URL conventions, section 5.1.1.14.1).
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
