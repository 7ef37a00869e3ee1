//! Reads a document: JSON or YAML, with or without byte order mark, any line ends; OpenAPI 3.0 only.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

/// The bytes as they are on disk (for the pin) and the document in them.
pub struct Document {
    pub bytes: Vec<u8>,
    pub value: Value,
}

pub fn load(path: &Path) -> Result<Document> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value = parse(&bytes).with_context(|| format!("{} is not a usable document", path.display()))?;
    Ok(Document { bytes, value })
}

pub fn parse(bytes: &[u8]) -> Result<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        anyhow::anyhow!("line {line}: not UTF-8; save the file as UTF-8")
    })?;
    let value = if text.trim_start().starts_with(['{', '[']) { json(text)? } else { yaml(text)? };
    check_version(&value)?;
    Ok(value)
}

/// serde_json names line and column, and refuses more than 128 levels of nesting by itself.
fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| {
        let hint = if e.is_eof() { "; the file seems to be cut off" } else { "" };
        anyhow::anyhow!("not JSON: {e}{hint}")
    })
}

pub fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_saphyr::from_str(text).map_err(|e| anyhow::anyhow!("not YAML: {e}"))
}

fn check_version(document: &Value) -> Result<()> {
    if let Some(version) = document.get("swagger") {
        bail!("/swagger: this is Swagger {version}; convert it to OpenAPI 3.0 first (Swagger 2.0 is not read yet)");
    }
    match document.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.0.") => {}
        Some(version) => bail!("/openapi: version {version} is not supported; export the document as OpenAPI 3.0"),
        None => bail!("/openapi: missing; this is not an OpenAPI document"),
    }
    for key in ["paths", "components"] {
        match document.get(key) {
            Some(Value::Object(members)) if !members.is_empty() => {}
            Some(_) => bail!("/{key}: expected an object with members"),
            None => bail!("/{key}: missing; the file is not a whole OpenAPI document"),
        }
    }
    Ok(())
}
