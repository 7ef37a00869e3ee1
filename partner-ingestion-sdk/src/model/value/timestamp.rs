//! A date-time that keeps its text. The service sends date-times without a time zone, with seven fractional digits, and special values
//! for "no time".

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A date-time that keeps its text. [`to_utc`](Self::to_utc) parses it leniently.
///
/// ```
/// use partner_ingestion_sdk::types::Timestamp;
///
/// let start = Timestamp::from("2022-08-04T10:37:37.4038218");
/// assert_eq!(start.to_utc().unwrap().to_rfc3339(), "2022-08-04T10:37:37.403821800+00:00");
/// // The service's value for "no time".
/// assert!(Timestamp::from("0001-01-01T00:00:00").is_unset());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the instant, or `None` if the text is not a date-time. A text without a time zone is read as UTC.
    pub fn to_utc(&self) -> Option<DateTime<Utc>> {
        let zoned = DateTime::parse_from_rfc3339(&self.0).map(|time| time.to_utc());
        zoned.ok().or_else(|| Some(self.0.parse::<NaiveDateTime>().ok()?.and_utc()))
    }

    /// Returns true if this is one of the service's values for "no time": the years 1 and 1601.
    pub fn is_unset(&self) -> bool {
        self.0.starts_with("0001-01-01T00:00:00") || self.0.starts_with("1601-01-01T00:00:00")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_date_times_of_the_service() {
        let table = [
            ("2022-08-04T13:53:31.2590809Z", Some("2022-08-04T13:53:31.259080900+00:00")),
            ("2018-09-05T22:00:00", Some("2018-09-05T22:00:00+00:00")),
            ("2018-09-05T22:00:00+02:00", Some("2018-09-05T20:00:00+00:00")),
            ("0001-01-01T00:00:00", Some("0001-01-01T00:00:00+00:00")),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            let time = Timestamp::from(text);
            assert_eq!(time.to_utc().map(|t| t.to_rfc3339()).as_deref(), expected, "{text}");
            assert_eq!(serde_json::to_value(&time).unwrap(), text);
        }
        assert!(Timestamp::from("1601-01-01T00:00:00Z").is_unset());
        assert!(!Timestamp::from("2018-09-05T22:00:00").is_unset());
    }
}
