//! Errors of decoding a body, with the path of the invalid value.

use super::error::Error;
use super::kind::ErrorKind;
use serde::de::DeserializeOwned;

const NOT_JSON: &str =
    "Check the proxy and the base URL: the request succeeded, but the response is not the service's JSON.";

/// Decodes the body again and records the path, so that successful decoding has no overhead. `request` is the method and the path of
/// the request, or empty.
pub(crate) fn decode_error<T: DeserializeOwned>(request: &str, body: &[u8], error: serde_json::Error) -> Error {
    let response = if request.is_empty() { "response".to_owned() } else { format!("response of {request}") };
    if body.is_empty() {
        return Error::new(ErrorKind::Decode, format!("{response} has no body")).with_hint(NOT_JSON);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let located = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err();
    let path = located.as_ref().map(|error| error.path().to_string()).filter(|path| path != ".");
    let path = path.map(|path| format!(" at {path}")).unwrap_or_default();
    let error = located.map_or(error, serde_path_to_error::Error::into_inner);
    let decoded = Error::new(ErrorKind::Decode, format!("{response} cannot be decoded{path}: {}", kind_of(&error)));
    if error.classify() == serde_json::error::Category::Data { decoded } else { decoded.with_hint(NOT_JSON) }
}

/// Describes the error without the invalid value, which serde_json quotes and which may be a secret.
fn kind_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            let found = if text.contains("string \"") { "a string" } else { found(&text) };
            let expected = text.rsplit("expected ").next().unwrap_or_default();
            let expected = expected.split(" at line").next().unwrap_or(expected);
            format!("expected {expected}, found {found} ({place})")
        }
        serde_json::error::Category::Eof => format!("the body is truncated ({place})"),
        _ => format!("the body is not JSON ({place})"),
    }
}

/// Returns the type in serde's message, without the value.
fn found(text: &str) -> &str {
    const TYPES: [(&str, &str); 7] = [
        ("type: integer", "an integer"),
        ("type: floating point", "a number"),
        ("type: boolean", "a boolean"),
        ("type: map", "an object"),
        ("type: sequence", "an array"),
        ("type: null", "null"),
        ("type: an object", "an object"),
    ];
    TYPES.iter().find(|(needle, _)| text.contains(needle)).map_or("something else", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ListingImage, ProductPage};

    fn message<T: DeserializeOwned>(body: &str) -> String {
        let error = serde_json::from_slice::<T>(body.as_bytes()).err().unwrap();
        decode_error::<T>("GET /products", body.as_bytes(), error).to_string()
    }

    #[test]
    fn error_names_path_and_types_but_no_value() {
        let text = message::<ProductPage>(r#"{"value": [{"id": "1"}, {"id": "2", "name": 7}]}"#);
        assert!(text.starts_with("response of GET /products cannot be decoded at value[1].name: "), "{text}");
        assert!(text.contains("value[1]") && text.contains("expected a string, found an integer"), "{text}");
        let text = message::<ListingImage>(r#"{"order": "https://x?sig=canary"}"#);
        assert!(text.contains("order") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn describes_bodies_that_are_not_json() {
        assert!(message::<ProductPage>("").contains("no body"));
        assert!(message::<ProductPage>("<html>").contains("not JSON"));
        assert!(message::<ProductPage>(r#"{"value": ["#).contains("is truncated"));
    }
}
