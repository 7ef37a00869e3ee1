//! The OpenAPI Overlay format (1.1): reads overlay files and applies one action at a time with `roas-overlay`.

mod limits;
#[cfg(test)]
mod tests;

use super::load;
use super::pointer::unescape;
use anyhow::{Context, Result, anyhow, bail};
use roas_overlay::apply::{Apply, ApplyOptions};
use roas_overlay::v1_1;
use roas_overlay::validation::Validate;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::path::Path;

/// One file of `openapi/overlays/`.
pub struct OverlayFile {
    pub name: String,
    pub actions: Vec<Action>,
    overlay: v1_1::Overlay,
    text: String,
    /// The extensions (`x-…`) at the root.
    pub extensions: Value,
}

/// A single action.
#[derive(Debug, Clone)]
pub struct Action {
    pub target: String,
    query: JsonPath,
    /// The source of a copy, as text and as a query.
    source: Option<(String, JsonPath)>,
    overlay: v1_1::Overlay,
}

/// Reads all files `*.overlay.yaml` of a folder, ordered by name.
pub fn read_all(folder: &Path) -> Result<Vec<OverlayFile>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.to_string_lossy().ends_with(".overlay.yaml"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<OverlayFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&name, &text)
}

pub fn parse(name: &str, text: &str) -> Result<OverlayFile> {
    let value: Value = load::yaml(text).with_context(|| name.to_owned())?;
    let overlay: v1_1::Overlay = serde_json::from_value(value).with_context(|| format!("{name} is not an overlay"))?;
    for action in &overlay.actions {
        let queries = [Some(&action.target), action.copy.as_ref()];
        queries
            .into_iter()
            .flatten()
            .try_for_each(|query| limits::limit_depth(query))
            .with_context(|| name.to_owned())?;
    }
    if let Err(errors) = overlay.validate(Default::default()) {
        bail!("{name} is not a valid overlay: {errors}");
    }
    let extensions = serde_json::to_value(&overlay.extensions)?;
    let header = v1_1::Overlay { actions: Vec::new(), ..overlay.clone() };
    let single = |action: &v1_1::Action| v1_1::Overlay { actions: vec![action.clone()], ..header.clone() };
    let actions = overlay.actions.iter().map(|action| Action::new(name, single(action))).collect::<Result<_>>()?;
    Ok(OverlayFile { name: name.to_owned(), actions, extensions, overlay, text: text.to_owned() })
}

impl OverlayFile {
    /// Returns the path and the line of a correction.
    pub fn place_of(&self, id: &str) -> String {
        let line = self.text.lines().position(|line| line.trim().trim_start_matches("- ") == format!("id: {id}"));
        format!("openapi/overlays/{}{}", self.name, line.map(|at| format!(":{}", at + 1)).unwrap_or_default())
    }

    /// Applies all actions and returns the targets that match nothing or a value of another type.
    pub fn apply_all(&self, document: &mut Value) -> Vec<String> {
        // Strings do not increase the depth of the document.
        let words = |action: &Action| action.raw().update.as_ref().is_some_and(|update| limits::levels(update) <= 1);
        if self.actions.iter().all(words)
            && let Ok(report) = self.overlay.apply(document, ApplyOptions::ErrorOnMixedKindMatch.into())
        {
            let missed = report.actions.into_iter().filter(|outcome| outcome.matched == 0);
            return missed.map(|outcome| outcome.target).collect();
        }
        // `roas-overlay` applies all actions or none. One at a time, the matching ones are applied.
        let mut missed = Vec::new();
        for action in &self.actions {
            if action.apply(document).is_err() || action.places(document).is_ok_and(|places| places.is_empty()) {
                missed.push(action.target.clone());
            }
        }
        missed
    }
}

impl Action {
    fn new(file: &str, overlay: v1_1::Overlay) -> Result<Self> {
        let target = overlay.actions[0].target.clone();
        check_target(&target).with_context(|| file.to_owned())?;
        let query = JsonPath::parse(&target).with_context(|| format!("{file}: target {target}"))?;
        let source = overlay.actions[0].copy.clone();
        let source = source
            .map(|text| {
                let query = JsonPath::parse(&text).with_context(|| format!("{file}: copy {text}"))?;
                anyhow::Ok((text, query))
            })
            .transpose()?;
        Ok(Self { target, query, source, overlay })
    }

    fn raw(&self) -> &v1_1::Action {
        &self.overlay.actions[0]
    }

    pub fn is_remove(&self) -> bool {
        self.raw().is_remove()
    }

    pub fn extension(&self, name: &str) -> Option<&Value> {
        self.raw().extensions.as_ref()?.get(name)
    }

    /// Returns the JSON pointers of the places that the action matches in this document.
    pub fn places(&self, document: &Value) -> Result<Vec<String>> {
        Ok(query_places(&self.query, document))
    }

    /// Returns true if the value at a pointer comes from this action.
    pub fn adds(&self, document: &Value, pointer: &str) -> bool {
        let Ok(Some(addition)) = self.addition(document) else { return false };
        query_places(&self.query, document).iter().any(|place| {
            let inside = pointer.strip_prefix(place.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            inside.is_some_and(|rest| addition.pointer(rest).is_some())
        })
    }

    /// Returns how many of the places already have everything that the action adds.
    pub fn held(&self, document: &Value) -> Result<usize> {
        let Some(addition) = self.addition(document)? else { return Ok(0) };
        let places = self.places(document)?;
        Ok(places.iter().filter(|p| document.pointer(p).is_some_and(|v| contains(v, addition))).count())
    }

    /// Returns the value to merge into each place: the action's own or a copied one. `None` for a removal.
    fn addition<'a>(&'a self, document: &'a Value) -> Result<Option<&'a Value>> {
        let Some((text, source)) = &self.source else { return Ok(self.raw().update.as_ref()) };
        match source.query(document).all()[..] {
            [value] => Ok(Some(value)),
            ref found => {
                bail!("action on {}: {text} selects {} values to copy, expected one", self.target, found.len())
            }
        }
    }

    /// Applies the action, unless every place already has the added content, because arrays would grow otherwise.
    pub fn apply(&self, document: &mut Value) -> Result<()> {
        let places = self.places(document)?;
        if places.is_empty() {
            return Ok(());
        }
        if self.is_remove() {
            // Starts with the last place, so that the other pointers stay valid.
            places.iter().rev().for_each(|place| remove(document, place));
            return Ok(());
        }
        let Some(addition) = self.addition(document)? else { return Ok(()) };
        if places.iter().all(|place| document.pointer(place).is_some_and(|value| contains(value, addition))) {
            return Ok(());
        }
        limits::limit_growth(&places, addition).with_context(|| format!("action on {}", self.target))?;
        let addition = addition.clone();
        let primitive = |place: &String| document.pointer(place).is_some_and(is_primitive);
        if places.iter().all(primitive) {
            return self.replace(document, &places, &addition);
        }
        self.merge(document, addition)
    }

    /// Version 1.1 of the format allows targets that are neither objects nor arrays; `roas-overlay` does not.
    fn replace(&self, document: &mut Value, places: &[String], addition: &Value) -> Result<()> {
        for place in places {
            if !is_primitive(addition) {
                bail!("action on {}: {place} holds a value that cannot be merged with", self.target);
            }
            if let Some(value) = document.pointer_mut(place) {
                *value = addition.clone();
            }
        }
        Ok(())
    }

    fn merge(&self, document: &mut Value, addition: Value) -> Result<()> {
        let mut overlay = self.overlay.clone();
        overlay.actions[0].update = Some(addition);
        overlay.actions[0].copy = None;
        let options = ApplyOptions::ErrorOnMixedKindMatch;
        overlay.apply(document, options.into()).map_err(|e| anyhow!("action on {}: {}", self.target, e.kind))?;
        Ok(())
    }
}

fn is_primitive(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    let key = unescape(key);
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&key)),
        Some(Value::Array(items)) => {
            if let Some(at) = key.parse().ok().filter(|at: &usize| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// Rejects a broad target, which could also match examples and descriptions in the publisher's copy.
fn check_target(target: &str) -> Result<()> {
    const ROOTS: [&str; 5] = [
        "$.paths[",
        "$.components.schemas",
        "$.components.parameters",
        "$.components.responses",
        "$.components.headers",
    ];
    if !ROOTS.iter().any(|root| target.starts_with(root)) {
        bail!("target {target} must start with one of {}", ROOTS.join(", "));
    }
    Ok(())
}

/// Returns the JSON pointers of the values that a query selects.
pub fn places(query: &str, document: &Value) -> Result<Vec<String>> {
    let query = JsonPath::parse(query).with_context(|| format!("query {query}"))?;
    Ok(query_places(&query, document))
}

fn query_places(query: &JsonPath, document: &Value) -> Vec<String> {
    query.query_located(document).locations().map(|path| path.to_json_pointer()).collect()
}

/// Returns the target without its last segment: the object or array that contains the item to remove.
pub fn parent(target: &str) -> String {
    let target = target.trim_end();
    if !target.ends_with(']') {
        return target.rsplit_once('.').map_or("$", |(head, _)| head).to_owned();
    }
    let mut depth = 0;
    let mut quote = None;
    for (at, c) in target.char_indices().rev() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, ']') => depth += 1,
            (None, '[') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return target[..at].to_owned();
        }
    }
    "$".to_owned()
}

/// Returns true if `value` contains all of `wanted`: objects by key, arrays as sets, other values by equality.
pub fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| contains(value, wanted)))
        }
        (Value::Array(value), Value::Array(wanted)) => wanted.iter().all(|w| value.iter().any(|v| contains(v, w))),
        (value, wanted) => value == wanted,
    }
}
