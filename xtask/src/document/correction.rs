//! Corrections: groups of Overlay actions with an assertion. Each is *applied*, *no longer needed* or *broken*.

use super::month::Month;
use super::overlay::{self, Action};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// `x-correction`, on the first action of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Stable id in kebab case, for changelogs and `--allow-broken`.
    pub id: String,
    pub kind: FactKind,
    /// The document's statement.
    pub says: String,
    /// The service's actual behaviour.
    pub does: String,
    pub evidence: String,
    /// The month in which the service was last seen to do so, as `2025-04`. `None` if it never was.
    #[serde(default)]
    pub confirmed: Option<Month>,
    /// Number of places that the first action matches.
    pub expect: usize,
    /// The old value of each of these places: a subset with the relevant keys.
    #[serde(default)]
    pub was: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    Field,
    Header,
    Secret,
    Status,
    Type,
    Value,
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "field",
            Self::Header => "header",
            Self::Secret => "secret",
            Self::Status => "status",
            Self::Type => "type",
            Self::Value => "value",
        })
    }
}

/// A fact that is known and deliberately not applied (`x-not-applied` at the root of an overlay).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotApplied {
    pub id: String,
    pub says: String,
    pub does: String,
    pub evidence: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct Correction {
    pub fact: Fact,
    pub file: String,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The pointers of the places that the first action changed.
    Applied(Vec<String>),
    NoLongerNeeded,
    Broken(String),
}

/// Splits the actions of a file into corrections.
pub fn group(file: &str, actions: Vec<Action>) -> Result<Vec<Correction>> {
    let mut corrections: Vec<Correction> = Vec::new();
    for action in actions {
        match action.extension("x-correction") {
            Some(fact) => {
                let fact: Fact = serde_json::from_value(fact.clone())
                    .with_context(|| format!("{file}: x-correction of the action on {}", action.target))?;
                corrections.push(Correction { fact, file: file.to_owned(), actions: vec![action] });
            }
            None => match corrections.last_mut() {
                Some(correction) => correction.actions.push(action),
                None => bail!("{file}: the first action has no x-correction"),
            },
        }
    }
    Ok(corrections)
}

pub fn check_ids<'a>(ids: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            bail!("correction id {id:?}: use lower-case letters, digits and dashes");
        }
        if !seen.insert(id) {
            bail!("correction id {id:?} is used twice");
        }
    }
    Ok(())
}

impl Correction {
    /// Applies all actions of the group, or none.
    pub fn apply(&self, document: &mut Value) -> Result<State> {
        let mut result = document.clone();
        let mut matched = Vec::new();
        let mut missed = None;
        for action in &self.actions {
            let places = action.places(&result)?;
            if places.is_empty() && missed.is_none() {
                missed = Some(action.target.clone());
            }
            if matched.is_empty() {
                matched = places;
            }
            if let Err(error) = action.apply(&mut result) {
                return Ok(State::Broken(format!("{error:#}")));
            }
        }
        if result == *document && self.is_in_place(document)? {
            return Ok(State::NoLongerNeeded);
        }
        if let Some(reason) = self.broken(document, missed)? {
            return Ok(State::Broken(reason));
        }
        *document = result;
        Ok(State::Applied(matched))
    }

    /// Returns true if the document already has the corrected state. Returns false if the place itself is missing.
    fn is_in_place(&self, document: &Value) -> Result<bool> {
        for action in &self.actions {
            let places = action.places(document)?.len();
            let there = match action.is_remove() {
                true => places == 0 && !overlay::places(&overlay::parent(&action.target), document)?.is_empty(),
                false => places > 0,
            };
            if !there {
                return Ok(false);
            }
        }
        let first = &self.actions[0];
        Ok(first.is_remove() || first.places(document)?.len() == self.fact.expect)
    }

    fn broken(&self, document: &Value, missed: Option<String>) -> Result<Option<String>> {
        let first = &self.actions[0];
        let places = first.places(document)?;
        if places.len() != self.fact.expect {
            return Ok(Some(format!(
                "expected {} places, found {} for {}",
                self.fact.expect,
                places.len(),
                first.target
            )));
        }
        if let Some(target) = missed {
            return Ok(Some(format!("nothing matches {target}")));
        }
        let held = first.held(document)?;
        if held > 0 && held < places.len() {
            return Ok(Some(format!("already present in {held} of {} places of {}", places.len(), first.target)));
        }
        let Some(was) = &self.fact.was else { return Ok(None) };
        for place in &places {
            let found = document.pointer(place).unwrap_or(&Value::Null);
            if !overlay::contains(found, was) {
                let keys = excerpt(found, was);
                return Ok(Some(format!("the old value has changed at {place}: expected {was}, found {keys}")));
            }
        }
        Ok(None)
    }
}

/// Returns the members of the found value that the old value also has.
fn excerpt(found: &Value, was: &Value) -> Value {
    match (found, was) {
        (Value::Object(found), Value::Object(was)) => {
            was.keys().filter_map(|k| Some((k.clone(), found.get(k)?.clone()))).collect()
        }
        _ => found.clone(),
    }
}
