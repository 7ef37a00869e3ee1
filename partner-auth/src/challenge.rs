//! Why a service rejected a token: the header `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use std::fmt;

/// The `Bearer` challenge of a 401 or 403.
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

/// A challenge is a few hundred bytes, claims included.
const LONGEST: usize = 16 << 10;

impl Challenge {
    /// The first `Bearer` challenge, if there is one. Whatever the headers hold, nothing panics.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        values.find_map(Self::parse)
    }

    /// Reads the value of one header.
    pub fn parse(value: &str) -> Option<Self> {
        let mut rest = value.get(..LONGEST).unwrap_or(value).trim_start();
        let mut found = None;
        while !rest.is_empty() {
            let (word, after) = split_token(rest);
            if word.is_empty() {
                // Not a list of challenges; skip what is no token.
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
                // The name of a scheme: another challenge ends the one that is wanted.
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

    /// `error`: `invalid_token`, `insufficient_claims`, ...
    pub fn error(&self) -> Option<&str> {
        self.param("error")
    }

    /// `error_description`.
    pub fn error_description(&self) -> Option<&str> {
        self.param("error_description")
    }

    /// `claims`, which a new token must carry, in base64 as they came.
    pub fn claims(&self) -> Option<&str> {
        self.param("claims")
    }

    /// Any parameter; names are compared without case.
    pub fn param(&self, name: &str) -> Option<&str> {
        let mut params = self.params.iter();
        params.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error().unwrap_or("no reason given"))?;
        match self.error_description() {
            Some(description) => write!(f, ": {description}"),
            None => Ok(()),
        }
    }
}

/// A token of RFC 9110 section 5.6.2, and what follows it.
fn split_token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
    text.split_at(end.unwrap_or(text.len()))
}

/// A token or a quoted string, unescaped, and what follows it.
fn split_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // Base64 that was not quoted may end with `=`.
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
    fn challenges_of_every_form() {
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
    fn anything_else_is_survived() {
        let mut rng = fastrand::Rng::with_seed(1);
        let alphabet: Vec<char> = "Bearer =,\"\\ \tclaims;é\u{1f600}".chars().collect();
        for _ in 0..20_000 {
            let text: String = (0..rng.usize(0..40)).map(|_| *rng.choice(&alphabet).unwrap()).collect();
            Challenge::parse(&text);
        }
    }
}
