//! Open enums: a value that the document does not list keeps its text.

use std::fmt;

/// The text of a value that this version of the crate does not know. To read it, call `as_str` of the enum.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownValue {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Declares an open enum. The variant for unknown values is hidden and users cannot create it, so that their code does not change
/// its behavior when a value becomes known. They match the known variants and `_`, or compare `as_str()`. Values that were removed
/// from the document stay as deprecated variants, so that code that uses them still compiles and behaves the same.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident = $text:literal,)* }
     $(pub enum Removed { $($(#[$mark:meta])* $removed:ident = $old:literal,)* })?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`.")]
                $variant,
            )*
            $($(
                #[doc = concat!("`", $old, "`.")]
                $(#[$mark])*
                $removed,
            )*)?
            #[doc(hidden)]
            __Unknown($crate::types::UnknownValue),
        }

        impl $name {
            /// All known values, in the order of the document.
            pub const KNOWN: &[Self] = &[$(Self::$variant,)*];

            /// Returns the value as the service writes it.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    $($(Self::$removed => $old,)*)?
                    Self::__Unknown(text) => text.as_str(),
                }
            }

            /// Returns true if this version of the crate knows the value.
            #[inline]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::__Unknown(_))
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    $($($old => Self::$removed,)*)?
                    other => Self::__Unknown($crate::types::UnknownValue::new(other)),
                }
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<&$name> for $name {
            #[inline]
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            #[inline]
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            /// Compares by text, so that the order does not change when a value becomes known.
            #[inline]
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    #[inline]
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    #[inline]
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::from(text))
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use crate::types::UploadState;
    use std::collections::BTreeSet;

    #[test]
    fn unknown_values_keep_their_text() {
        for text in ["Processed", "Unknown", "", "processed", "\u{1f600}"] {
            let state: UploadState = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(&state).unwrap(), text);
            assert_eq!(state.is_known(), text == "Processed");
            assert_eq!(text.parse::<UploadState>().unwrap(), state);
            assert_eq!(state.to_string(), text);
        }
        for body in ["1", "null", "{}", "[]", "true"] {
            assert!(serde_json::from_str::<UploadState>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn values_are_ordered_by_text() {
        let texts = ["Uploaded", "Aaa", "Processed", "Zzz"];
        let sorted: BTreeSet<UploadState> = texts.map(UploadState::from).into();
        let sorted: Vec<&str> = sorted.iter().map(UploadState::as_str).collect();
        assert_eq!(sorted, ["Aaa", "Processed", "Uploaded", "Zzz"]);
    }
}
