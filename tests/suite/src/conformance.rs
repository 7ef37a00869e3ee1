//! The tables of `conformance/`: rows with calls and the service's responses, and the comparison of a response with a row.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Values saved by earlier rows, by name.
pub type Saved = BTreeMap<String, String>;

/// An id of no resource.
pub const UNKNOWN_ID: &str = "00000000-0000-0000-0000-00000000000f";

/// One file: a scenario on a new account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(skip)]
    pub name: String,
    call: Vec<Row>,
    #[serde(default)]
    missing: Vec<Missing>,
}

/// A call and its expected response. `conformance/README.md` describes the keys.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Row {
    pub operation: String,
    pub description: String,
    pub arguments: BTreeMap<String, String>,
    pub path: Option<String>,
    pub body: Option<Value>,
    pub if_match: Option<String>,
    pub status: u16,
    headers: BTreeMap<String, String>,
    expect: BTreeMap<String, String>,
    pub error: Option<ExpectedError>,
    save: BTreeMap<String, String>,
    pub untyped: bool,
    pub upload_to: Option<String>,
    pub content: String,
    pub advance_seconds: u64,
}

/// The expected content of an error response: a JSON string with an embedded JSON object.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedError {
    pub code: Option<String>,
    pub field: Option<String>,
    /// A member of the embedded JSON object.
    pub member: Option<String>,
    /// The value of `member`.
    pub value: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Missing {
    argument: String,
    operations: Vec<String>,
    body: Option<Value>,
}

/// Returns all scenarios, named after their files.
pub fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let tables = files.filter(|path| path.extension().is_some_and(|kind| kind == "toml"));
    let scenarios = tables.map(|path| {
        let read: Result<Scenario, _> = toml::from_str(&std::fs::read_to_string(&path).unwrap());
        let mut scenario = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        scenario.name = path.file_stem().unwrap().to_string_lossy().into_owned();
        scenario
    });
    scenarios.collect()
}

impl Scenario {
    /// Returns all rows in order, followed by the rows of `missing`.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.call.clone();
        for missing in &self.missing {
            rows.extend(missing.operations.iter().map(|operation| Row {
                operation: operation.clone(),
                description: format!("there is no such {}", missing.argument),
                arguments: [(missing.argument.clone(), UNKNOWN_ID.to_owned())].into(),
                body: missing.body.clone(),
                status: 404,
                ..Row::default()
            }));
        }
        rows
    }
}

impl Row {
    /// Returns the arguments of path and query by their names in the document.
    pub fn resolved_arguments(&self, saved: &Saved) -> BTreeMap<String, String> {
        let path = self.operation.split('{').skip(1);
        let names = path.map(|part| part.split('}').next().unwrap_or_default().to_owned());
        let mut arguments: BTreeMap<_, _> = names
            .map(|name| {
                let value = saved.get(&name).cloned();
                (name, value.unwrap_or_else(|| UNKNOWN_ID.to_owned()))
            })
            .collect();
        let given = self.arguments.iter();
        arguments.extend(given.map(|(name, value)| (name.clone(), substitute(value, saved))));
        arguments
    }

    pub fn body(&self, saved: &Saved) -> Option<Value> {
        self.body.as_ref().map(|body| substitute_all(body, saved))
    }

    /// Compares a body with the row and saves the values that later rows use. Returns the number of assertions.
    pub fn check_body(&self, body: &Value, saved: &mut Saved) -> Result<usize, String> {
        for (place, expected) in &self.expect {
            is(find(body, place), &substitute(expected, saved)).map_err(|what| format!("{place}: {what} in {body}"))?;
        }
        for (name, place) in &self.save {
            let value = find(body, place).and_then(Value::as_str);
            let value = value.ok_or_else(|| format!("{place} is not text in {body}"))?;
            saved.insert(name.clone(), value.to_owned());
        }
        Ok(self.expect.len())
    }

    /// Compares headers with the row. `{id}` in an expected value is the id in the body.
    pub fn check_headers(
        &self,
        header: impl Fn(&str) -> Option<String>,
        body: &Value,
        saved: &Saved,
    ) -> Result<usize, String> {
        for (name, expected) in &self.headers {
            let found = header(name).map(Value::from);
            let expected = match find(body, "id").and_then(Value::as_str) {
                Some(id) => expected.replace("{id}", id),
                None => expected.clone(),
            };
            let expected = substitute(&expected, saved);
            let outcome = match expected.strip_prefix("https?://.*") {
                Some(end) => {
                    let is = found.as_ref().and_then(Value::as_str);
                    let fits = is.is_some_and(|url| url.starts_with("http") && url.ends_with(end));
                    if fits { Ok(()) } else { Err(format!("expected a URL that ends with {end}")) }
                }
                None => is(found.as_ref(), &expected),
            };
            outcome.map_err(|what| format!("header {name}: {what}, found {found:?}"))?;
        }
        Ok(self.headers.len())
    }

    /// Compares an error response in the recorded form with the row: a JSON string with an embedded JSON object.
    pub fn check_error(&self, body: &Value, saved: &Saved) -> Result<usize, String> {
        let Some(expected) = &self.error else { return Ok(0) };
        let text = body.as_str().ok_or("expected a JSON string")?;
        let object = text.find('{').zip(text.rfind('}')).map(|(from, to)| &text[from..=to]);
        let detail: Value =
            serde_json::from_str(object.ok_or("the string contains no JSON")?).map_err(|e| e.to_string())?;
        let mut count = 1;
        if let Some(code) = &expected.code {
            let number = code.trim_start_matches("ICH");
            let sentence = text.strip_prefix(&format!("{code} - "));
            sentence.ok_or_else(|| format!("{text} does not start with {code}"))?;
            is(detail.get("faultCode"), &format!("= {number}"))?;
            is(detail.get("correlationId"), "GUID")?;
            is(detail.get("reasonPhrase"), "text")?;
            let operation = detail.get("operationId").and_then(Value::as_str).unwrap_or_default();
            if operation.len() != 32 || !operation.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err("expected 32 hexadecimal digits in operationId".to_owned());
            }
            count += 5;
        }
        if let Some(field) = &expected.field {
            let fields = detail.get("data").and_then(Value::as_object);
            let mut fields = fields.into_iter().flatten();
            let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(field));
            is(found.map(|(_, messages)| messages), "list").map_err(|_| format!("{field} is not in {text}"))?;
            count += 1;
        }
        if let (Some(name), Some(value)) = (&expected.member, &expected.value) {
            is(detail.get(name), &format!("= {}", substitute(value, saved)))?;
            count += 1;
        }
        Ok(count)
    }
}

/// Replaces each `{name}` by the saved value of this name.
pub fn substitute(text: &str, saved: &Saved) -> String {
    let mut result = text.to_owned();
    for (name, value) in saved {
        result = result.replace(&format!("{{{name}}}"), value);
    }
    result
}

fn substitute_all(value: &Value, saved: &Saved) -> Value {
    match value {
        Value::String(text) => substitute(text, saved).into(),
        Value::Array(items) => items.iter().map(|item| substitute_all(item, saved)).collect(),
        Value::Object(object) => {
            let members = object.iter().map(|(name, value)| (name.clone(), substitute_all(value, saved)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Returns the value at a path such as `value.0.id`. `@odata.etag` and `@odata.nextLink` are single names.
fn find<'v>(value: &'v Value, place: &str) -> Option<&'v Value> {
    if place.is_empty() {
        return Some(value);
    }
    let end = match place.find('@') {
        Some(0) => place.len(),
        _ => place.find('.').unwrap_or(place.len()),
    };
    let (step, rest) = (&place[..end], place[end..].trim_start_matches('.'));
    let next = match step.parse::<usize>() {
        Ok(index) => value.get(index)?,
        Err(_) => value.get(step)?,
    };
    find(next, rest)
}

/// Checks that a value has the expected form.
fn is(value: Option<&Value>, expected: &str) -> Result<(), String> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    let list = value.and_then(Value::as_array);
    let fits = match expected {
        "absent" => value.is_none(),
        "text" => !text.is_empty(),
        "GUID" => is_guid(text),
        "tag" => text.len() > 2 && text.starts_with('"') && text.ends_with('"'),
        "number" => value.is_some_and(Value::is_number),
        "list" => list.is_some(),
        "url" => text.starts_with("http"),
        "link" => text.starts_with("v1.0/ingestion/products"),
        "19 digits" => text.len() == 19 && text.bytes().all(|b| b.is_ascii_digit()),
        "date" => is_date(text),
        _ => match (expected.strip_prefix("= "), expected.strip_prefix("list of ")) {
            (Some(literal), _) => match value {
                Some(Value::String(text)) => text == literal,
                Some(other) => serde_json::from_str(literal).is_ok_and(|literal: Value| *other == literal),
                None => false,
            },
            (None, Some(length)) => list.is_some_and(|list| list.len().to_string() == length),
            (None, None) => return Err(format!("unknown expectation {expected:?}")),
        },
    };
    if fits { Ok(()) } else { Err(format!("expected {expected}")) }
}

/// Returns true if the text has the form 8-4-4-4-12 of a GUID.
pub fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Returns true for a date and time with seven fractional digits and an optional `Z`.
fn is_date(text: &str) -> bool {
    let digits = text.trim_end_matches('Z').split_once('.');
    digits.is_some_and(|(date, fraction)| date.len() == 19 && date.contains('T') && fraction.len() == 7)
}
