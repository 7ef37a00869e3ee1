//! The `Retry-After` header (RFC 9110 section 10.2.3).

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// Returns the delay of the `Retry-After` header: seconds, or a date in one of the three formats of HTTP.
///
/// A date is relative to the response's own `Date`, so that the clock of this machine does not matter. Delays are limited to 136 years,
/// which can be added to any time.
///
/// Not covered by the compatibility promise: `partner-ingestion-sdk` and this crate share it.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let value = text(RETRY_AFTER)?;
    let longest = Duration::from_secs(u32::MAX.into());
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds).min(longest));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    Some(at.duration_since(now).unwrap_or_default().min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(value: &str, date: &str) -> Option<u64> {
        let headers = [(RETRY_AFTER, value), (DATE, date)].map(|(name, value)| (name, value.parse().unwrap()));
        retry_after(&HeaderMap::from_iter(headers)).map(|delay| delay.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let date = "Sun, 06 Nov 1994 08:49:00 GMT";
        let table = [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("99999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(delay(value, date), expected, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_date_is_relative_to_the_clock_of_this_machine_if_the_response_has_none() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(90));
        for date in ["", "yesterday"] {
            let delay = delay(&soon, date).unwrap();
            assert!((85..=90).contains(&delay), "{delay}");
        }
    }
}
