//! What the token endpoint answers: RFC 6749 sections 5.1 and 5.2, as Entra ID writes them.

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::time::Duration;

/// A successful answer. The v1 endpoint writes numbers as strings, the v2 endpoint as numbers; both have been seen the
/// other way round.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct EntraToken {
    access_token: AccessToken,
    #[serde(deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds", skip_serializing)]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "seconds", skip_serializing)]
    refresh_in: Option<u64>,
}

impl EntraToken {
    pub(crate) fn refresh_in(&self) -> Option<Duration> {
        self.refresh_in.map(Duration::from_secs)
    }

    pub(crate) fn is_bearer(&self) -> bool {
        matches!(self.token_type, BasicTokenType::Bearer)
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

/// A refusal. `error_description` is owned text: Entra ID writes escaped line ends into it.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct EntraError {
    pub(crate) error: String,
    #[serde(default)]
    pub(crate) error_description: String,
    #[serde(default)]
    pub(crate) error_codes: Vec<u32>,
    #[serde(default)]
    pub(crate) trace_id: Option<String>,
    #[serde(default)]
    pub(crate) correlation_id: Option<String>,
}

impl EntraError {
    /// The listed codes, else those that the description names.
    pub(crate) fn codes(&self) -> Vec<u32> {
        if !self.error_codes.is_empty() {
            return self.error_codes.clone();
        }
        let named = self.error_description.split("AADSTS").skip(1);
        named
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .collect()
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl ErrorResponse for EntraError {}

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
            u64::try_from(value)
                .map(Some)
                .map_err(|_| E::custom("a negative number of seconds"))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            // Within 2^53 the conversion is exact; anything else is not a lifetime.
            let sane = value.is_finite() && (0.0..9_007_199_254_740_992.0).contains(&value);
            if sane {
                Ok(Some(value as u64))
            } else {
                Err(E::custom("not a number of seconds"))
            }
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            value
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| E::custom("not a number of seconds"))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_numbers_or_text() {
        for (body, expected) in [
            (
                r#"{"access_token":"t","token_type":"Bearer","expires_in":"3600","expires_on":"1546469802"}"#,
                Some(3600),
            ),
            (
                r#"{"access_token":"t","token_type":"bearer","expires_in":3599,"ext_expires_in":3599}"#,
                Some(3599),
            ),
            (r#"{"access_token":"t","token_type":"Bearer"}"#, None),
            (r#"{"access_token":"t","token_type":"Bearer","expires_in":null}"#, None),
            (
                r#"{"access_token":"t","token_type":"Bearer","expires_in":3599.0}"#,
                Some(3599),
            ),
        ] {
            let token: EntraToken = serde_json::from_str(body).unwrap();
            assert_eq!(token.expires_in(), expected.map(Duration::from_secs), "{body}");
            assert!(token.is_bearer());
        }
        for lifetime in ["-1", "\"soon\"", "1e30", "{}"] {
            let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{lifetime}}}"#);
            assert!(serde_json::from_str::<EntraToken>(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn codes_are_listed_or_named() {
        let listed: EntraError = serde_json::from_str(r#"{"error":"invalid_client","error_codes":[7000215]}"#).unwrap();
        assert_eq!(listed.codes(), [7_000_215]);
        let named = r#"{"error":"x","error_description":"AADSTS700016: no.\r\nTrace ID: 1"}"#;
        let named: EntraError = serde_json::from_str(named).unwrap();
        assert_eq!(named.codes(), [700_016]);
    }
}
