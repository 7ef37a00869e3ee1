//! Removes secrets that services repeat in their messages.

/// What precedes a secret, in lower case.
const KEYS: [&str; 8] =
    ["sig=", "sig%3d", "sig%253d", "accountkey=", "sharedaccesskey=", "accesskey=", "client_secret=", "bearer "];
/// The start of a JSON web token: `{"` in base64.
const JWT: &str = "eyj";
/// Shorter words are no JSON web tokens.
const MIN_JWT: usize = 20;
const REDACTED: &str = "(redacted)";

/// Replaces the signatures of URLs, the keys of connection strings, and tokens. Reads the text once.
pub(super) fn without_secrets(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    let mut at = 0;
    while at < lower.len() {
        let Some((start, end)) = secret(&lower, at) else {
            at += lower[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        clean += &text[from..start];
        clean += REDACTED;
        (from, at) = (end, end.max(at + 1));
    }
    clean + &text[from..]
}

/// Returns the range of the secret that a key at this position announces.
fn secret(lower: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &lower[at..];
    if let Some(key) = KEYS.iter().find(|key| rest.starts_with(**key)) {
        let start = at + key.len();
        let value = &lower[start..];
        let end = value.find(|c: char| c.is_whitespace() || "&;,\"'<>)".contains(c)).unwrap_or(value.len());
        // An escaped separator ends an escaped value.
        let end = if key.contains('%') { value[..end].find("%26").unwrap_or(end) } else { end };
        return Some((start, start + end));
    }
    let begins = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    if begins && rest.starts_with(JWT) {
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(rest.len());
        return (length >= MIN_JWT).then_some((at, at + length));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced() {
        let table = [
            ("https://a.blob/x?sv=1&sig=abc%2Fdef&se=2 now", "https://a.blob/x?sv=1&sig=(redacted)&se=2 now"),
            (
                "https://a/?u=https%3A%2F%2Fb%3Fsig%3Dabc%2526%26se%3D1",
                "https://a/?u=https%3A%2F%2Fb%3Fsig%3D(redacted)%26se%3D1",
            ),
            ("AccountKey=Zm9v==;x", "AccountKey=(redacted);x"),
            ("token eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJhdWQiOiJ4In0.c2ln is invalid", "token (redacted) is invalid"),
            ("\"eyJ0eXAiOiJKV1QiLCJhbGciOi\"", "\"(redacted)\""),
            ("Bearer abc, Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi", "Bearer (redacted), Bearer (redacted)"),
            ("keyJournalOfTheWholeYear, eyJ", "keyJournalOfTheWholeYear, eyJ"),
            ("sig=", "sig=(redacted)"),
            ("ü sig=ü ü", "ü sig=(redacted) ü"),
        ];
        for (text, expected) in table {
            assert_eq!(without_secrets(text), expected, "{text}");
        }
    }
}
