//! The `WWW-Authenticate` header of a rejected request (RFC 9110 section 11.6.1, RFC 6750 section 3).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use std::fmt;

/// The `Bearer` challenge of a 401 or 403 response.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};
/// use partner_auth::Challenge;
///
/// let mut headers = HeaderMap::new();
/// let value = r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
/// headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(value));
/// let challenge = Challenge::from_headers(&headers).unwrap();
/// assert_eq!(challenge.error(), Some("insufficient_claims"));
/// assert_eq!(challenge.claims(), Some("eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    params: Vec<(String, String)>,
}

/// Maximum length that is parsed. A challenge has a few hundred bytes, including claims.
const MAX_LENGTH: usize = 16 << 10;

impl Challenge {
    /// Returns the first `Bearer` challenge of the `WWW-Authenticate` headers, if there is one.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        values.find_map(Self::parse)
    }

    /// Parses the value of one `WWW-Authenticate` header. `None` if it has no `Bearer` challenge.
    pub fn parse(value: &str) -> Option<Self> {
        let mut rest = value.get(..MAX_LENGTH).unwrap_or(value).trim_start();
        let mut found = None;
        while !rest.is_empty() {
            let (word, after) = split_token(rest);
            if word.is_empty() {
                // Not a valid list of challenges: skip a character.
                let mut chars = rest.chars();
                chars.next();
                rest = chars.as_str().trim_start();
                continue;
            }
            match after.trim_start().strip_prefix('=').filter(|_| found.is_some() || !after.starts_with(' ')) {
                Some(value) => {
                    let (value, after) = split_value(value.trim_start());
                    if let Some(Self { params }) = &mut found {
                        params.push((word.to_ascii_lowercase(), value));
                    }
                    rest = after;
                }
                // The name of a scheme: the next challenge ends the `Bearer` challenge.
                None if found.is_some() => break,
                None => {
                    if word.eq_ignore_ascii_case("bearer") {
                        found = Some(Self::default());
                    }
                    rest = after;
                }
            }
            rest = rest.trim_start_matches([' ', '\t', ',']);
        }
        found
    }

    /// Returns the `error` parameter, such as `invalid_token` or `insufficient_claims`.
    pub fn error(&self) -> Option<&str> {
        self.param("error")
    }

    /// Returns the `error_description` parameter.
    pub fn error_description(&self) -> Option<&str> {
        self.param("error_description")
    }

    /// Returns the `claims` parameter, base64-encoded: the claims that a new token must have.
    pub fn claims(&self) -> Option<&str> {
        self.param("claims")
    }

    /// Returns a parameter by its name, ignoring case.
    pub fn param(&self, name: &str) -> Option<&str> {
        let mut params = self.params.iter();
        params.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error().unwrap_or("no error code"))?;
        match self.error_description() {
            Some(description) => write!(f, ": {description}"),
            None => Ok(()),
        }
    }
}

/// Splits off a token (RFC 9110 section 5.6.2) and returns it with the rest.
fn split_token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
    text.split_at(end.unwrap_or(text.len()))
}

/// Splits off a token or a quoted string and returns it unescaped with the rest.
fn split_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // Unquoted base64 may end with `=`.
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            other => value.push(other),
        }
    }
    (value, chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_challenges_of_every_form() {
        let table = [
            ("Bearer", Some((None, None))),
            ("bearer error=invalid_token", Some((Some("invalid_token"), None))),
            (
                r#"Bearer realm="a, b", error="invalid_token", error_description="x \"y\"""#,
                Some((Some("invalid_token"), Some("x \"y\""))),
            ),
            (r#"Basic realm="x", Bearer error="a""#, Some((Some("a"), None))),
            (r#"Negotiate, Bearer ERROR = "a" , Basic error="b""#, Some((Some("a"), None))),
            (r#"Bearer error="never closed"#, Some((Some("never closed"), None))),
            (r#"Basic error="a""#, None),
            ("", None),
            ("=,=;\u{7f}", None),
        ];
        for (value, expected) in table {
            let found = Challenge::parse(value);
            let found = found.as_ref().map(|found| (found.error(), found.error_description()));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn never_panics() {
        let mut rng = fastrand::Rng::with_seed(1);
        let alphabet: Vec<char> = "Bearer =,\"\\ \tclaims;é\u{1f600}".chars().collect();
        for _ in 0..20_000 {
            let text: String = (0..rng.usize(0..40)).map(|_| *rng.choice(&alphabet).unwrap()).collect();
            Challenge::parse(&text);
        }
    }
}
