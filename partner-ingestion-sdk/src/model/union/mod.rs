//! Unions: one of several types, selected by a tag or by the JSON type. Decoded without buffering if the tag comes first.

mod tagged_map;

pub(crate) use tagged_map::TaggedMapAccess;

use super::value::Extra;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A union member with an unknown tag or without a tag. All fields are kept.
///
/// `Debug` prints only the names of the fields, because values may be secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnknownMember(Extra);

impl UnknownMember {
    /// Returns the fields of the object.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra {
        &mut self.0
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

/// Declares a union whose members are selected by the text of one property, the tag.
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
                #[doc = concat!("Returns the member if the tag is `", $text, "`.")]
                $(#[$mark])*
                pub fn $accessor(&self) -> Option<&$member> {
                    match self {
                        Self::$variant(member) => Some(member),
                        _ => None,
                    }
                }
            )*

            /// Returns the object if its tag is unknown or missing.
            pub fn as_unknown(&self) -> Option<&UnknownMember> {
                match self {
                    Self::__Unknown(member) => Some(member),
                    _ => None,
                }
            }

            /// Adds a property that the member has no field for. A value that cannot be serialized makes the object one that cannot
            /// be sent.
            #[allow(dead_code, reason = "only unions in request bodies have setters")]
            pub(crate) fn with(mut self, property: &str, value: impl serde::Serialize) -> Self {
                let extra = self.extra_mut();
                match serde_json::to_value(value) {
                    Ok(value) => drop(extra.insert(property.to_owned(), value)),
                    Err(error) => *extra = $crate::types::Extra::invalid(error.to_string()),
                }
                self
            }

            /// Returns the properties that the member has no fields for.
            #[allow(dead_code, reason = "only unions in request bodies have setters")]
            pub(crate) fn extra_mut(&mut self) -> &mut $crate::types::Extra {
                match self {
                    $(Self::$variant(member) => &mut member.extra,)*
                    Self::__Unknown(member) => member.extra_mut(),
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

            #[cfg(feature = "client")]
            impl From<&$crate::Response<$member>> for $name {
                #[inline]
                fn from(response: &$crate::Response<$member>) -> Self {
                    Self::from(&**response)
                }
            }
        )*

        $crate::model::setters::body!($name);

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

/// Declares a union whose members are selected by their JSON type. The variants are named after `JsonType`.
macro_rules! json_type_union {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident($member:ty),)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("JSON type: ", stringify!($variant), ".")]
                $variant($member),
            )*
        }

        $(
            impl From<$member> for $name {
                #[inline]
                fn from(member: $member) -> Self {
                    Self::$variant(member)
                }
            }
        )*

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::model::raw::{JsonType, Raw};
                let raw = Raw::<serde_json::Value>::deserialize(deserializer)?;
                match raw.json_type() {
                    $(JsonType::$variant => raw.decode(std::marker::PhantomData).map(Self::$variant),)*
                    _ => Err(serde::de::Error::custom(concat!("expected one of: ", $(stringify!($variant), " "),*))),
                }
            }
        }
    };
}

pub(crate) use {json_type_union, tagged_union};

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
    fn only_the_tag_selects_the_member() {
        for body in [
            json!({"resourceType": "MarketoLeadConfiguration", "serverID": "1", "connectionString": "of another member"}),
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
        for body in [json!({"resourceType": "Unknown", "x": 1}), json!({"formID": "f"}), json!({})] {
            assert!(round_trip(&body).as_unknown().is_some());
        }
    }

    #[test]
    fn decode_error_names_the_member() {
        let error =
            serde_json::from_str::<LeadConfiguration>(r#"{"resourceType":"MarketoLeadConfiguration","formID":1}"#);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("MarketoLeadConfiguration: formID: ") && error.contains("expected a string"), "{error}");
    }

    #[test]
    fn decodes_both_forms_of_audiences() {
        for body in [json!(["a", "b"]), json!({"type": "PreviewMarketplaceGroup", "values": ["a"], "new": 1})] {
            let audience: PreviewMarketplaceGroup = serde_json::from_value(body.clone()).unwrap();
            assert_eq!(serde_json::to_value(&audience).unwrap(), body);
        }
        assert!(serde_json::from_value::<PreviewMarketplaceGroup>(json!(1)).is_err());
    }
}
