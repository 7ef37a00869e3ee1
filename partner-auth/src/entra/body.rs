//! The response bodies of the token endpoint (RFC 6749 sections 5.1 and 5.2), as Entra ID writes them.

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// The body of a success response. The v1 endpoint writes numbers as strings and the v2 endpoint as numbers, but each form has
/// been observed on the other endpoint, too.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EntraToken {
    access_token: AccessToken,
    #[serde(deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds", skip_serializing)]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "seconds", skip_serializing)]
    refresh_in: Option<u64>,
}

impl EntraToken {
    pub(super) fn refresh_in(&self) -> Option<Duration> {
        self.refresh_in.map(Duration::from_secs)
    }

    pub(super) fn is_bearer(&self) -> bool {
        matches!(self.token_type, BasicTokenType::Bearer)
    }

    /// Moves the token out, so that no copy remains in memory.
    pub(super) fn into_secret(self) -> Zeroizing<String> {
        Zeroizing::new(self.access_token.into_secret())
    }
}

impl TokenResponse for EntraToken {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
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
        let body: Value = serde_json::from_slice(body).ok()?;
        // Gateways write an object with a code instead of a string.
        let error = body["error"].as_str().or_else(|| body["error"]["code"].as_str())?;
        let description = body["error_description"].as_str().unwrap_or_default();
        let member = |name: &str, label: &str| {
            let text = body[name].as_str().or_else(|| labelled(description, label));
            text.map(str::trim).filter(|text| is_safe_word(text)).map(str::to_owned)
        };
        let timestamp = body["timestamp"].as_str().filter(|text| is_timestamp(text));
        Some(Self {
            error: error.to_owned(),
            codes: codes(&body["error_codes"], description),
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
fn codes(listed: &Value, description: &str) -> Vec<u32> {
    let number = |code: &Value| match code {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let listed: Vec<u32> = listed.as_array().into_iter().flatten().filter_map(number).take(MAX_CODES).collect();
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

/// The error type that `oauth2` requires. The error is read into [`ErrorBody`] by the transport instead.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AnyError {}

impl fmt::Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rejected")
    }
}

impl ErrorResponse for AnyError {}

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
