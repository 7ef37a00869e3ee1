//! `openapi/names.toml`: the reviewed names. Records which rows are used.

use super::finding::{Finding, Findings};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    #[serde(default)]
    pub schemas: BTreeMap<String, String>,
    #[serde(default)]
    pub enums: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub unions: BTreeMap<String, String>,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
    #[serde(default)]
    pub spellings: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
    #[serde(default)]
    pub operations: BTreeMap<String, String>,
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
    #[serde(default)]
    pub terms: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub expand: BTreeMap<String, String>,
    #[serde(skip)]
    used: RefCell<BTreeSet<(&'static str, String)>>,
}

/// Reads the table. A missing file is an empty one: a document with operation ids needs none.
pub fn read(path: &Path) -> Result<Names> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    parse(&text).with_context(|| format!("{} is not a valid table of names", path.display()))
}

pub fn parse(text: &str) -> Result<Names> {
    Ok(toml::from_str(text)?)
}

impl Names {
    pub fn schema(&self, key: &str) -> Option<&str> {
        self.lookup("schemas", &self.schemas, key)
    }

    pub fn field(&self, wire: &str) -> Option<&str> {
        self.lookup("fields", &self.fields, wire)
    }

    pub fn id(&self, place: &str) -> Option<&str> {
        self.lookup("ids", &self.ids, place)
    }

    /// Returns the earlier names of a property.
    pub fn spellings(&self, wire: &str) -> &[String] {
        let Some(spellings) = self.spellings.get(wire) else {
            return &[];
        };
        self.mark("spellings", wire);
        spellings
    }

    pub fn operation(&self, key: &str) -> Option<&str> {
        self.lookup("operations", &self.operations, key)
    }

    /// Returns the heading of the operations below the path with these fixed parts: that of the longest row, with its key. A row
    /// of one part is about that path alone.
    pub fn group(&self, literals: &[String]) -> Option<(&str, String)> {
        let counts = (1..=literals.len()).rev().filter(|count| *count > 1 || literals.len() == 1);
        let keys = counts.map(|count| literals[..count].join("/").to_lowercase());
        keys.into_iter().find_map(|key| Some((self.lookup("groups", &self.groups, &key)?, key)))
    }

    /// Returns other terms for an operation, or for the resource of a group.
    pub fn terms(&self, key: &str) -> &[String] {
        let Some(terms) = self.terms.get(key) else { return &[] };
        self.mark("terms", key);
        terms
    }

    /// Returns what an operation has to expand so that its response is the whole resource.
    pub fn expand(&self, key: &str) -> Option<&str> {
        self.lookup("expand", &self.expand, key)
    }

    /// Returns the name of the union with this base or at this place.
    pub fn union(&self, base_or_place: &str) -> Option<&str> {
        let (name, _) = self.unions.iter().find(|(_, key)| *key == base_or_place)?;
        self.mark("unions", name);
        Some(name)
    }

    /// Returns the name of the enum at this place.
    pub fn enum_at(&self, place: &str) -> Option<&str> {
        let (name, _) = self.enums.iter().find(|(_, places)| places.iter().any(|p| p == place))?;
        self.mark("enums", place);
        Some(name)
    }

    /// Returns the variant of an enum for this value.
    pub fn variant(&self, list: &str, wire: &str) -> Option<&str> {
        self.lookup("variants", &self.variants, &format!("{list}.{wire}"))
    }

    fn lookup<'n>(&self, table: &'static str, rows: &'n BTreeMap<String, String>, key: &str) -> Option<&'n str> {
        let name = rows.get(key)?;
        self.mark(table, key);
        Some(name)
    }

    fn mark(&self, table: &'static str, key: &str) {
        self.used.borrow_mut().insert((table, key.to_owned()));
    }

    /// Returns a finding for each row that is not in the document and not kept for a retained item, because the item may have been renamed.
    pub fn unused(&self, kept: impl Fn(&str, &str) -> bool) -> Findings {
        let mut findings = Findings::default();
        for (table, key) in self.unused_rows().into_iter().filter(|(table, key)| !kept(table, key)) {
            let message = format!("names.toml [{table}]: {key:?} is not in this document");
            findings.push(Finding::new("", message).help("remove the row, or correct its place"));
        }
        findings
    }

    pub fn unused_rows(&self) -> Vec<(&'static str, String)> {
        let rows = (self.schemas.keys().map(|k| ("schemas", k)))
            .chain(self.enums.values().flatten().map(|k| ("enums", k)))
            .chain(self.unions.keys().map(|k| ("unions", k)))
            .chain(self.fields.keys().map(|k| ("fields", k)))
            .chain(self.spellings.keys().map(|k| ("spellings", k)))
            .chain(self.variants.keys().map(|k| ("variants", k)))
            .chain(self.ids.keys().map(|k| ("ids", k)))
            .chain(self.operations.keys().map(|k| ("operations", k)))
            .chain(self.groups.keys().map(|k| ("groups", k)))
            .chain(self.terms.keys().map(|k| ("terms", k)))
            .chain(self.expand.keys().map(|k| ("expand", k)));
        let used = self.used.borrow();
        rows.map(|(table, key)| (table, key.clone())).filter(|row| !used.contains(row)).collect()
    }
}
