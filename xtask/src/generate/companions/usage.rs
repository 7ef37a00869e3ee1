//! Which operations take, return and change a type, directly or inside another one.

use super::docs;
use crate::generate::model::api::{Api, Type, UnionKind};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Usage {
    taken: BTreeMap<String, BTreeSet<String>>,
    returned: BTreeMap<String, BTreeSet<String>>,
    modified: BTreeMap<String, BTreeSet<String>>,
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
        for modifier in api.modifiers() {
            let name = named(modifier.resource).unwrap_or_default();
            usage.modified.entry(name).or_default().insert(modifier.name);
        }
        let bodies: Vec<String> = usage.taken.keys().cloned().collect();
        for name in bodies {
            usage.reach(api, name);
        }
        usage.sent.extend(api.kept_setters.iter().cloned());
        for holder in api.structs.keys().chain(api.unions.keys()) {
            for name in inside(api, holder).into_iter().chain(values_inside(api, holder)) {
                usage.held.entry(name).or_default().insert(holder.clone());
            }
        }
        usage
    }

    /// A sentence that names what holds the type, if anything does.
    fn holders(&self, name: &str) -> Option<String> {
        let holders = self.held.get(name)?;
        let links: Vec<String> = holders.iter().map(|holder| format!("[`{holder}`](crate::types::{holder})")).collect();
        Some(format!("Part of {}.", links.join(", ")))
    }

    /// What takes, returns and changes the type, as attributes: links to operations exist only with the client.
    pub fn operations(&self, name: &str) -> TokenStream {
        let lines = [("Accepted", &self.taken), ("Returned", &self.returned), ("Changed", &self.modified)];
        let lines = lines.into_iter().filter_map(|(verb, map)| {
            let methods = map.get(name)?.iter();
            let links: Vec<String> = methods.map(|method| format!("[`{method}`](crate::Client::{method})")).collect();
            let line = format!(" {verb} by {}.", links.join(", "));
            Some(quote!(#[doc = ""] #[cfg_attr(feature = "client", doc = #line)]))
        });
        quote!(#(#lines)*)
    }

    fn reach(&mut self, api: &Api, name: String) {
        if self.sent.insert(name.clone()) {
            inside(api, &name).into_iter().for_each(|inner| self.reach(api, inner));
        }
    }

    /// The types that a request body can hold, and those that keep their setters.
    pub fn sent(&self) -> &BTreeSet<String> {
        &self.sent
    }

    /// Whether a request body can hold this type, or could in an earlier document.
    pub fn is_sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    /// The attributes that document a type: the text, what uses the type, and what holds it.
    pub fn documented(&self, name: &str, doc: &str) -> TokenStream {
        let holders = self.holders(name).map(|holders| docs(&format!("\n{holders}")));
        let (docs, operations) = (docs(doc), self.operations(name));
        quote!(#docs #operations #holders)
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
