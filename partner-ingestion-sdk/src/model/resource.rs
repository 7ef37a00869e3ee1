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

/// Implements `Default` for a type with a fixed tag. The default value has the tag.
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

/// Implements `Resource`. Earlier names of a field are read from `extra`.
macro_rules! resource {
    ($type:ident { $($accessor:ident = ($field:ident $(; $($alias:literal),*)?)),* }) => {
        impl $crate::Resource for $type {
            $(#[inline] fn $accessor(&self) -> Option<&str> {
                let current = self.$field.as_ref().map(|value| value.as_str());
                current$($(.or_else(|| self.extra.get($alias)?.as_str()))*)?
            })*
        }
    };
}

/// Implements `Resource` for a union by delegating to the member.
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

/// Implements `Page`. The items are in the field `value`, or in another one that is named.
macro_rules! page {
    ($type:ident, $item:ty, $link:ident $(; $($alias:literal),*)?) => {
        $crate::model::resource::page!($type, value: $item, $link $(; $($alias),*)?);
    };
    ($type:ident, $items:ident: $item:ty, $link:ident $(; $($alias:literal),*)?) => {
        impl $crate::Page for $type {
            type Item = $item;

            #[inline]
            fn items(&self) -> &[$item] {
                self.$items.as_deref().unwrap_or_default()
            }

            #[inline]
            fn into_items(self) -> Vec<$item> {
                self.$items.unwrap_or_default()
            }

            #[inline]
            fn next_link(&self) -> Option<&str> {
                let current = self.$link.as_deref();
                let link = current$($(.or_else(|| self.extra.get($alias)?.as_str()))*)?;
                link.filter(|link| !link.is_empty())
            }
        }
    };
}

/// Declares an accessor of a field with earlier names.
macro_rules! renamed_field {
    ($type:ident, $field:ident: $value:ty; $($alias:literal),*) => {
        impl $type {
            #[doc = concat!("Returns `", stringify!($field), "`, or the value that was received under an earlier name of the field.")]
            #[inline]
            pub fn $field(&self) -> Option<std::borrow::Cow<'_, $value>> {
                let current = self.$field.as_ref().map(std::borrow::Cow::Borrowed);
                current$(.or_else(|| $crate::model::resource::decoded(self.extra.get($alias)?)))*
            }
        }
    };
}

/// Decodes the value of an earlier name. `None` if it has another type.
pub(crate) fn decoded<'v, T: Clone + DeserializeOwned>(value: &Value) -> Option<Cow<'v, T>> {
    serde_json::from_value(value.clone()).ok().map(Cow::Owned)
}

pub(crate) use {page, renamed_field, resource, tagged, union_resource};
