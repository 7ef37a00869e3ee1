//! The response bodies of the token endpoint (RFC 6749 sections 5.1 and 5.2), as Entra ID writes them.

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// The body of a success response. The v1 endpoint writes numbers as strings and the v2 endpoint as numbers, but each form has
/// been observed on the other endpoint, too.
#[derive(Deserialize)]
pub(super) struct EntraToken {
    #[serde(deserialize_with = "secret")]
    pub(super) access_token: Zeroizing<String>,
    token_type: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<u64>,
}

impl EntraToken {
    /// Returns `None` if the body is not a token response. Data after the object is ignored.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        Self::deserialize(&mut serde_json::Deserializer::from_slice(body)).ok()
    }

    pub(super) fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    pub(super) fn refresh_in(&self) -> Option<Duration> {
        self.refresh_in.map(Duration::from_secs)
    }

    pub(super) fn is_bearer(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("bearer")
    }
}

/// Reads these members of a JSON object. All others, which may be secrets, are skipped without a copy. Returns `None` if the
/// body is not an object.
pub(crate) fn members(body: &[u8], names: &[&'static str]) -> Option<Map<String, Value>> {
    struct Members<'n>(&'n [&'static str]);

    impl<'de> Visitor<'de> for Members<'_> {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            let mut found = Map::new();
            while let Some(name) = object.next_key::<String>()? {
                match self.0.contains(&name.as_str()) {
                    true => drop(found.insert(name, object.next_value()?)),
                    false => drop(object.next_value::<IgnoredAny>()?),
                }
            }
            Ok(found)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let found = deserializer.deserialize_map(Members(names)).ok()?;
    deserializer.end().ok().map(|()| found)
}

/// The body of an error response, with every field that can be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ErrorBody {
    pub(super) error: String,
    pub(super) codes: Vec<u32>,
    pub(super) trace_id: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) timestamp: Option<String>,
}

impl ErrorBody {
    /// Returns `None` if the body is not an object with an `error` field.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body =
            members(body, &["error", "error_description", "error_codes", "trace_id", "correlation_id", "timestamp"])?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        // Gateways write an object with a code instead of a string.
        let error = text("error").or_else(|| body.get("error")?.get("code")?.as_str())?;
        let description = text("error_description").unwrap_or_default();
        let member = |name: &str, label: &str| {
            text(name)
                .or_else(|| labelled(description, label))
                .map(str::trim)
                .filter(|text| is_safe_word(text))
                .map(str::to_owned)
        };
        let timestamp = text("timestamp").filter(|text| is_timestamp(text));
        Some(Self {
            error: error.to_owned(),
            codes: codes(body.get("error_codes"), description),
            trace_id: member("trace_id", "Trace ID:"),
            correlation_id: member("correlation_id", "Correlation ID:"),
            timestamp: timestamp.map(str::to_owned),
        })
    }

    /// Returns the `error` field if it is safe to print (RFC 6749 section 5.2 allows only ASCII).
    pub(super) fn error_code(&self) -> Option<&str> {
        Some(self.error.as_str()).filter(|error| is_safe_word(error))
    }
}

/// Returns the codes from `error_codes`, as numbers or strings, or else those in the description.
fn codes(listed: Option<&Value>, description: &str) -> Vec<u32> {
    let number = |code: &Value| match code {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let listed: Vec<u32> =
        listed.and_then(Value::as_array).into_iter().flatten().filter_map(number).take(MAX_CODES).collect();
    if !listed.is_empty() {
        return listed;
    }
    let named = description.split("AADSTS").skip(1);
    named.filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).take(MAX_CODES).collect()
}

const MAX_CODES: usize = 8;

/// Returns the value after a label in a description. Lines end with CRLF or, in newer responses, with a space.
fn labelled<'t>(description: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = description.split_once(label)?;
    rest.split_whitespace().next()
}

/// Returns true if the text is a short ASCII word, which is safe to print. Other text may contain an echoed secret.
pub(super) fn is_safe_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn is_timestamp(text: &str) -> bool {
    text.len() <= 40 && text.chars().all(|c| c.is_ascii_digit() || "TZ:.+- ".contains(c))
}

/// Deserializes a text whose memory is zeroed when it is dropped, also if a later member is invalid.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

/// Deserializes a whole number of seconds from a number or a string.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Seconds;

    impl Visitor<'_> for Seconds {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            u64::try_from(value).map(Some).map_err(|_| E::custom("a negative number of seconds"))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            // The conversion is exact up to 2^53. Larger values are not lifetimes.
            let sane = value.is_finite() && (0.0..9_007_199_254_740_992.0).contains(&value);
            if sane { Ok(Some(value as u64)) } else { Err(E::custom("not a number of seconds")) }
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            let value = value.trim();
            if let Ok(whole) = value.parse() {
                return Ok(Some(whole));
            }
            self.visit_f64(value.parse().map_err(|_| E::custom("not a number of seconds"))?)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Seconds)
}
