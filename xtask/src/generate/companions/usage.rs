//! Which operations take and return a type, directly or inside another one.

use super::doc_lines;
use crate::generate::model::api::{Api, Type, UnionKind};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Attribute, parse_quote};

#[derive(Debug, Default)]
pub struct Usage {
    taken: BTreeMap<String, BTreeSet<String>>,
    returned: BTreeMap<String, BTreeSet<String>>,
    sent: BTreeSet<String>,
    /// Which objects and unions hold a type.
    held: BTreeMap<String, BTreeSet<String>>,
}

impl Usage {
    pub fn of(api: &Api) -> Self {
        let mut usage = Self::default();
        for op in &api.operations {
            for (ty, map) in [(&op.body, &mut usage.taken), (&op.response, &mut usage.returned)] {
                let mut direct = BTreeSet::new();
                direct.extend(ty.iter().filter_map(named));
                for name in direct.clone() {
                    direct.extend(inside(api, &name).into_iter().filter(|_| is_holder(api, &name)));
                }
                for name in direct {
                    map.entry(name).or_default().insert(op.name.clone());
                }
            }
        }
        let bodies: Vec<String> = usage.taken.keys().cloned().collect();
        for name in bodies {
            usage.reach(api, name);
        }
        for holder in api.structs.keys().chain(api.unions.keys()) {
            for name in inside(api, holder).into_iter().chain(values_inside(api, holder)) {
                usage.held.entry(name).or_default().insert(holder.clone());
            }
        }
        usage
    }

    /// A sentence that names what holds the type, if anything does.
    pub fn holders(&self, name: &str) -> Option<String> {
        let holders = self.held.get(name)?;
        let links: Vec<String> = holders.iter().map(|holder| format!("[`{holder}`](crate::types::{holder})")).collect();
        Some(format!("Part of {}.", links.join(", ")))
    }

    /// The text with that sentence below it.
    pub fn with_holders(&self, name: &str, doc: &str) -> String {
        match self.holders(name) {
            Some(holders) => format!("{doc}\n\n{holders}"),
            None => doc.to_owned(),
        }
    }

    /// Operations and holders as text, for types that a macro declares. Links to operations exist only with the client.
    pub fn lines(&self, name: &str) -> String {
        let operations =
            [("Accepted", &self.taken), ("Returned", &self.returned)].into_iter().filter_map(|(verb, map)| {
                let links: Vec<String> =
                    map.get(name)?.iter().map(|op| format!("[`{op}`](crate::Client::{op})")).collect();
                Some(format!(
                    "    #[cfg_attr(feature = \"client\", doc = \"\\n{verb} by {}.\\n\")]\n",
                    links.join(", ")
                ))
            });
        operations.collect()
    }

    fn reach(&mut self, api: &Api, name: String) {
        if self.sent.insert(name.clone()) {
            inside(api, &name).into_iter().for_each(|inner| self.reach(api, inner));
        }
    }

    /// Whether a request body can hold this type.
    pub fn is_sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    /// Lines for the type's documentation; the links exist only where the client does.
    pub fn doc(&self, name: &str) -> Vec<Attribute> {
        let mut attrs = Vec::new();
        for (verb, map) in [("Accepted", &self.taken), ("Returned", &self.returned)] {
            if let Some(operations) = map.get(name) {
                let links: Vec<String> = operations.iter().map(|op| format!("[`{op}`](crate::Client::{op})")).collect();
                let line = format!(" {verb} by {}.", links.join(", "));
                attrs.extend(doc_lines("\n"));
                attrs.push(parse_quote!(#[cfg_attr(feature = "client", doc = #line)]));
            }
        }
        if let Some(holders) = self.holders(name) {
            attrs.extend(doc_lines(&format!("\n{holders}")));
        }
        attrs
    }
}

/// Pages and unions: what they hold is what the operation is about.
fn is_holder(api: &Api, name: &str) -> bool {
    api.unions.contains_key(name) || api.structs.get(name).is_some_and(|s| s.page().is_some())
}

fn inside(api: &Api, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(object) = api.structs.get(name) {
        found.extend(object.fields.iter().filter_map(|field| named(&field.ty)));
    }
    match api.unions.get(name).map(|union| &union.kind) {
        Some(UnionKind::Tagged { members, .. }) => found.extend(members.iter().map(|m| m.ty.clone())),
        Some(UnionKind::Shaped { members }) => found.extend(members.iter().filter_map(|(_, ty)| named(ty))),
        None => {}
    }
    found
}

/// The enums and identifiers that an object holds.
fn values_inside(api: &Api, name: &str) -> Vec<String> {
    let fields = api.structs.get(name).into_iter().flat_map(|object| &object.fields);
    let value = |ty: &Type| match ty.innermost() {
        Type::Enum(name) | Type::Id(name) => Some(name.clone()),
        _ => None,
    };
    fields.filter_map(|field| value(&field.ty)).collect()
}

fn named(ty: &Type) -> Option<String> {
    match ty.innermost() {
        Type::Struct(name) | Type::Union(name) => Some(name.clone()),
        _ => None,
    }
}
