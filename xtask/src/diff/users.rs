//! Compares two generated interfaces: what a new document means to users of the crate.
//!
//! The levels come from the generated items alone: what a method returns and takes, setters, fields, variants, members and
//! implementations. What a document changes without a change of these has no effect on users.

use super::rule::Users;
use crate::generate::companions::operations::response_text;
use crate::generate::companions::resources::implementations;
use crate::generate::companions::rust_type;
use crate::generate::companions::setters::{setters_of, union_setters_of};
use crate::generate::companions::usage::Usage;
use crate::generate::model::api::{Api, Deprecation, Operation, Param, Type, UnionKind};
use Users::{Additive, Behaviour, Doc, Source};
use std::collections::{BTreeMap, BTreeSet};

/// One change of the generated crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    pub level: Users,
    /// A stable id, for scripts and release notes.
    pub id: &'static str,
    /// The item: `Client::get_product`, `AzureProduct.name`, `SellingOption::ListingOnly`.
    pub item: String,
    pub detail: String,
}

impl UserChange {
    pub fn new(level: Users, id: &'static str, item: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { level, id, item: item.into(), detail: detail.into() }
    }
}

/// Returns the changes, the most severe first.
pub fn compare(old: &Api, new: &Api) -> Vec<UserChange> {
    let mut changes = Comparison { old, new, found: Vec::new() };
    changes.document();
    changes.operations();
    changes.structs();
    changes.enums();
    changes.unions();
    changes.ids();
    changes.setters();
    let mut found = changes.found;
    found.sort_by(|a, b| (b.level, a.id, &a.item).cmp(&(a.level, b.id, &b.item)));
    found
}

/// Returns the highest level; `None` if users do not notice anything.
pub fn worst(changes: &[UserChange]) -> Option<Users> {
    changes.iter().map(|change| change.level).max()
}

struct Comparison<'a> {
    old: &'a Api,
    new: &'a Api,
    found: Vec<UserChange>,
}

impl Comparison<'_> {
    fn add(&mut self, level: Users, id: &'static str, item: impl Into<String>, detail: impl Into<String>) {
        self.found.push(UserChange::new(level, id, item, detail));
    }

    /// Adds a change of a text that two versions of an item have.
    fn texts(&mut self, level: Users, id: &'static str, item: &str, before: &str, after: &str) {
        if before != after {
            self.add(level, id, item, format!("{before} is now {after}"));
        }
    }

    fn docs(&mut self, item: &str, before: &Option<String>, after: &Option<String>) {
        if before != after {
            self.add(Doc, "documentation-changed", item, "");
        }
    }

    /// Adds a change for items that one version lacks.
    fn sets(&mut self, kinds: (&'static str, &'static str), before: &BTreeSet<String>, after: &BTreeSet<String>) {
        before.difference(after).for_each(|item| self.add(Source, kinds.0, item, ""));
        after.difference(before).for_each(|item| self.add(Additive, kinds.1, item, ""));
    }

    fn document(&mut self) {
        let (old, new) = (self.old, self.new);
        self.texts(Behaviour, "server-changed", "the document", &old.server, &new.server);
        self.texts(Doc, "version-changed", "the document", &old.version, &new.version);
    }

    fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        self.sets(("operation-removed", "operation-added"), &methods(old), &methods(new));
        for before in &old.operations {
            if let Some(after) = new.operations.iter().find(|op| op.name == before.name) {
                self.operation(before, after);
            }
        }
    }

    fn operation(&mut self, before: &Operation, after: &Operation) {
        let item = &format!("Client::{}", before.name);
        self.texts(Source, "return-type-changed", item, &response_text(before), &response_text(after));
        self.texts(Source, "arguments-changed", item, &arguments(before), &arguments(after));
        let page = |api: &Api, op: &Operation| api.page_of(op).map(|(_, ty)| text(ty)).unwrap_or_default();
        self.texts(Source, "stream-changed", item, &page(self.old, before), &page(self.new, after));
        self.texts(Behaviour, "request-changed", item, &request(before), &request(after));
        let (earlier, later) = (optional(before), optional(after));
        for (name, param) in &earlier {
            match later.get(name) {
                None => self.add(Source, "option-removed", format!("{item}, {name}"), ""),
                Some(now) => {
                    self.texts(Source, "option-changed", &format!("{item}, {name}"), &text(&param.ty), &text(&now.ty));
                    self.texts(
                        Behaviour,
                        "option-renamed",
                        &format!("{item}, {name}"),
                        &in_request(param),
                        &in_request(now),
                    );
                }
            }
        }
        for name in later.keys().filter(|name| !earlier.contains_key(*name)) {
            self.add(Additive, "option-added", format!("{item}, {name}"), "");
        }
        let rule = |op: &Operation| format!("If-Match {}", op.if_match.variant().to_lowercase());
        self.texts(Behaviour, "precondition-changed", item, &rule(before), &rule(after));
        self.docs(item, &before.doc, &after.doc);
    }

    fn structs(&mut self) {
        let (old, new) = (self.old, self.new);
        self.sets(("type-removed", "type-added"), &keys(&old.structs), &keys(&new.structs));
        for (name, before) in &old.structs {
            let Some(after) = new.structs.get(name) else { continue };
            self.deprecated(name, Additive, &before.deprecation, &after.deprecation);
            self.docs(name, &before.doc, &after.doc);
            let (had, has) = (implementations(old, name), implementations(new, name));
            self.sets(("implementation-removed", "implementation-added"), &had, &has);
            for field in &before.fields {
                let item = &format!("{name}.{}", field.rust);
                let Some(now) = after.fields.iter().find(|now| now.rust == field.rust) else {
                    self.add(Source, "field-removed", item, "");
                    continue;
                };
                let (ty, now_ty) = (text(&field.ty), text(&now.ty));
                self.texts(Source, "field-type-changed", item, &ty, &now_ty);
                if let (Type::Tag(before), Type::Tag(after)) = (&field.ty, &now.ty) {
                    self.texts(Behaviour, "tag-changed", item, before, after);
                }
                self.texts(Behaviour, "field-renamed", item, &field.wire, &now.wire);
                self.deprecated(item, Behaviour, &field.deprecation, &now.deprecation);
                self.docs(item, &field.doc, &now.doc);
            }
            for field in after.fields.iter().filter(|field| !before.fields.iter().any(|old| old.rust == field.rust)) {
                self.add(Additive, "field-added", format!("{name}.{}", field.rust), text(&field.ty));
            }
        }
    }

    fn enums(&mut self) {
        let (old, new) = (self.old, self.new);
        self.sets(("type-removed", "type-added"), &keys(&old.enums), &keys(&new.enums));
        for (name, before) in &old.enums {
            let Some(after) = new.enums.get(name) else { continue };
            self.deprecated(name, Additive, &before.deprecation, &after.deprecation);
            self.docs(name, &before.doc, &after.doc);
            for variant in &before.variants {
                let item = &format!("{name}::{}", variant.rust);
                match after.variants.iter().find(|now| now.rust == variant.rust) {
                    None => self.add(Source, "variant-removed", item, ""),
                    Some(now) => {
                        self.texts(Behaviour, "value-changed", item, &variant.wire, &now.wire);
                        // Code that compares with it compiles, and no longer matches.
                        self.deprecated(item, Behaviour, &variant.deprecation, &now.deprecation);
                    }
                }
            }
            for now in after.variants.iter().filter(|now| !before.variants.iter().any(|old| old.rust == now.rust)) {
                self.add(Additive, "variant-added", format!("{name}::{}", now.rust), now.wire.as_str());
            }
        }
    }

    fn unions(&mut self) {
        let (old, new) = (self.old, self.new);
        self.sets(("type-removed", "type-added"), &keys(&old.unions), &keys(&new.unions));
        for (name, before) in &old.unions {
            let Some(after) = new.unions.get(name) else { continue };
            self.deprecated(name, Additive, &before.deprecation, &after.deprecation);
            self.docs(name, &before.doc, &after.doc);
            let (had, has) = (implementations(old, name), implementations(new, name));
            self.sets(("implementation-removed", "implementation-added"), &had, &has);
            let (UnionKind::Tagged { tag, members }, UnionKind::Tagged { tag: now_tag, members: now_members }) =
                (&before.kind, &after.kind)
            else {
                if before.kind != after.kind {
                    self.add(Source, "alternatives-changed", name, "");
                }
                continue;
            };
            self.texts(Behaviour, "tag-changed", name, tag, now_tag);
            for member in members {
                let item = &format!("{name}::{}", member.variant);
                match now_members.iter().find(|now| now.variant == member.variant) {
                    None => self.add(Source, "member-removed", item, ""),
                    Some(now) => {
                        self.texts(Source, "member-type-changed", item, &member.ty, &now.ty);
                        self.texts(Behaviour, "tag-changed", item, &member.value, &now.value);
                        self.deprecated(item, Behaviour, &member.deprecation, &now.deprecation);
                    }
                }
            }
            for now in now_members.iter().filter(|now| !members.iter().any(|old| old.variant == now.variant)) {
                self.add(Additive, "member-added", format!("{name}::{}", now.variant), "");
            }
        }
    }

    fn ids(&mut self) {
        let (old, new) = (self.old, self.new);
        self.sets(("type-removed", "type-added"), &keys(&old.ids), &keys(&new.ids));
        for (name, before) in &old.ids {
            if let Some(after) = new.ids.get(name) {
                self.deprecated(name, Additive, &before.deprecation, &after.deprecation);
            }
        }
    }

    /// Setters follow from what is sent. Those of new types and fields are not listed again.
    fn setters(&mut self) {
        let setters = |api: &Api| {
            let usage = Usage::of(api);
            let sent = api.structs.iter().filter(|(name, _)| usage.is_sent(name));
            let of_structs = sent.map(|(name, object)| (name.clone(), setters_of(object)));
            let sent = api.unions.iter().filter(|(name, _)| usage.is_sent(name));
            let of_unions = sent.map(|(name, union)| (name.clone(), union_setters_of(api, union)));
            of_structs.chain(of_unions).collect::<BTreeMap<String, BTreeSet<String>>>()
        };
        let (before, after) = (setters(self.old), setters(self.new));
        let none = BTreeSet::new();
        for (name, earlier) in &before {
            let later = after.get(name).unwrap_or(&none);
            for setter in earlier.difference(later) {
                self.add(Source, "setter-removed", format!("{name}::{setter}"), "");
            }
        }
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            if self.old.structs.contains_key(name) || self.old.unions.contains_key(name) {
                self.add(Additive, "setters-added", name, "");
            }
        }
    }

    fn deprecated(&mut self, item: &str, level: Users, before: &Deprecation, after: &Deprecation) {
        match (before, after) {
            (None, Some(note)) => self.add(level, "deprecated", item, note.as_str()),
            (Some(_), None) => self.add(Additive, "no-longer-deprecated", item, ""),
            _ => {}
        }
    }
}

/// The methods of `Client` that call an operation.
fn methods(api: &Api) -> BTreeSet<String> {
    let modifiers = api.modifiers().into_iter().map(|modifier| modifier.name);
    api.operations.iter().map(|op| op.name.clone()).chain(modifiers).map(|name| format!("Client::{name}")).collect()
}

fn keys<T>(map: &BTreeMap<String, T>) -> BTreeSet<String> {
    map.keys().cloned().collect()
}

fn text(ty: &Type) -> String {
    rust_type(ty).to_string().replace(' ', "")
}

/// The types of the positional arguments.
fn arguments(op: &Operation) -> String {
    let required = op.path_params.iter().chain(op.params.iter().filter(|param| param.required));
    let types: Vec<String> = required.map(|param| &param.ty).chain(&op.body).map(text).collect();
    format!("({})", types.join(", "))
}

fn optional(op: &Operation) -> BTreeMap<&str, &Param> {
    op.params.iter().filter(|param| !param.required).map(|param| (param.rust.as_str(), param)).collect()
}

/// How an optional argument is sent.
fn in_request(param: &Param) -> String {
    let list = if param.explode { ", repeated" } else { "" };
    format!("{} in {}{list}", param.wire, format!("{:?}", param.place).to_lowercase())
}

/// The request line, as the service routes it.
fn request(op: &Operation) -> String {
    let mut path = op.path.to_lowercase();
    for (at, param) in op.path_params.iter().enumerate() {
        path = path.replace(&format!("{{{}}}", param.wire.to_lowercase()), &format!("{{{at}}}"));
    }
    let required = op.params.iter().filter(|param| param.required).map(|param| format!(" {}", param.wire));
    format!("{} {path}{}", op.method, required.collect::<String>())
}
