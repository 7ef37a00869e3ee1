//! Identifiers: opaque text, a type of its own for each kind of resource.

/// Declares an identifier. Two of them cannot be swapped by mistake; any text is kept, what cannot stand in a path is
/// refused when a call is sent.
macro_rules! id {
    ($(#[$doc:meta])* pub struct $name:ident;) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as text.
            #[inline]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&String> for $name {
            #[inline]
            fn from(text: &String) -> Self {
                Self(text.clone())
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
                Self(id.to_string())
            }
        }

        impl AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
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
