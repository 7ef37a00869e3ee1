//! A JSON number that keeps its text. As `f64`, a price of 28 digits would change and `10` would become `10.0`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// A JSON number that keeps its text.
///
/// ```
/// use partner_ingestion_sdk::types::Decimal;
///
/// let price: Decimal = serde_json::from_str("9.990")?;
/// assert_eq!(price.as_str(), "9.990");
/// assert_eq!(price.to_f64(), 9.99);
/// assert_eq!(serde_json::to_string(&price)?, "9.990");
/// assert_eq!(Decimal::from(5), "5".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
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

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !text.ends_with(char::is_whitespace);
        let number = number && serde_json::from_str::<&RawValue>(text).is_ok();
        if number { Ok(Self(text.into())) } else { Err(DecimalError(())) }
    }
}

impl TryFrom<f64> for Decimal {
    type Error = DecimalError;

    /// Converts the number to the shortest text that parses as the same number.
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

from_integer!(i8 i16 i32 i64 u8 u16 u32 u64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        let kind = match raw.get().as_bytes().first() {
            Some(b'0'..=b'9' | b'-') => return Ok(Self(raw.get().into())),
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'n') => "null",
            _ => "a boolean",
        };
        Err(de::Error::custom(format_args!("invalid type: {kind}, expected a number")))
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
}
