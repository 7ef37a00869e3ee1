//! The traits of resources and pages.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// A resource with an id, an entity tag or a resource type.
///
/// ```
/// use partner_ingestion_sdk::Resource;
/// use partner_ingestion_sdk::types::AzureListing;
///
/// let listing: AzureListing = serde_json::from_str(r#"{"id": "1", "@odata.etag": "\"a\""}"#)?;
/// assert_eq!((listing.id(), listing.etag()), (Some("1"), Some("\"a\"")));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Resource {
    /// Returns the id.
    fn id(&self) -> Option<&str> {
        None
    }

    /// Returns the entity tag, including its quotes.
    fn etag(&self) -> Option<&str> {
        None
    }

    /// Returns the resource type.
    fn resource_type(&self) -> Option<&str> {
        None
    }
}

/// One page of a list.
pub trait Page {
    /// The type of the items.
    type Item;

    /// Returns the items of this page. An empty page may be followed by others.
    fn items(&self) -> &[Self::Item];

    /// Converts the page into its items.
    fn into_items(self) -> Vec<Self::Item>;

    /// Returns the link to the next page, or `None` on the last page.
    fn next_link(&self) -> Option<&str>;
}

/// `Default` of a type with a fixed tag carries it.
macro_rules! tagged {
    ($type:ident { $tag:ident = $value:literal; $($field:ident),* }) => {
        impl Default for $type {
            #[inline]
            fn default() -> Self {
                Self { $tag: Some(ResourceType::known($value)), $($field: None,)* extra: Extra::default() }
            }
        }
    };
}

macro_rules! resource {
    ($type:ident { $($what:ident = ($field:ident $(; $($older:literal),*)?)),* }) => {
        impl $crate::Resource for $type {
            $(#[inline] fn $what(&self) -> Option<&str> {
                let today = self.$field.as_ref().map(|value| value.as_str());
                today$($(.or_else(|| self.extra.get($older)?.as_str()))*)?
            })*
        }
    };
}

/// A union delegates to its member.
macro_rules! union_resource {
    ($type:ident { $($variant:ident),* }) => {
        impl $crate::Resource for $type {
            #[inline]
            fn id(&self) -> Option<&str> {
                match self {
                    $(Self::$variant(member) => $crate::Resource::id(member),)*
                    Self::__Unknown(member) => member.text("id"),
                }
            }

            #[inline]
            fn etag(&self) -> Option<&str> {
                match self {
                    $(Self::$variant(member) => $crate::Resource::etag(member),)*
                    Self::__Unknown(member) => member.text("@odata.etag"),
                }
            }

            #[inline]
            fn resource_type(&self) -> Option<&str> {
                match self {
                    $(Self::$variant(member) => $crate::Resource::resource_type(member),)*
                    Self::__Unknown(member) => member.text("resourceType"),
                }
            }
        }
    };
}

macro_rules! page {
    ($type:ident, $item:ty, $link:ident $(; $($older:literal),*)?) => {
        impl $crate::Page for $type {
            type Item = $item;

            #[inline]
            fn items(&self) -> &[$item] {
                self.value.as_deref().unwrap_or_default()
            }

            #[inline]
            fn into_items(self) -> Vec<$item> {
                self.value.unwrap_or_default()
            }

            #[inline]
            fn next_link(&self) -> Option<&str> {
                let today = self.$link.as_deref();
                let link = today$($(.or_else(|| self.extra.get($older)?.as_str()))*)?;
                link.filter(|link| !link.is_empty())
            }
        }
    };
}

/// An accessor for a field that had another name earlier.
macro_rules! renamed {
    ($type:ident, $field:ident: $value:ty; $($older:literal),*) => {
        impl $type {
            #[doc = concat!("`", stringify!($field), "`, or the value under an earlier name of it.")]
            #[inline]
            pub fn $field(&self) -> Option<std::borrow::Cow<'_, $value>> {
                let today = self.$field.as_ref().map(std::borrow::Cow::Borrowed);
                today$(.or_else(|| $crate::model::resource::decoded(self.extra.get($older)?)))*
            }
        }
    };
}

/// The value under an earlier name, if it has the type of the field.
pub(crate) fn decoded<'v, T: Clone + DeserializeOwned>(value: &Value) -> Option<Cow<'v, T>> {
    serde_json::from_value(value.clone()).ok().map(Cow::Owned)
}

pub(crate) use {page, renamed, resource, tagged, union_resource};
