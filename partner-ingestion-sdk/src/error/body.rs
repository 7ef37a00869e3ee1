//! Parses error bodies. Forms observed from 2023 to 2026: a JSON string with embedded JSON, a JSON string, an object of the service,
//! an object of a gateway, plain text, HTML and an empty body.

use super::redact;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::iter;
use std::time::Duration;

/// Messages by field.
pub type FieldErrors = BTreeMap<String, Vec<String>>;

/// Maximum length of the excerpt of an unknown body, in characters.
const EXCERPT: usize = 300;

/// The content of an error body.
#[derive(Debug, Default)]
pub(crate) struct ServiceError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) fields: FieldErrors,
    pub(crate) correlation_id: Option<String>,
    pub(crate) operation_id: Option<String>,
    pub(crate) excerpt: Option<String>,
    /// The id of the package that a file duplicates.
    pub(crate) to_id: Option<String>,
}

/// Parses any body. `quote` is false if the body may repeat a secret of the request.
pub(crate) fn read(body: &[u8], quote: bool) -> ServiceError {
    let body = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let mut service = ServiceError::default();
    match serde_json::from_str(&body) {
        Ok(Value::String(text)) => from_text(&text, &mut service),
        Ok(Value::Object(object)) => from_object(&object, &mut service),
        _ if body.trim_start().starts_with('<') || body.trim().is_empty() => {}
        _ => from_text(&body, &mut service),
    }
    let told = service.code.is_some() || service.message.is_some();
    if !told && quote && !body.trim().is_empty() {
        service.excerpt = Some(clean(&body));
    }
    service
}

/// Parses `ICH` and digits, a dash, a sentence and an optional JSON object; or a class name and a JSON object; or a sentence.
fn from_text(text: &str, service: &mut ServiceError) {
    let (prose, object) = match (text.find('{'), text.rfind('}')) {
        (Some(from), Some(to)) if from < to => {
            (&text[..from], serde_json::from_str::<Map<String, Value>>(&text[from..=to]).ok())
        }
        _ => (text, None),
    };
    let prose = if object.is_some() { prose } else { text };
    let (code, sentence) = split_code(prose.trim());
    service.code = code.map(str::to_owned);
    let sentence = sentence.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == ':' || c == ',');
    if !sentence.is_empty() {
        service.message = Some(clean(sentence));
    }
    if let Some(object) = object {
        from_object(&object, service);
    }
}

/// Returns the code at the start: capitals and digits up to a dash.
fn split_code(text: &str) -> (Option<&str>, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let code = &text[..end];
    let letters = code.chars().take_while(char::is_ascii_uppercase).count();
    let is_code = letters >= 2 && code.len() > letters && code[letters..].chars().all(|c| c.is_ascii_digit());
    if is_code { (Some(code), &text[end..]) } else { (None, text) }
}

/// Parses an object of the service or of a gateway. Keys are case-insensitive.
fn from_object(object: &Map<String, Value>, service: &mut ServiceError) {
    let get = |key: &str| object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| match get(key)? {
            Value::String(text) if !text.is_empty() => Some(clean(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    if let Some(Value::Object(inner)) = get("error") {
        return from_object(inner, service);
    }
    let code = text(&["code", "errorCode", "faultCode"]);
    service.code = service.code.take().or(code);
    let message = text(&["message", "reasonPhrase", "title", "error", "detail"]);
    service.message = service.message.take().or(message);
    service.correlation_id = service.correlation_id.take().or(text(&["correlationId", "activityId", "traceId"]));
    service.operation_id = service.operation_id.take().or(text(&["operationId"]));
    service.to_id = service.to_id.take().or(text(&["toId"]));
    for key in ["data", "errors", "details"] {
        match get(key) {
            Some(Value::Object(fields)) => {
                for (field, messages) in fields {
                    service.fields.entry(clean(field)).or_default().extend(texts(messages));
                }
            }
            Some(Value::Array(items)) => {
                for item in items.iter().filter_map(Value::as_object) {
                    let part = |key: &str| item.get(key).and_then(Value::as_str).map(clean);
                    let field = part("target").or_else(|| part("code")).unwrap_or_else(|| key.to_owned());
                    service.fields.entry(field).or_default().extend(part("message"));
                }
            }
            _ => {}
        }
    }
    // The response of an inner service, embedded as text in the outer one.
    if let Some(Value::String(inner)) = get("ResponseContent")
        && let Ok(inner) = serde_json::from_str(inner)
    {
        from_object(&inner, service);
    }
}

/// Returns the delay in a message such as "Try again in 7 seconds". The message may also contain the period of the limit: "100 calls
/// per 60 seconds".
pub(crate) fn seconds(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let words: Vec<&str> = message.split_whitespace().collect();
    let after = |before: &[&str]| match *before {
        [.., "again" | "retry" | "wait", "in" | "after" | "for"] | [.., "wait"] => 0,
        [.., "per" | "every" | "each" | "last" | "of"] => 2,
        _ => 1,
    };
    let counts = (1..words.len()).filter(|at| words[*at].starts_with("second"));
    let numbers = counts.filter_map(|at| Some((after(&words[..at - 1]), words[at - 1].parse::<u32>().ok()?)));
    let (_, number) = numbers.filter(|(rank, _)| *rank < 2).min_by_key(|(rank, _)| *rank)?;
    Some(Duration::from_secs(number.into()))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![clean(text)],
        Value::Null => Vec::new(),
        other => vec![clean(&other.to_string())],
    }
}

/// Removes line breaks and other control characters.
pub(crate) fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns one line of limited length, without control characters and secrets. Reads no more of the text than that.
pub(crate) fn clean(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.chars().filter(|c| !c.is_control()));
    let mut chars = words.flat_map(|word| iter::once(' ').chain(word)).skip(1);
    let line: String = chars.by_ref().take(EXCERPT).collect();
    let is_complete = chars.next().is_none();
    let line = redact::without_secrets(&line);
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if is_complete => line,
        None => line + "...",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parses_a_string_with_embedded_json() {
        let inner = json!({
            "faultCode": 50400, "reasonPhrase": "Bad", "correlationId": "c-1", "operationId": "o-1",
            "data": {"FeatureName": ["is not available", "is off"]},
        });
        let body = json!(format!("ICH50400 - The request is not valid. {inner}")).to_string();
        let service = read(body.as_bytes(), true);
        assert_eq!(service.code.as_deref(), Some("ICH50400"));
        assert_eq!(service.message.as_deref(), Some("The request is not valid."));
        assert_eq!(service.fields["FeatureName"], ["is not available", "is off"]);
        assert_eq!(service.correlation_id.as_deref(), Some("c-1"));
        assert_eq!(service.operation_id.as_deref(), Some("o-1"));
        assert_eq!(service.excerpt, None);
    }

    #[test]
    fn parses_an_exception_of_an_inner_service() {
        let problem = json!({"errors": {"name": ["is required"]}, "title": "Invalid", "status": 400, "traceId": "t"});
        let outer = json!({"API": "PUT", "HttpStatusCode": 400, "ResponseContent": problem.to_string()});
        let body = json!(format!("Some.Name.RestClientException: {outer}")).to_string();
        let service = read(body.as_bytes(), true);
        assert_eq!(service.message.as_deref(), Some("Some.Name.RestClientException"));
        assert_eq!(service.fields["name"], ["is required"]);
        assert_eq!(service.correlation_id.as_deref(), Some("t"));
    }

    #[test]
    fn parses_objects_text_html_and_empty_bodies() {
        let gateway =
            read(br#"{"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."}"#, true);
        assert!(gateway.message.unwrap().contains("7 seconds"));
        let store =
            read(br#"{"code":"InvalidState","message":"no","details":[{"target":"name","message":"too long"}]}"#, true);
        assert_eq!(
            (store.code.as_deref(), store.fields["name"].as_slice()),
            (Some("InvalidState"), &["too long".to_owned()][..])
        );
        let graph = read(br#"{"error":{"code":"notFound","message":"gone"}}"#, true);
        assert_eq!(graph.code.as_deref(), Some("notFound"));
        assert_eq!(read(b"Not allowed here", true).message.as_deref(), Some("Not allowed here"));
        let html = read(b"<html>\r\n<h1>502</h1></html>", true);
        assert_eq!((html.message, html.excerpt.as_deref()), (None, Some("<html> <h1>502</h1></html>")));
        let empty = read(b"", true);
        assert!(empty.message.is_none() && empty.excerpt.is_none());
        assert!(read(&[0xff, 0xfe, b'{'], true).message.is_some());
        assert!(read(b"<html>secret</html>", false).excerpt.is_none());
    }

    #[test]
    fn messages_are_truncated_and_redacted() {
        let message = read(b"cannot read https://a.blob/x?sv=1&sig=abc%2Fdef&se=2 now", true).message.unwrap();
        assert_eq!(message, "cannot read https://a.blob/x?sv=1&sig=(redacted)&se=2 now");
        let message = read(b"DefaultEndpointsProtocol=https;accountkey=Zm9v==;x", true).message.unwrap();
        assert!(!message.contains("Zm9v"), "{message}");
        assert!(read(&[b'x'; 100_000], true).message.unwrap().len() < 400);
        let secret = "sig=canary&".repeat(100_000);
        let message = read(secret.as_bytes(), true).message.unwrap();
        assert!(message.chars().count() <= EXCERPT + 3 && !message.contains("canary"), "{message}");
    }

    #[test]
    fn delay_is_that_of_the_next_attempt_and_not_the_period_of_the_limit() {
        let table = [
            ("Rate limit is exceeded. Try again in 7 seconds.", Some(7)),
            ("100 calls per 60 seconds. Try again in 5 seconds", Some(5)),
            ("Try again in 5 seconds; the limit is 100 calls in 60 seconds", Some(5)),
            ("100 calls in the last 60 seconds", None),
            ("at most 10 calls every 30 seconds; retry after 1 second", Some(1)),
            ("Please wait 3 seconds", Some(3)),
            ("throttled for 9 seconds", Some(9)),
            ("seconds", None),
            ("in seconds", None),
            ("", None),
        ];
        for (message, expected) in table {
            assert_eq!(seconds(message), expected.map(Duration::from_secs), "{message}");
        }
    }
}
