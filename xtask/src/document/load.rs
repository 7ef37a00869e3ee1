//! Reads a document: JSON or YAML, with or without byte order mark, any line endings; OpenAPI 3.0, or OpenAPI 3.1 and Swagger 2.0
//! converted to it.

use super::finding::{Finding, Findings, NotUsable};
use super::format::{not_a_document, not_text};
use super::hoist::hoist;
use super::source::{SourceText, is_json};
use super::{openapi31, swagger2};
use anyhow::{Context, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// A document: its bytes as read (for the pin), its value as OpenAPI 3.0, and its text for locations.
pub struct Document {
    pub bytes: Vec<u8>,
    pub value: Value,
    pub source: SourceText,
    /// Names that were made up for inline objects.
    pub notices: Vec<Finding>,
    /// True if components of an earlier document were recognized, without which the text cannot be read again.
    pub is_rewritten: bool,
}

/// Reads the file `path`; `-` is standard input.
pub fn load(path: &Path) -> Result<Document> {
    load_like(path, None)
}

/// Same as [`load`], but also recognizes components of an earlier document of the same API that are written in place of references.
pub fn load_like(path: &Path, earlier: Option<&Value>) -> Result<Document> {
    let bytes = match path.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        }
        false => std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
    };
    from_bytes_like(&path.display().to_string(), bytes, earlier)
}

pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Document> {
    from_bytes_like(name, bytes, None)
}

pub fn from_bytes_like(name: &str, bytes: Vec<u8>, earlier: Option<&Value>) -> Result<Document> {
    let text = String::from_utf8_lossy(without_mark(&bytes)).into_owned();
    match read(&bytes) {
        Ok((value, is_swagger2)) => {
            let mut source = SourceText::new(name, text, is_swagger2);
            let hoisted = hoist(&value, earlier);
            source.add_places(hoisted.places);
            let is_rewritten = earlier.is_some() && hoisted.value != value;
            Ok(Document { bytes, value: hoisted.value, source, notices: hoisted.notices, is_rewritten })
        }
        Err(error) => {
            let mut findings = Findings::default();
            findings.push(Finding::new(error.pointer, error.message));
            let rejected = findings
                .into_result_in(&format!("{name} is not a usable document"), &SourceText::new(name, text, false));
            Err(rejected.err().unwrap_or_else(|| anyhow::anyhow!("{name} is not a usable document")))
        }
    }
}

/// Parses a document and returns it as OpenAPI 3.0.
pub fn parse(bytes: &[u8]) -> Result<Value, NotUsable> {
    read(bytes).map(|(value, _)| hoist(&value, None).value)
}

/// Parses a document. Returns it as OpenAPI 3.0, and true if it was Swagger 2.0.
fn read(bytes: &[u8]) -> Result<(Value, bool), NotUsable> {
    if let Some(what) = not_text(bytes) {
        return Err(NotUsable::at("", what));
    }
    let bytes = without_mark(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        NotUsable::at("", format!("line {line}: not UTF-8; save the file as UTF-8"))
    })?;
    if let Some(what) = not_a_document(text) {
        return Err(NotUsable::at("", what));
    }
    let value = if is_json(text) { json(text)? } else { yaml(text).map_err(|e| NotUsable::at("", e.to_string()))? };
    let version = value.get("swagger").map(|version| version.as_str().unwrap_or("of an unknown version").to_owned());
    let mut value = match version.as_deref() {
        Some("2.0") => swagger2::upgrade(&value)?,
        Some(version) => {
            let message = format!("Swagger {version} is not supported; use Swagger 2.0 or OpenAPI 3");
            return Err(NotUsable::at("/swagger", message));
        }
        None => newer(value)?,
    };
    check_version(&mut value)?;
    Ok((value, version.is_some()))
}

/// Lowers OpenAPI 3.1 and 3.2, and lists of types in 3.0.
fn newer(mut value: Value) -> Result<Value, NotUsable> {
    match value.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.1.") || version.starts_with("3.2.") => openapi31::lower(&value),
        _ => openapi31::lower_type_lists(&mut value).map(|()| value),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Parses JSON. A duplicate key is an error, because one of its values would be lost. serde_json rejects more than 128 levels.
fn json(text: &str) -> Result<Value, NotUsable> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer);
    value.and_then(|value| deserializer.end().map(|()| value)).map_err(|e| {
        let hint = if e.is_eof() { "; the file may be truncated" } else { "" };
        NotUsable::at("", format!("not JSON: {e}{hint}"))
    })
}

pub fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_saphyr::from_str(text).map_err(|e| anyhow::anyhow!("not YAML: {e}"))
}

/// Deserializes any JSON without duplicate keys.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key {key:?} in one object")));
            }
            values.insert(key, members.next_value_seed(Strict)?);
        }
        Ok(values.into())
    }
}

/// Checks that the document is whole. Components may only be absent if nothing refers to them.
fn check_version(document: &mut Value) -> Result<(), NotUsable> {
    match document.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.0.") => {}
        Some(version) => {
            let message = format!("version {version} is not supported; export the document as OpenAPI 3.0 or 3.1");
            return Err(NotUsable::at("/openapi", message));
        }
        None => return Err(NotUsable::at("/openapi", "missing; this is not an OpenAPI document")),
    }
    for key in ["paths", "components"] {
        let problem = match document.get(key) {
            Some(Value::Object(members)) if !members.is_empty() => continue,
            Some(Value::Object(_)) | None if key == "components" && is_inlined(document) => continue,
            Some(_) => "expected an object with members",
            None => "missing; the OpenAPI document is incomplete",
        };
        return Err(NotUsable::at(&format!("/{key}"), problem));
    }
    if document.get("components").is_none() {
        document["components"] = Map::new().into();
    }
    Ok(())
}

/// Returns true if the document has schemas and refers to none.
fn is_inlined(document: &Value) -> bool {
    has_key(document, "schema") && !has_key(document, "$ref")
}

fn has_key(node: &Value, wanted: &str) -> bool {
    match node {
        Value::Array(items) => items.iter().any(|item| has_key(item, wanted)),
        Value::Object(members) => members.iter().any(|(key, member)| key == wanted || has_key(member, wanted)),
        _ => false,
    }
}
