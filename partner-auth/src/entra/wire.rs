//! What the token endpoint answers: RFC 6749 sections 5.1 and 5.2, as Entra ID writes them.

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// A successful answer. The v1 endpoint writes numbers as strings, the v2 endpoint as numbers; both have been seen the
/// other way round.
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

    /// The text itself, so that no copy stays behind.
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

/// A refusal as far as it can be read, whatever types its members have.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) codes: Vec<u32>,
    pub(super) trace_id: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) timestamp: Option<String>,
}

impl Refusal {
    /// Nothing when the body is no object with an `error`.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        // Gateways write an object with a code.
        let error = body["error"].as_str().or_else(|| body["error"]["code"].as_str())?;
        let description = body["error_description"].as_str().unwrap_or_default();
        let member = |name: &str, label: &str| {
            let text = body[name].as_str().or_else(|| labelled(description, label));
            text.map(str::trim).filter(|text| is_word(text)).map(str::to_owned)
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

    /// The member `error`, if it is one (RFC 6749 section 5.2 allows ASCII words).
    pub(super) fn word(&self) -> Option<&str> {
        Some(self.error.as_str()).filter(|error| is_word(error))
    }
}

/// The listed codes, as numbers or text; else those that the description names.
fn codes(listed: &Value, description: &str) -> Vec<u32> {
    let number = |code: &Value| match code {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let listed: Vec<u32> = listed.as_array().into_iter().flatten().filter_map(number).take(MOST_CODES).collect();
    if !listed.is_empty() {
        return listed;
    }
    let named = description.split("AADSTS").skip(1);
    named.filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).take(MOST_CODES).collect()
}

const MOST_CODES: usize = 8;

/// What follows a label in a description; lines end with CRLF or, in newer answers, with a space.
fn labelled<'t>(description: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = description.split_once(label)?;
    rest.split_whitespace().next()
}

/// Short ASCII words are repeated to the reader; anything else may be a secret that came back.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn is_timestamp(text: &str) -> bool {
    text.len() <= 40 && text.chars().all(|c| c.is_ascii_digit() || "TZ:.+- ".contains(c))
}

/// `oauth2` wants a type for refusals. What is read stands in [`Refusal`], which the bridge makes of every answer.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AnyRefusal {}

impl fmt::Display for AnyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl ErrorResponse for AnyRefusal {}

/// A whole number of seconds, as a number or as text.
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
            // Within 2^53 the conversion is exact; anything else is not a lifetime.
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
