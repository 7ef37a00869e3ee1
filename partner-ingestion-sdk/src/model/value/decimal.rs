//! A JSON number that keeps its text. As `f64`, a price of 28 digits would change and `10` would become `10.0`.

use crate::model::raw::{Raw, is_serde_json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// A JSON number that keeps its text.
///
/// Create it from an integer, from text, or from an `f64` that is finite:
///
/// ```
/// use partner_ingestion_sdk::types::{Decimal, DecimalError};
///
/// fn prices() -> Result<[Decimal; 3], DecimalError> {
///     Ok([Decimal::from(10), "9.990".parse()?, Decimal::try_from(9.99)?])
/// }
/// let [whole, text, float] = prices()?;
/// assert_eq!((whole.as_str(), text.as_str(), float.as_str()), ("10", "9.990", "9.99"));
/// assert_eq!(text.to_f64(), float.to_f64());
/// # Ok::<(), DecimalError>(())
/// ```
///
/// Two decimals are equal if their texts are: `9.990` and `9.99` differ.
///
/// # Formats
///
/// | format | written as | read from |
/// | --- | --- | --- |
/// | JSON, with serde_json | a number with the same text | a number, with any number of digits |
/// | YAML, TOML, CBOR, MessagePack, others | an `i64` or `f64` if that gives the same text, otherwise a string | a number or a string |
///
/// What is written is read back with the same text in every format. An unquoted number in a YAML or TOML file that you write by hand
/// is read as an integer or an `f64` and loses what these cannot hold: `9.990` becomes `9.99`. Quote it to keep the text.
///
/// A serializer that hides its error type, for example through `erased_serde`, is treated as another format even if it writes JSON.
///
/// ```
/// use partner_ingestion_sdk::types::Decimal;
///
/// let price: Decimal = serde_json::from_str("9.990")?;
/// assert_eq!(serde_json::to_string(&price)?, "9.990");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// Returns the JSON text of the number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the nearest `f64`. Infinite if the number is too large.
    pub fn to_f64(&self) -> f64 {
        // `f64` can parse every JSON number.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An error for text that is not a JSON number (RFC 8259, section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalError(());

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number such as 12 or -0.50")
    }
}

impl std::error::Error for DecimalError {}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Takes the text of a JSON number, such as `9.990`, `-1` or `1e3`.
    ///
    /// # Errors
    ///
    /// The text is anything else, such as `1,5`, `+1`, `.5` or text with spaces.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !text.ends_with(char::is_whitespace);
        let number = number && serde_json::from_str::<&RawValue>(text).is_ok();
        if number { Ok(Self(text.into())) } else { Err(DecimalError(())) }
    }
}

impl TryFrom<f64> for Decimal {
    type Error = DecimalError;

    /// Converts the number to the shortest text that parses as the same number, such as `9.99`, and `10.0` for a whole one.
    ///
    /// # Errors
    ///
    /// Returns an error if the number is infinite or not a number.
    fn try_from(value: f64) -> Result<Self, DecimalError> {
        let number = serde_json::Number::from_f64(value).ok_or(DecimalError(()))?;
        Ok(Self(number.to_string().into()))
    }
}

macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Decimal {
            fn from(value: $integer) -> Self {
                Self(value.to_string().into())
            }
        }
    )*};
}

from_integer!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if is_serde_json::<S::Error>() {
            let raw: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
            return raw.serialize(serializer);
        }
        match self.0.parse::<i64>() {
            Ok(integer) if Self::from(integer) == *self => return serializer.serialize_i64(integer),
            _ => {}
        }
        let float = self.to_f64();
        match Self::try_from(float) {
            Ok(same) if same == *self => serializer.serialize_f64(float),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Raw::<Plain>::deserialize(deserializer)? {
            Raw::Json(text) => text,
            Raw::Other(Plain(decimal)) => return Ok(decimal),
        };
        let kind = match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'-') => return Ok(Self(text.into())),
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'n') => "null",
            _ => "a boolean",
        };
        Err(de::Error::custom(format_args!("invalid type: {kind}, expected a number")))
    }
}

/// A decimal in another format than JSON.
struct Plain(Decimal);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl de::Visitor<'_> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a string with a number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Plain, E> {
        Decimal::try_from(value).map(Plain).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Plain, E> {
        value.parse().map(Plain).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_text() {
        for text in ["0", "-1.50", "1e400", "79228162514264337593543950335", "0.1234567890123456789012345678"] {
            let number: Decimal = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
            assert_eq!(text.parse::<Decimal>().unwrap(), number);
        }
    }

    #[test]
    fn rejects_text_that_is_not_a_number() {
        for text in ["\"1\"", "{}", "[]", "true", "null"] {
            assert!(serde_json::from_str::<Decimal>(text).is_err(), "{text}");
        }
        for text in ["", "01", "1 ", " 1", "1,5", "NaN", "+1", "null", "0x1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert!(Decimal::try_from(f64::INFINITY).is_err());
        assert_eq!(Decimal::try_from(0.1).unwrap().as_str(), "0.1");
    }
    /// Decodes from a deserializer that has nothing to do with serde_json.
    fn plain<'de, T>(value: T) -> Result<Decimal, serde::de::value::Error>
    where
        T: serde::de::IntoDeserializer<'de, serde::de::value::Error>,
    {
        Decimal::deserialize(value.into_deserializer())
    }

    #[test]
    fn other_formats_have_numbers_and_strings() {
        assert_eq!(plain(7u8).unwrap().as_str(), "7");
        assert_eq!(plain(i64::MIN).unwrap(), Decimal::from(i64::MIN));
        assert_eq!(plain(9.5).unwrap().as_str(), "9.5");
        assert_eq!(plain("0.1234567890123456789012345678").unwrap().as_str(), "0.1234567890123456789012345678");
        assert_eq!(plain("1,5").unwrap_err().to_string(), DecimalError(()).to_string());
        assert_eq!(plain(f64::NAN).unwrap_err().to_string(), DecimalError(()).to_string());
        let error = plain(true).unwrap_err().to_string();
        assert_eq!(error, "invalid type: boolean `true`, expected a number, or a string with a number");
    }

    #[test]
    fn integers_of_every_size_keep_their_digits() {
        assert_eq!(Decimal::from(u128::MAX).as_str(), "340282366920938463463374607431768211455");
        assert_eq!(Decimal::from(i128::MIN).as_str(), "-170141183460469231731687303715884105728");
        assert_eq!(Decimal::from(usize::MAX).as_str(), usize::MAX.to_string());
    }
}
