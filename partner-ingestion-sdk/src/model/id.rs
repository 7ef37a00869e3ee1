//! Identifiers: opaque text, with a separate type for each kind of resource.

/// Declares an identifier. Identifiers of different resources cannot be confused. Any text is accepted; a call rejects text that is
/// invalid in a path.
///
/// An identifier that is created from an empty text, or from a resource without an id, is `None`. It reads as an empty text
/// and cannot be serialized, so that neither a path nor a body with it is sent. An empty text in a response is kept.
macro_rules! id {
    ($(#[$doc:meta])* pub struct $name:ident;) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Option<String>);

        impl $name {
            /// Returns the identifier as text.
            #[inline]
            pub fn as_str(&self) -> &str {
                self.0.as_deref().unwrap_or_default()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match &self.0 {
                    Some(text) => serializer.serialize_str(text),
                    None => Err(serde::ser::Error::custom($crate::model::id::empty(stringify!($name)))),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(|text| Self(Some(text)))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                Self::from(text.to_owned())
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(text: String) -> Self {
                Self(Some(text).filter(|text| !text.is_empty()))
            }
        }

        impl From<&String> for $name {
            #[inline]
            fn from(text: &String) -> Self {
                Self::from(text.clone())
            }
        }

        impl From<&$name> for $name {
            #[inline]
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<uuid::Uuid> for $name {
            #[inline]
            fn from(id: uuid::Uuid) -> Self {
                Self::from(id.to_string())
            }
        }

        impl AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A resource can be passed where its id is expected. A resource without an id gives an empty id, which is an `InvalidArgument`
/// error before anything is sent.
macro_rules! id_of {
    ($type:ident => $id:ident) => {
        impl From<&$type> for $id {
            #[inline]
            fn from(resource: &$type) -> Self {
                Self::from($crate::Resource::id(resource).unwrap_or_default())
            }
        }

        #[cfg(feature = "client")]
        impl From<&$crate::Response<$type>> for $id {
            #[inline]
            fn from(response: &$crate::Response<$type>) -> Self {
                Self::from(&**response)
            }
        }
    };
}

pub(crate) use {id, id_of};

/// The message for an id that is needed and empty.
pub(crate) fn empty(name: &str) -> String {
    format!("{name} is empty; a resource passed as an id must have one")
}

#[cfg(test)]
mod tests {
    use crate::types::ProductId;

    #[test]
    fn ids_without_text_cannot_be_serialized() {
        for id in [ProductId::from(""), ProductId::from(String::new())] {
            assert_eq!((id.as_str(), id.to_string().as_str(), format!("{id:?}").as_str()), ("", "", "ProductId(\"\")"));
            let error = serde_json::to_string(&id).unwrap_err();
            assert_eq!(error.to_string(), "ProductId is empty; a resource passed as an id must have one");
        }
    }

    #[test]
    fn ids_with_text_keep_it() {
        for text in ["", "1", "a b", "\u{1f600}"] {
            let id: ProductId = serde_json::from_value(text.into()).unwrap();
            assert_eq!((id.as_str(), serde_json::to_value(&id).unwrap()), (text, text.into()));
        }
        assert!(serde_json::from_str::<ProductId>("null").is_err() && serde_json::from_str::<ProductId>("1").is_err());
    }
}
