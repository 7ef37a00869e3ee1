//! Removes secrets from recorded requests and responses.

use crate::message::pairs;
use serde_json::{Map, Value, json};

/// Replaces a secret.
pub(crate) const HIDDEN: &str = "***";

/// Parts of the names of secret properties, headers and form fields, in lower case.
const SECRET_NAMES: [&str; 10] = [
    "secret",
    "password",
    "passphrase",
    "token",
    "assertion",
    "connectionstring",
    "accesskey",
    "apikey",
    "authorization",
    "cookie",
];

/// Properties whose names look like that of a secret, but are public.
const PUBLIC_NAMES: [&str; 3] = ["token_type", "client_assertion_type", "skiptoken"];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !PUBLIC_NAMES.contains(&name.as_str()) && SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Returns the headers without secrets. Names are in lower case.
pub(crate) fn headers<'h>(headers: impl Iterator<Item = (&'h str, &'h str)>) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, text) in headers {
        let value = match text.split_once(' ') {
            // The scheme is not secret.
            Some((scheme, _)) if name == "authorization" => format!("{scheme} {HIDDEN}"),
            _ if is_secret(name) => HIDDEN.to_owned(),
            _ => hide_signatures(text),
        };
        shown.insert(name.to_owned(), value.into());
    }
    shown
}

/// Returns a body without secrets: JSON as it is, a form as an object, other text as a string, and the size of a file.
pub(crate) fn body(content_type: Option<&str>, body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let kind = content_type.unwrap_or_default().to_ascii_lowercase();
    let text = std::str::from_utf8(body).ok();
    if let Some(value) = text.and_then(|text| serde_json::from_str(text).ok()) {
        return json(value);
    }
    match text {
        Some(text) if kind.starts_with("application/x-www-form-urlencoded") => {
            let shown = |(name, value): (String, String)| {
                let value = if is_secret(&name) { HIDDEN.to_owned() } else { value };
                (name, value.into())
            };
            Value::Object(pairs(text).into_iter().map(shown).collect())
        }
        Some(text) if !kind.starts_with("application/octet-stream") => hide_signatures(text).into(),
        _ => json!(format!("({} bytes)", body.len())),
    }
}

/// Returns JSON without secrets.
pub(crate) fn json(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let shown = object.into_iter().map(|(name, value)| {
                let hidden = is_secret(&name) && !value.is_object() && !value.is_array() && !value.is_null();
                let value = if hidden { HIDDEN.into() } else { json(value) };
                (name, value)
            });
            Value::Object(shown.collect())
        }
        Value::Array(items) => items.into_iter().map(json).collect(),
        Value::String(text) => hide_signatures(&text).into(),
        other => other,
    }
}

/// Replaces the signatures of upload addresses.
pub(crate) fn hide_signatures(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("sig=") {
        let starts = rest[..at].ends_with(['?', '&']) || at == 0;
        let value = at + "sig=".len();
        shown.push_str(&rest[..value]);
        rest = &rest[value..];
        if starts {
            let end = rest.find(['&', '"', ' ', '<']).unwrap_or(rest.len());
            shown.push_str(HIDDEN);
            rest = &rest[end..];
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_hidden_wherever_they_are() {
        for (text, shown) in [
            ("http://a/b?sv=1&sig=x%3D&se=2", "http://a/b?sv=1&sig=***&se=2"),
            ("?sig=x", "?sig=***"),
            ("\"http://a?sig=x\" and http://b?sig=y", "\"http://a?sig=***\" and http://b?sig=***"),
            ("design=1", "design=1"),
        ] {
            assert_eq!(hide_signatures(text), shown, "{text}");
        }
    }

    #[test]
    fn bodies_have_no_secrets() {
        let form = body(Some("application/x-www-form-urlencoded"), b"client_id=a&client_secret=b&grant_type=c");
        assert_eq!(form, json!({"client_id": "a", "client_secret": "***", "grant_type": "c"}));
        let token =
            body(Some("application/json"), br#"{"access_token": "x", "token_type": "Bearer", "expires_in": 1}"#);
        assert_eq!(token, json!({"access_token": "***", "token_type": "Bearer", "expires_in": 1}));
        let lead = json!({"azureTableStorage": {"ConnectionString": "x"}, "nextLink": "v1?$skipToken=a"});
        let shown = json!({"azureTableStorage": {"ConnectionString": "***"}, "nextLink": "v1?$skipToken=a"});
        assert_eq!(body(None, lead.to_string().as_bytes()), shown);
        assert_eq!(body(Some("application/octet-stream"), b"PK\x03\x04"), "(4 bytes)");
        assert_eq!(body(None, b""), Value::Null);
    }

    #[test]
    fn headers_have_no_secrets() {
        let sent = [("authorization", "Bearer x"), ("cookie", "a=b"), ("if-match", "\"t\"")];
        let shown = json!({"authorization": "Bearer ***", "cookie": "***", "if-match": "\"t\""});
        assert_eq!(Value::Object(headers(sent.into_iter())), shown);
    }
}
