//! The OpenAPI Overlay format (1.1): reads overlay files and applies one action at a time with `roas-overlay`.

use super::load;
use super::node::unescape;
use anyhow::{Context, Result, bail};
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
    /// The `x-` members at the root.
    pub extensions: Value,
}

/// One action, ready to be applied alone.
#[derive(Debug, Clone)]
pub struct Action {
    pub target: String,
    query: JsonPath,
    overlay: v1_1::Overlay,
}

/// All `*.overlay.yaml` of a folder, in the order of their names.
pub fn read_all(folder: &Path) -> Result<Vec<OverlayFile>> {
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
    if let Err(errors) = overlay.validate(Default::default()) {
        bail!("{name} is not a valid overlay: {errors}");
    }
    let extensions = serde_json::to_value(&overlay.extensions)?;
    let actions = overlay
        .actions
        .iter()
        .map(|action| {
            let single = v1_1::Overlay { actions: vec![action.clone()], ..overlay.clone() };
            Action::new(name, single)
        })
        .collect::<Result<_>>()?;
    Ok(OverlayFile { name: name.to_owned(), actions, extensions, overlay })
}

impl OverlayFile {
    /// Applies all actions, and gives the targets that select nothing, or something of another kind.
    pub fn apply_all(&self, document: &mut Value) -> Vec<String> {
        if let Ok(report) = self.overlay.apply(document, ApplyOptions::ErrorOnMixedKindMatch.into()) {
            let missed = report.actions.into_iter().filter(|outcome| outcome.matched == 0);
            return missed.map(|outcome| outcome.target).collect();
        }
        // Together it is all or nothing; one at a time, those that fit are applied.
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
        refuse_wide_target(&target).with_context(|| file.to_owned())?;
        let query = JsonPath::parse(&target).with_context(|| format!("{file}: target {target}"))?;
        Ok(Self { target, query, overlay })
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

    /// JSON pointers of the places that the action touches in this document.
    pub fn places(&self, document: &Value) -> Result<Vec<String>> {
        Ok(query_places(&self.query, document))
    }

    /// How many of the places already hold all that the action would add.
    pub fn held(&self, document: &Value) -> Result<usize> {
        let Some(update) = &self.raw().update else { return Ok(0) };
        let places = self.places(document)?;
        Ok(places.iter().filter(|p| document.pointer(p).is_some_and(|v| contains(v, update))).count())
    }

    /// Applies the action, unless every place already holds what it would add: an array would grow otherwise.
    pub fn apply(&self, document: &mut Value) -> Result<()> {
        if !self.is_remove() && self.held(document)? == self.places(document)?.len() {
            return Ok(());
        }
        if self.apply_to_primitives(document)? {
            return Ok(());
        }
        let options = ApplyOptions::ErrorOnMixedKindMatch;
        self.overlay
            .apply(document, options.into())
            .map_err(|e| anyhow::anyhow!("action on {}: {}", self.target, e.kind))?;
        Ok(())
    }
}

impl Action {
    /// Version 1.1 of the format allows targets that are neither objects nor arrays; `roas-overlay` does not. False when the
    /// targets are not such.
    fn apply_to_primitives(&self, document: &mut Value) -> Result<bool> {
        let places = self.places(document)?;
        let primitive = |place: &String| document.pointer(place).is_some_and(|v| !v.is_object() && !v.is_array());
        if places.is_empty() || !places.iter().all(primitive) {
            return Ok(false);
        }
        // From the last one, so that the places of the others stay true.
        for place in places.iter().rev() {
            match &self.raw().update {
                _ if self.is_remove() => remove(document, place),
                Some(update) if !update.is_object() && !update.is_array() => {
                    if let Some(value) = document.pointer_mut(place) {
                        *value = update.clone();
                    }
                }
                _ => bail!("action on {}: {place} holds a value that cannot be merged with", self.target),
            }
        }
        Ok(true)
    }
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

/// A publisher's copy also holds examples and prose; a wide target would hit them.
fn refuse_wide_target(target: &str) -> Result<()> {
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

/// JSON pointers of what a query selects.
pub fn places(query: &str, document: &Value) -> Result<Vec<String>> {
    let query = JsonPath::parse(query).with_context(|| format!("query {query}"))?;
    Ok(query_places(&query, document))
}

fn query_places(query: &JsonPath, document: &Value) -> Vec<String> {
    query.query_located(document).locations().map(|path| path.to_json_pointer()).collect()
}

/// The target without its last segment: the object or array that held what a removal is after.
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

/// Whether `value` already holds all of `wanted`: objects by key, arrays as sets, the rest by equality.
pub fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| contains(value, wanted)))
        }
        (Value::Array(value), Value::Array(wanted)) => wanted.iter().all(|w| value.iter().any(|v| contains(v, w))),
        (value, wanted) => value == wanted,
    }
}
