//! Unions: one of several types, told apart by a tag or by the JSON type, decoded while streaming.

mod tagged_map;

pub(crate) use tagged_map::TaggedMapAccess;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// An object whose tag is not known, or that has none: kept whole.
///
/// `Debug` prints the names of its fields alone.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnknownMember(Map<String, Value>);

impl UnknownMember {
    /// The object.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }
}

impl fmt::Debug for UnknownMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Declares a union whose members are told apart by the text of one property.
macro_rules! tagged_union {
    (#[tag = $tag:literal] $(#[$meta:meta])* pub enum $name:ident {
        $(#[accessor($accessor:ident)] $(#[$mark:meta])* $variant:ident($member:ident $(,)?) = $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("The tag is `", $text, "`.")]
                $(#[$mark])*
                $variant($member),
            )*
            #[doc(hidden)]
            __Unknown(UnknownMember),
        }

        impl $name {
            $(
                #[doc = concat!("The member, if it is a `", $text, "`.")]
                $(#[$mark])*
                pub fn $accessor(&self) -> Option<&$member> {
                    match self {
                        Self::$variant(member) => Some(member),
                        _ => None,
                    }
                }
            )*

            /// The object, if its tag is not known or missing.
            pub fn as_unknown(&self) -> Option<&UnknownMember> {
                match self {
                    Self::__Unknown(member) => Some(member),
                    _ => None,
                }
            }
        }

        $(
            impl From<$member> for $name {
                #[inline]
                fn from(member: $member) -> Self {
                    Self::$variant(member)
                }
            }

            impl From<&$member> for $name {
                #[inline]
                fn from(member: &$member) -> Self {
                    Self::$variant(member.clone())
                }
            }
        )*

        impl From<&$name> for $name {
            #[inline]
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    #[inline]
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object with `", $tag, "`"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        use serde::de::Error as _;
                        let (tag, object) = $crate::model::union::TaggedMapAccess::read($tag, map)?;
                        let object = serde::de::value::MapAccessDeserializer::new(object);
                        match tag.as_deref() {
                            $(
                                Some($text) => <$member as serde::Deserialize>::deserialize(object)
                                    .map($name::$variant)
                                    .map_err(|e| A::Error::custom(format_args!("{}: {e}", $text))),
                            )*
                            _ => serde::Deserialize::deserialize(object).map($name::__Unknown),
                        }
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
}

/// Declares a union whose members are told apart by their JSON type; the variants are named after `Shape`.
macro_rules! shaped_union {
    ($(#[$meta:meta])* pub enum $name:ident { $($shape:ident($member:ty),)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("It is written as: ", stringify!($shape), ".")]
                $shape($member),
            )*
        }

        $(
            impl From<$member> for $name {
                #[inline]
                fn from(member: $member) -> Self {
                    Self::$shape(member)
                }
            }
        )*

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::model::raw::{Raw, Shape};
                let raw = Raw::<serde_json::Value>::deserialize(deserializer)?;
                match raw.shape() {
                    $(Shape::$shape => raw.decode(std::marker::PhantomData).map(Self::$shape),)*
                    _ => Err(serde::de::Error::custom(concat!("expected one of: ", $(stringify!($shape), " "),*))),
                }
            }
        }
    };
}

pub(crate) use {shaped_union, tagged_union};

#[cfg(test)]
mod tests {
    use crate::types::{LeadConfiguration, PreviewMarketplaceGroup};
    use serde_json::{Value, json};

    fn round_trip(body: &Value) -> LeadConfiguration {
        let lead: LeadConfiguration = serde_json::from_str(&body.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&lead).unwrap(), *body);
        lead
    }

    #[test]
    fn marketo_stays_marketo() {
        for body in [
            json!({"resourceType": "MarketoLeadConfiguration", "serverID": "1", "connectionString": "not mine"}),
            // The tag last, after fields of other members.
            json!({"containerName": "c", "formID": "f", "resourceType": "MarketoLeadConfiguration", "zzz": [1.5, null]}),
        ] {
            let lead = round_trip(&body);
            assert!(lead.as_marketo().is_some());
            assert!(lead.as_azure_blob().is_none());
        }
    }

    #[test]
    fn unknown_and_missing_tags_keep_the_object() {
        for body in [json!({"resourceType": "Telepathy", "x": 1}), json!({"formID": "f"}), json!({})] {
            assert!(round_trip(&body).as_unknown().is_some());
        }
    }

    #[test]
    fn a_bad_field_names_the_member() {
        let error =
            serde_json::from_str::<LeadConfiguration>(r#"{"resourceType":"MarketoLeadConfiguration","formID":1}"#);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("MarketoLeadConfiguration: formID: ") && error.contains("expected a string"), "{error}");
    }

    #[test]
    fn both_forms_of_audiences() {
        for body in [json!(["a", "b"]), json!({"type": "PreviewMarketplaceGroup", "values": ["a"], "new": 1})] {
            let audience: PreviewMarketplaceGroup = serde_json::from_value(body.clone()).unwrap();
            assert_eq!(serde_json::to_value(&audience).unwrap(), body);
        }
        assert!(serde_json::from_value::<PreviewMarketplaceGroup>(json!(1)).is_err());
    }
}
