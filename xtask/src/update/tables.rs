//! Edits the tables of the document (names, pin, corrections) and preserves their comments and order.

use crate::document::correct::Corrected;
use crate::document::correction::{self, State};
use crate::document::load::Document;
use crate::document::source::is_json;
use crate::document::{overlay, pin};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, Value, value};

/// Returns the document in its committed form: unchanged if it is OpenAPI in JSON with the components that the
/// earlier one had, else converted to that.
pub fn committed_form(document: &Document) -> Result<String> {
    match is_json(&document.source.text) && !document.source.is_swagger2() && !document.is_rewritten {
        true => Ok(document.source.text.clone()),
        false => Ok(serde_json::to_string_pretty(&document.value)? + "\n"),
    }
}

/// Returns `source.toml` for the new document.
pub fn pin(text: &str, document: &Document, committed: &str, day: &str) -> Result<String> {
    let mut table = parse(text, "source.toml")?;
    let came = pin::sha256(&document.bytes);
    let digest = pin::sha256(committed.as_bytes());
    let description = match came == digest {
        true => format!("As published on {day}."),
        false => format!("Converted to OpenAPI 3.0 in JSON; the document published on {day} has the sha256 {came}."),
    };
    table["description"] = value(description);
    table["retrieved"] = value(day);
    table["version"] = value(document.value.pointer("/info/version").and_then(|v| v.as_str()).unwrap_or_default());
    table["sha256"] = value(digest);
    Ok(table.to_string())
}

/// Returns `names.toml` with rows for new operations at the end of their table.
pub fn with_operations(text: &str, rows: &[(String, String)], day: &str) -> Result<String> {
    if rows.is_empty() {
        return Ok(text.to_owned());
    }
    let mut table = parse(text, "names.toml")?;
    let operations = table["operations"].or_insert(toml_edit::table());
    let operations = operations.as_table_mut().context("names.toml: [operations] is not a table")?;
    for (at, (operation, name)) in rows.iter().enumerate() {
        operations.insert(operation, value(name));
        if let Some(mut key) = operations.key_mut(operation).filter(|_| at == 0) {
            key.leaf_decor_mut().set_prefix(format!("\n# New in the document of {day}, named by rule.\n"));
        }
    }
    Ok(table.to_string())
}

/// Returns `names.toml` with earlier names of properties.
pub fn with_spellings(text: &str, pairs: &[(String, String)]) -> Result<String> {
    if pairs.is_empty() {
        return Ok(text.to_owned());
    }
    let mut table = parse(text, "names.toml")?;
    let spellings = table["spellings"].or_insert(toml_edit::table());
    let spellings = spellings.as_table_mut().context("names.toml: [spellings] is not a table")?;
    for (now, earlier) in pairs {
        let row = spellings.entry(now).or_insert(Item::Value(Value::Array(Array::new())));
        let row = row.as_array_mut().with_context(|| format!("names.toml: the spellings of {now} are not a list"))?;
        if !row.iter().any(|known| known.as_str() == Some(earlier)) {
            row.push(earlier);
        }
    }
    Ok(table.to_string())
}

/// Returns `names.toml` without unused rows.
pub fn without_rows(text: &str, rows: &[(&str, String)]) -> Result<String> {
    if rows.is_empty() {
        return Ok(text.to_owned());
    }
    let mut table = parse(text, "names.toml")?;
    for (section, key) in rows {
        let Some(section) = table.get_mut(section).and_then(Item::as_table_mut) else { continue };
        // In the tables of enums and unions, the value is the place.
        if section.remove(key).is_none() {
            remove_place(section, key);
        }
    }
    Ok(table.to_string())
}

/// Returns `names.toml` with a remark at the rows of items that the document no longer has.
pub fn with_marks(text: &str, rows: &[(&str, String)]) -> Result<String> {
    const MARK: &str = " # retained";
    if rows.is_empty() {
        return Ok(text.to_owned());
    }
    let mut table = parse(text, "names.toml")?;
    for (section, key) in rows {
        let row = table.get_mut(section).and_then(|section| section.get_mut(key)).and_then(Item::as_value_mut);
        if let Some(row) = row {
            row.decor_mut().set_suffix(MARK);
        }
    }
    Ok(table.to_string())
}

fn remove_place(section: &mut toml_edit::Table, place: &str) {
    let mut empty = Vec::new();
    for (name, row) in section.iter_mut() {
        if let Some(places) = row.as_array_mut() {
            places.retain(|known| known.as_str() != Some(place));
        }
        if row.as_str() == Some(place) || row.as_array().is_some_and(Array::is_empty) {
            empty.push(name.get().to_owned());
        }
    }
    for name in empty {
        section.remove(&name);
    }
}

fn parse(text: &str, name: &str) -> Result<DocumentMut> {
    text.parse().with_context(|| format!("openapi/{name} is not a valid table"))
}

/// Returns the changed overlay files, without corrections that the new document no longer needs or that are to be removed.
pub fn needed_corrections(overlays: &Path, corrected: &Corrected) -> Result<Vec<(String, String)>> {
    let mut removed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (correction, state) in &corrected.corrections {
        if *state == State::NoLongerNeeded {
            removed.entry(&correction.file).or_default().push(&correction.fact.id);
        }
    }
    for correction in &corrected.left_out {
        removed.entry(&correction.file).or_default().push(&correction.fact.id);
    }
    let mut files = Vec::new();
    for (name, ids) in removed {
        let text = std::fs::read_to_string(overlays.join(name)).with_context(|| format!("cannot read {name}"))?;
        files.push((name.to_owned(), without_groups(name, &text, &ids)?));
    }
    Ok(files)
}

/// Returns the text of an overlay without the groups of these corrections. Items must start with `- target:` on a new line. The result
/// is parsed and verified.
fn without_groups(name: &str, text: &str, ids: &[&str]) -> Result<String> {
    let groups = correction::group(name, overlay::parse(name, text)?.actions)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("- target:")).collect();
    let count: usize = groups.iter().map(|group| group.actions.len()).sum();
    if count != starts.len() {
        bail!(
            "openapi/overlays/{name}: remove the groups {} by hand; the layout of the file is not supported",
            ids.join(", ")
        );
    }
    let mut kept: Vec<&str> = lines[..starts[0]].to_vec();
    let mut action = 0;
    for group in &groups {
        let next = action + group.actions.len();
        let end = starts.get(next).copied().unwrap_or(lines.len());
        if !ids.contains(&group.fact.id.as_str()) {
            kept.extend(&lines[starts[action]..end]);
        }
        action = next;
    }
    let text = kept.concat().trim_end().to_owned() + "\n";
    let left = correction::group(name, overlay::parse(name, &text)?.actions)?;
    let wanted = groups.iter().map(|group| group.fact.id.as_str()).filter(|id| !ids.contains(id));
    if !left.iter().map(|group| group.fact.id.as_str()).eq(wanted) {
        bail!("openapi/overlays/{name}: remove the groups {} by hand; they cannot be separated", ids.join(", "));
    }
    Ok(text)
}
