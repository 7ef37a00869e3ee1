//! A JSON value that keeps the text of its numbers. Objects are sorted by key, so that files are deterministic.

mod parse;
mod serde;

use crate::types::Decimal;
use ::serde::Serialize;
use ::serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The maximum depth of a value. Values of the service have fewer than 10 levels.
const MAX_DEPTH: usize = 64;

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
        parse::parse(serde_json::from_str(text)?, MAX_DEPTH)
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
        let unknown = super::super::tests::properties_of_type("Decimal")
            .into_iter()
            .filter(|name| !serde::DECIMALS.contains(name));
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
