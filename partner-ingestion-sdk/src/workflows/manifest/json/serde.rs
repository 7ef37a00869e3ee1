//! Serializes values, and reads them from every format.

use super::{Fields, Json};
use crate::model::raw::Raw;
use crate::types::Decimal;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The properties that are decimals. Other formats than JSON write them as a text if a number would not keep theirs.
pub(super) const DECIMALS: &[&str] = &["openPrice", "priceInUsd", "quantity"];

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => serializer.collect_map(fields),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Raw::<Other>::deserialize(deserializer)? {
            Raw::Json(text) => Self::parse(&text).map_err(de::Error::custom),
            Raw::Other(Other(json)) => Ok(json),
        }
    }
}

/// A value of another format than JSON.
struct Other(Json);

impl<'de> Deserialize<'de> for Other {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OtherVisitor)
    }
}

struct OtherVisitor;

impl<'de> Visitor<'de> for OtherVisitor {
    type Value = Other;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has, too")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Other, E> {
        Ok(Other(Json::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Other, E> {
        Ok(Other(Json::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Other, E> {
        Ok(Other(Json::Number(value.into())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Other, E> {
        Decimal::try_from(value).map(|number| Other(Json::Number(number))).map_err(de::Error::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Other, E> {
        Ok(Other(Json::Text(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Other, E> {
        Ok(Other(Json::Null))
    }

    fn visit_none<E>(self) -> Result<Other, E> {
        Ok(Other(Json::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Other, D::Error> {
        Other::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Other, A::Error> {
        let mut items = Vec::new();
        while let Some(Other(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Other(Json::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Other, A::Error> {
        let mut fields = Fields::new();
        while let Some(key) = map.next_key::<String>()? {
            let Other(mut value) = map.next_value()?;
            if let Json::Text(text) = &value
                && DECIMALS.contains(&key.as_str())
                && let Ok(number) = text.parse()
            {
                value = Json::Number(number);
            }
            if fields.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key {key:?}")));
            }
            fields.insert(key, value);
        }
        Ok(Other(Json::Object(fields)))
    }
}
