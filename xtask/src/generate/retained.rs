//! `openapi/retained.toml`: items that earlier documents had and this one does not. They stay in the crate as deprecated until
//! the next major version, so that a renamed value does not break a build.
//!
//! Operations are not retained, because the service no longer has them. `cargo xtask update` writes the table.

use super::companions::usage::Usage;
use super::model::api::{Api, Deprecation, Enum, Field, Id, Member, Struct, Type, Union, UnionKind, Variant};
use crate::document::finding::{Finding, Findings};
use crate::document::names::Names;
use crate::document::words::same_letters;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

pub const FILE: &str = "retained.toml";

const HEADER: &str = "# Items that earlier documents had and the current one does not. They stay in the crate as deprecated until the next major\n\
    # version. Written by `cargo xtask update`; empty this file when a major version is released.\n\n";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retained {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Property>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UnionMember>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Named>,
    /// Types whose setters stay, although nothing sends them any more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub setters: BTreeSet<String>,
}

/// A value of an enum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    pub of: String,
    pub name: String,
    pub text: String,
    #[serde(flatten)]
    pub since: Since,
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    pub of: String,
    pub name: String,
    pub property: String,
    pub ty: Type,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    #[serde(flatten)]
    pub since: Since,
}

/// A member of a union.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnionMember {
    pub of: String,
    #[serde(flatten)]
    pub member: Member,
    #[serde(flatten)]
    pub since: Since,
}

/// A type; the properties of objects and the values of enums are in the other tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub is: TypeKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    #[serde(flatten)]
    pub since: Since,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TypeKind {
    Object,
    Enum,
    Union(UnionKind),
    /// The parameter of a path.
    Id(String),
}

/// The date of the first document without the item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Since {
    pub since: String,
    /// The replacement in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl Since {
    fn deprecation(&self) -> Deprecation {
        let now = self.now.as_ref().map(|now| format!("; use `{now}`")).unwrap_or_default();
        Some(format!("removed from the document of {}{now}", self.since))
    }
}

pub fn read(path: &Path) -> Result<Retained> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} is not a valid table", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Retained::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

impl Retained {
    pub fn render(&self) -> Result<String> {
        let rows = toml::to_string(self).context("cannot write the table of retained items")?;
        Ok(format!("{HEADER}{rows}").trim_end().to_owned() + "\n")
    }

    /// Keeps what `old` has and `new` does not, and adds it to `new`. Dates are those of an earlier table, and notes name what the
    /// document has now.
    pub fn carry(old: &Api, new: &mut Api, earlier: &Self, day: &str) -> Self {
        let mut retained = Self::between(old, new, day);
        retained.keep_days_of(earlier);
        retained.name_final_successors();
        // Nothing is rejected: the rows are what the interface lacks.
        drop(retained.add_to(new));
        let (had, has) = (Usage::of(old), Usage::of(new));
        let lost = had.sent().difference(has.sent());
        retained.setters =
            lost.filter(|name| new.structs.contains_key(*name) || new.unions.contains_key(*name)).cloned().collect();
        new.kept_setters.clone_from(&retained.setters);
        retained
    }

    /// A successor may have been replaced itself. Without one in the document, the note names none.
    fn name_final_successors(&mut self) {
        let next = |of: &str, name: &str, rows: &[(String, String, Option<String>)]| {
            rows.iter().find(|(owner, removed, _)| owner == of && removed == name).map(|(_, _, now)| now.clone())
        };
        let last = |of: &str, mut now: Option<String>, rows: &[(String, String, Option<String>)]| {
            // Each step is another row, unless spellings return in a circle.
            for _ in 0..rows.len() {
                let Some(following) = now.as_deref().and_then(|name| next(of, name, rows)) else { return now };
                now = following;
            }
            now
        };
        let rows: Vec<_> = self.values.iter().map(|v| (v.of.clone(), v.name.clone(), v.since.now.clone())).collect();
        self.values.iter_mut().for_each(|value| value.since.now = last(&value.of, value.since.now.take(), &rows));
        let rows: Vec<_> = self.fields.iter().map(|f| (f.of.clone(), f.name.clone(), f.since.now.clone())).collect();
        self.fields.iter_mut().for_each(|field| field.since.now = last(&field.of, field.since.now.take(), &rows));
    }

    /// Returns true if a row of `names.toml` is about a retained item. It stays, so that an item that returns has its old name.
    pub fn keeps(&self, names: &Names, table: &str, key: &str) -> bool {
        let is_type = |name: &str| self.types.iter().any(|named| named.name == name);
        match table {
            "variants" => self.values.iter().any(|value| key == format!("{}.{}", value.of, value.text)),
            "fields" | "spellings" => self.fields.iter().any(|field| field.property == key),
            "schemas" => names.schemas.get(key).is_some_and(|name| is_type(name)),
            "enums" => {
                names.enums.iter().any(|(name, places)| is_type(name) && places.iter().any(|place| place == key))
            }
            "unions" => is_type(key),
            "ids" => names.ids.get(key).is_some_and(|name| is_type(name)),
            _ => false,
        }
    }

    /// Returns the items that `old` has and `new` does not; `old` includes what was retained before.
    fn between(old: &Api, new: &Api, day: &str) -> Self {
        let mut retained = Self::default();
        for (name, list) in &old.enums {
            let current = new.enums.get(name);
            if current.is_none() {
                retained.keep_type(name, TypeKind::Enum, &list.doc, day);
            }
            let current = current.map(|list| list.variants.as_slice()).unwrap_or_default();
            // Those retained before have no position in the document.
            let listed: Vec<&Variant> = list.variants.iter().filter(|variant| variant.deprecation.is_none()).collect();
            for removed in list.variants.iter().filter(|v| !current.iter().any(|c| c.rust == v.rust)) {
                let now = in_its_place(&listed, current, removed).map(str::to_owned);
                let since = Since { since: day.to_owned(), now };
                let (of, name, text) = (name.clone(), removed.rust.clone(), removed.wire.clone());
                retained.values.push(Value { of, name, text, since });
            }
        }
        for (name, object) in &old.structs {
            let current = new.structs.get(name);
            if current.is_none() {
                retained.keep_type(name, TypeKind::Object, &object.doc, day);
            }
            let current = current.map(|object| object.fields.as_slice()).unwrap_or_default();
            for field in object.fields.iter().filter(|f| !current.iter().any(|c| c.rust == f.rust)) {
                let now = current.iter().find(|c| same_letters(&c.wire, &field.wire)).map(|c| c.rust.clone());
                retained.fields.push(Property {
                    of: name.clone(),
                    name: field.rust.clone(),
                    property: field.wire.clone(),
                    ty: field.ty.clone(),
                    doc: field.doc.clone(),
                    since: Since { since: day.to_owned(), now },
                });
            }
        }
        for (name, union) in &old.unions {
            match (new.unions.get(name).map(|union| &union.kind), &union.kind) {
                (None, kind) => retained.keep_type(name, TypeKind::Union(kind.clone()), &union.doc, day),
                (Some(UnionKind::Tagged { members: current, .. }), UnionKind::Tagged { members, .. }) => {
                    for member in members.iter().filter(|m| !current.iter().any(|c| c.variant == m.variant)) {
                        let since = Since { since: day.to_owned(), now: None };
                        retained.members.push(UnionMember { of: name.clone(), member: member.clone(), since });
                    }
                }
                // The union changed its members' types: a breaking change, which `diff` reports.
                (Some(_), _) => {}
            }
        }
        for (name, id) in old.ids.iter().filter(|(name, _)| !new.ids.contains_key(*name)) {
            retained.keep_type(name, TypeKind::Id(id.wire.clone()), &id.doc, day);
        }
        retained
    }

    fn keep_type(&mut self, name: &str, is: TypeKind, doc: &Option<String>, day: &str) {
        let since = Since { since: day.to_owned(), now: None };
        self.types.push(Named { name: name.to_owned(), is, doc: doc.clone(), since });
    }

    /// Keeps the dates of an earlier table for items that were already removed there.
    fn keep_days_of(&mut self, earlier: &Self) {
        for value in &mut self.values {
            let known = earlier.values.iter().find(|e| (&e.of, &e.name) == (&value.of, &value.name));
            value.since = known.map_or(value.since.clone(), |known| known.since.clone());
        }
        for field in &mut self.fields {
            let known = earlier.fields.iter().find(|e| (&e.of, &e.name) == (&field.of, &field.name));
            field.since = known.map_or(field.since.clone(), |known| known.since.clone());
        }
        for member in &mut self.members {
            let known =
                earlier.members.iter().find(|e| (&e.of, &e.member.variant) == (&member.of, &member.member.variant));
            member.since = known.map_or(member.since.clone(), |known| known.since.clone());
        }
        for named in &mut self.types {
            let known = earlier.types.iter().find(|e| e.name == named.name);
            named.since = known.map_or(named.since.clone(), |known| known.since.clone());
        }
    }

    /// Adds everything to the interface, marked as deprecated. A row for an item that the document has is a finding.
    pub fn add_to(&self, api: &mut Api) -> Findings {
        api.kept_setters.clone_from(&self.setters);
        let mut findings = Findings::default();
        let mut reject = |what: String, why: &str| {
            let finding = Finding::new("", format!("retained.toml: {what} {why}"));
            findings.push(finding.help("remove the row; `cargo xtask update` keeps the table"));
        };
        for named in &self.types {
            if add_type(api, named).is_none() {
                reject(format!("the type {}", named.name), "is in the document");
            }
        }
        for value in &self.values {
            let variant =
                Variant { rust: value.name.clone(), wire: value.text.clone(), deprecation: value.since.deprecation() };
            match api.enums.get_mut(&value.of) {
                None => reject(format!("the value {}", value.text), "belongs to no enum"),
                Some(list) if list.variants.iter().any(|v| v.rust == variant.rust || v.wire == variant.wire) => {
                    reject(format!("the value {} of {}", value.text, value.of), "is in the document");
                }
                Some(list) => {
                    let deprecation = variant.deprecation.filter(|_| list.deprecation.is_none());
                    list.variants.push(Variant { deprecation, ..variant });
                }
            }
        }
        for property in &self.fields {
            let place = format!("the property {} of {}", property.property, property.of);
            match api.structs.get_mut(&property.of) {
                None => reject(place, "belongs to no type"),
                Some(object)
                    if object.fields.iter().any(|f| f.rust == property.name || f.wire == property.property) =>
                {
                    reject(place, "is in the document");
                }
                Some(object) => {
                    // The type is deprecated, so its parts need no attribute.
                    let deprecation = property.since.deprecation().filter(|_| object.deprecation.is_none());
                    object.fields.push(Field { deprecation, ..property.field() });
                    object.fields.sort_by(|a, b| a.wire.cmp(&b.wire));
                }
            }
        }
        for row in &self.members {
            let place = format!("the member {} of {}", row.member.variant, row.of);
            match api.unions.get_mut(&row.of).map(|union| &mut union.kind) {
                Some(UnionKind::Tagged { members, .. }) if members.iter().any(|m| m.variant == row.member.variant) => {
                    reject(place, "is in the document");
                }
                Some(UnionKind::Tagged { members, .. }) => {
                    members.push(Member { deprecation: row.since.deprecation(), ..row.member.clone() });
                    members.sort();
                }
                _ => reject(place, "belongs to no union"),
            }
        }
        findings
    }
}

impl Property {
    fn field(&self) -> Field {
        Field {
            wire: self.property.clone(),
            rust: self.name.clone(),
            ty: self.ty.clone(),
            doc: self.doc.clone(),
            pointer: String::new(),
            aliases: Vec::new(),
            deprecation: None,
        }
    }
}

/// Adds a type; returns `None` if the document has a type of this name.
fn add_type(api: &mut Api, named: &Named) -> Option<()> {
    let taken = api.structs.contains_key(&named.name)
        || api.enums.contains_key(&named.name)
        || api.unions.contains_key(&named.name)
        || api.ids.contains_key(&named.name);
    if taken {
        return None;
    }
    let (name, doc, deprecation) = (named.name.clone(), named.doc.clone(), named.since.deprecation());
    let pointer = String::new();
    match &named.is {
        TypeKind::Object => drop(api.structs.insert(name, Struct { pointer, doc, fields: Vec::new(), deprecation })),
        TypeKind::Enum => drop(api.enums.insert(name, Enum { pointer, doc, variants: Vec::new(), deprecation })),
        TypeKind::Union(kind) => drop(api.unions.insert(name, Union { pointer, doc, kind: kind.clone(), deprecation })),
        TypeKind::Id(wire) => drop(api.ids.insert(name, Id { wire: wire.clone(), doc, deprecation })),
    }
    Some(())
}

/// Returns the value that replaced a removed one: it differs only in case or punctuation, or is the only new value at its position.
fn in_its_place<'v>(old: &[&Variant], new: &'v [Variant], removed: &Variant) -> Option<&'v str> {
    let fresh = |variant: &&Variant| !old.iter().any(|o| o.wire == variant.wire);
    let by_letters = new.iter().filter(fresh).find(|variant| same_letters(&variant.wire, &removed.wire));
    let at = old.iter().position(|variant| variant.wire == removed.wire);
    let by_place = || new.get(at?).filter(|_| old.len() == new.len()).filter(fresh);
    by_letters.or_else(by_place).map(|variant| variant.rust.as_str())
}
