//! The tables of `conformance/`: rows that say what the service answers, and the comparison of an answer with a row.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What rows kept, by name.
pub type Kept = BTreeMap<String, String>;

/// An argument that names nothing.
pub const NOTHING: &str = "00000000-0000-0000-0000-00000000000f";

/// One file: a scenario on a fresh account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(skip)]
    pub name: String,
    call: Vec<Row>,
    #[serde(default)]
    missing: Vec<Missing>,
}

/// One call and what has to come of it; the keys are explained in `conformance/README.md`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Row {
    pub operation: String,
    pub about: String,
    pub with: BTreeMap<String, String>,
    pub path: Option<String>,
    pub body: Option<Value>,
    pub if_match: Option<String>,
    pub status: u16,
    headers: BTreeMap<String, String>,
    has: BTreeMap<String, String>,
    pub refused: Option<Refused>,
    keep: BTreeMap<String, String>,
    pub raw: bool,
    pub send: Option<String>,
    pub content: String,
    pub advance: u64,
}

/// What a refusal says in the text of its JSON string.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refused {
    pub code: Option<String>,
    pub field: Option<String>,
    /// A member of the JSON object in the text, and its value.
    pub names: Option<String>,
    pub of: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Missing {
    argument: String,
    operations: Vec<String>,
    body: Option<Value>,
}

/// All scenarios, by the names of their files.
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
    /// The rows in their order, those of what is missing at the end.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.call.clone();
        for missing in &self.missing {
            rows.extend(missing.operations.iter().map(|operation| Row {
                operation: operation.clone(),
                about: format!("there is no such {}", missing.argument),
                with: [(missing.argument.clone(), NOTHING.to_owned())].into(),
                body: missing.body.clone(),
                status: 404,
                ..Row::default()
            }));
        }
        rows
    }
}

impl Row {
    /// The arguments of path and query by their names in the document.
    pub fn arguments(&self, kept: &Kept) -> BTreeMap<String, String> {
        let path = self.operation.split('{').skip(1);
        let names = path.map(|part| part.split('}').next().unwrap_or_default().to_owned());
        let mut arguments: BTreeMap<_, _> = names
            .map(|name| {
                let value = kept.get(&name).cloned();
                (name, value.unwrap_or_else(|| NOTHING.to_owned()))
            })
            .collect();
        let given = self.with.iter();
        arguments.extend(given.map(|(name, value)| (name.clone(), filled(value, kept))));
        arguments
    }

    pub fn body(&self, kept: &Kept) -> Option<Value> {
        self.body.as_ref().map(|body| filled_in(body, kept))
    }

    /// Holds a body against the row and remembers what later rows use; the number of assertions that were made.
    pub fn check_body(&self, body: &Value, kept: &mut Kept) -> Result<usize, String> {
        for (place, expected) in &self.has {
            is(find(body, place), &filled(expected, kept)).map_err(|what| format!("{place}: {what} in {body}"))?;
        }
        for (name, place) in &self.keep {
            let value = find(body, place).and_then(Value::as_str);
            let value = value.ok_or_else(|| format!("{place} is no text in {body}"))?;
            kept.insert(name.clone(), value.to_owned());
        }
        Ok(self.has.len())
    }

    /// Holds headers against the row; places of the body may stand in what is expected.
    pub fn check_headers(
        &self,
        header: impl Fn(&str) -> Option<String>,
        body: &Value,
        kept: &Kept,
    ) -> Result<usize, String> {
        for (name, expected) in &self.headers {
            let found = header(name).map(Value::from);
            let expected = match find(body, "id").and_then(Value::as_str) {
                Some(id) => expected.replace("{id}", id),
                None => expected.clone(),
            };
            let expected = filled(&expected, kept);
            let outcome = match expected.strip_prefix("https?://.*") {
                Some(end) => {
                    let is = found.as_ref().and_then(Value::as_str);
                    let fits = is.is_some_and(|url| url.starts_with("http") && url.ends_with(end));
                    if fits { Ok(()) } else { Err(format!("an address that ends in {end} is expected")) }
                }
                None => is(found.as_ref(), &expected),
            };
            outcome.map_err(|what| format!("the header {name}: {what}, not {found:?}"))?;
        }
        Ok(self.headers.len())
    }

    /// Holds a refusal in the recorded form against the row: a JSON string with a JSON object in its text.
    pub fn check_refusal(&self, body: &Value, kept: &Kept) -> Result<usize, String> {
        let Some(refused) = &self.refused else { return Ok(0) };
        let text = body.as_str().ok_or("a JSON string is expected")?;
        let object = text.find('{').zip(text.rfind('}')).map(|(from, to)| &text[from..=to]);
        let detail: Value = serde_json::from_str(object.ok_or("no JSON in the text")?).map_err(|e| e.to_string())?;
        let mut count = 1;
        if let Some(code) = &refused.code {
            let number = code.trim_start_matches("ICH");
            let sentence = text.strip_prefix(&format!("{code}-"));
            sentence.ok_or_else(|| format!("{text} does not begin with {code}"))?;
            is(detail.get("faultCode"), &format!("= {number}"))?;
            is(detail.get("correlationId"), "GUID")?;
            is(detail.get("reasonPhrase"), "text")?;
            let operation = detail.get("operationId").and_then(Value::as_str).unwrap_or_default();
            if operation.len() != 32 || !operation.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err("operationId has 32 hexadecimal digits".to_owned());
            }
            count += 5;
        }
        if let Some(field) = &refused.field {
            let fields = detail.get("data").and_then(Value::as_object);
            let mut fields = fields.into_iter().flatten();
            let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(field));
            is(found.map(|(_, messages)| messages), "list").map_err(|_| format!("{field} is not in {text}"))?;
            count += 1;
        }
        if let (Some(name), Some(value)) = (&refused.names, &refused.of) {
            is(detail.get(name), &format!("= {}", filled(value, kept)))?;
            count += 1;
        }
        Ok(count)
    }
}

/// A text with the values of what was kept in place of `{name}`.
pub fn filled(text: &str, kept: &Kept) -> String {
    let mut filled = text.to_owned();
    for (name, value) in kept {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

fn filled_in(value: &Value, kept: &Kept) -> Value {
    match value {
        Value::String(text) => filled(text, kept).into(),
        Value::Array(items) => items.iter().map(|item| filled_in(item, kept)).collect(),
        Value::Object(object) => {
            let members = object.iter().map(|(name, value)| (name.clone(), filled_in(value, kept)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The value at a place such as `value.0.id`. `@odata.etag` and `@odata.nextLink` are names, dots included.
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

/// Whether a value is what a row says.
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
            (None, None) => return Err(format!("{expected:?} means nothing in a table")),
        },
    };
    if fits { Ok(()) } else { Err(format!("{expected} is expected")) }
}

/// Whether a text has the form 8-4-4-4-12 of a GUID.
pub fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// A date and a time, with seven digits after the seconds and perhaps a zone.
fn is_date(text: &str) -> bool {
    let digits = text.trim_end_matches('Z').split_once('.');
    digits.is_some_and(|(date, fraction)| date.len() == 19 && date.contains('T') && fraction.len() == 7)
}
