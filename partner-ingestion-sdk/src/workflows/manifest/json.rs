//! A JSON value that keeps the text of its numbers. Objects are sorted by key, so that files are deterministic.

use crate::model::raw::Raw;
use crate::types::Decimal;
use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// The maximum depth of a value. Values of the service have fewer than 10 levels.
const MAX_DEPTH: usize = 64;

/// The properties that are decimals. Other formats than JSON write them as a text if a number would not keep theirs.
const DECIMALS: &[&str] = &["openPrice", "priceInUsd", "quantity"];

/// The properties of an object.
pub(crate) type Fields = BTreeMap<String, Json>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    List(Vec<Json>),
    Object(Fields),
}

impl Json {
    /// Reads JSON text. A key that an object has twice is an error.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        parse(serde_json::from_str(text)?, MAX_DEPTH)
    }

    /// Converts a resource. The text of decimals is kept.
    pub(crate) fn of(resource: &impl Serialize) -> Result<Self, serde_json::Error> {
        Self::parse(&serde_json::to_string(resource)?)
    }

    /// Decodes a resource. The error names the place inside.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
        let text = serde_json::to_string(self).unwrap_or_default();
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&text))
    }

    /// Returns true if there is a value at the end of these steps.
    pub(crate) fn has(&self, steps: &[String]) -> bool {
        let value = steps.iter().try_fold(self, |value, step| match value {
            Self::Object(fields) => fields.get(step),
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        });
        value.is_some()
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Fields> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Returns true if both have the same meaning: numbers are compared by value, so that `9.90` is `9.9`.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => digits(left) == digits(right),
            (Self::List(left), Self::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.is_same(right))
            }
            (Self::Object(left), Self::Object(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.0 == right.0 && left.1.is_same(right.1))
            }
            _ => self == other,
        }
    }

    /// The JSON type, for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Sign, significant digits without leading and trailing zeros, and exponent: the same for the same value.
fn digits(number: &Decimal) -> (bool, String, i64) {
    let text = number.as_str();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len() - significant.len();
    let significant = significant.trim_start_matches('0').to_owned();
    if significant.is_empty() {
        return (false, significant, 0);
    }
    let shift = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap_or(i64::MAX);
    (negative, significant, exponent.saturating_sub(shift(fraction.len())).saturating_add(shift(dropped)))
}

/// `RawValue` gives the text of each level without recursion, so that this function can limit the depth.
fn parse(raw: &RawValue, depth: usize) -> Result<Json, serde_json::Error> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(de::Error::custom(format_args!("more than {MAX_DEPTH} levels")));
    };
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text)?;
            let fields = members.into_iter().map(|(key, value)| Ok((key, parse(value, below)?)));
            Json::Object(fields.collect::<Result<_, serde_json::Error>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            Json::List(items.into_iter().map(|item| parse(item, below)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') | None => Json::Null,
        Some(_) => Json::Number(serde_json::from_str(text)?),
    })
}

/// The members of an object, none of which has the key of another.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                let mut keys = std::collections::BTreeSet::new();
                while let Some(key) = map.next_key::<String>()? {
                    if !keys.insert(key.clone()) {
                        return Err(de::Error::custom(format_args!("duplicate key {key:?}")));
                    }
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_numbers_is_kept() {
        let text = r#"{"a":[1.50,-0,1e400,12345678901234567890123456789.0],"b":{"c":null,"d":true},"e":"\u00fc"}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text.replace("\\u00fc", "\u{fc}"));
        assert_eq!(serde_json::from_str::<Json>(text).unwrap(), json);
    }

    #[test]
    fn every_decimal_property_is_known() {
        let unknown =
            super::super::tests::properties_of_type("Decimal").into_iter().filter(|name| !DECIMALS.contains(name));
        assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn deep_and_duplicate_input_is_an_error() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Json::parse(&deep).is_err());
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(Json::parse(&deep).unwrap_err().to_string().contains("more than 64 levels"));
        assert!(Json::parse(r#"{"a": {"b": 1, "b": 2}}"#).unwrap_err().to_string().contains("duplicate key \"b\""));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = |text: &str| Json::Number(text.parse().unwrap());
        for (left, right, same) in [
            ("9.90", "9.9", true),
            ("10", "1e1", true),
            ("100", "1E+2", true),
            ("0.00", "-0", true),
            ("0.010", "1e-2", true),
            ("10", "1", false),
            ("-1", "1", false),
            ("1.01", "1.1", false),
            ("12345678901234567890.1", "12345678901234567890.2", false),
        ] {
            assert_eq!(number(left).is_same(&number(right)), same, "{left} {right}");
        }
    }
}
