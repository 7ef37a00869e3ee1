//! `generated/setters.rs`: chained setters for every type that a request body can hold.

use super::usage::Usage;
use super::{declare, deprecated, docs, earlier_names, ident, print, rust_type};
use crate::generate::model::api::{Api, Field, Member, Struct, Type, Union, UnionKind};
use anyhow::Result;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

pub fn emit(api: &Api, usage: &Usage) -> Result<String> {
    let mut out = print(quote!(
        use crate::model::setters::{setters, union_setters};
        use crate::types::*;
    ))?;
    for (name, object) in api.structs.iter().filter(|(name, _)| usage.is_sent(name)) {
        let (name, setters) = (ident(name), object.fields.iter().map(setter));
        out.push_str(&declare("setters", quote!(struct #name { #(#setters,)* }))?);
    }
    for (name, union) in api.unions.iter().filter(|(name, _)| usage.is_sent(name)) {
        if let UnionKind::Tagged { tag, members } = &union.kind {
            out.push_str(&declare("union_setters", union_setters(api, name, tag, members))?);
        }
    }
    Ok(out)
}

/// The setters of an object that is sent, by name and type.
pub fn setters_of(object: &Struct) -> BTreeSet<String> {
    object.fields.iter().map(signature).collect()
}

/// The setters of a union that is sent, by name and type.
pub fn union_setters_of(api: &Api, union: &Union) -> BTreeSet<String> {
    match &union.kind {
        UnionKind::Tagged { tag, members } => {
            shared_fields(api, tag, members).iter().map(|(field, _)| signature(field)).collect()
        }
        UnionKind::Shaped { .. } => BTreeSet::new(),
    }
}

fn signature(field: &Field) -> String {
    format!("{}({})", setter_of(field), setter_type(field).to_string().replace(' ', ""))
}

fn union_setters(api: &Api, name: &str, tag: &str, members: &[Member]) -> TokenStream {
    let setters = shared_fields(api, tag, members);
    let setters = setters.iter().map(|(field, having)| union_setter(field, having));
    let name = ident(name);
    quote!(struct #name { #(#setters,)* })
}

/// The fields that at least two members share, and these members.
fn shared_fields<'a>(api: &'a Api, tag: &str, members: &'a [Member]) -> Vec<(&'a Field, Vec<&'a Member>)> {
    let field_of = |member: &Member, wire: &str| api.structs.get(&member.ty).and_then(|object| object.field(wire));
    let fields = members.iter().filter_map(|member| api.structs.get(&member.ty)).flat_map(|object| &object.fields);
    let mut shared: BTreeMap<&str, &Field> = BTreeMap::new();
    for field in fields.filter(|field| field.wire != tag) {
        shared.entry(&field.wire).or_insert(field);
    }
    let fields = shared.into_values().filter_map(|field| {
        let same = |member: &&Member| {
            field_of(member, &field.wire).is_some_and(|other| other.ty == field.ty && other.rust == field.rust)
        };
        let having: Vec<&Member> = members.iter().filter(same).collect();
        let differ = members.iter().filter(|member| field_of(member, &field.wire).is_some()).count() != having.len();
        (having.len() > 1 && !differ).then_some((field, having))
    });
    fields.collect()
}

fn union_setter(field: &Field, having: &[&Member]) -> TokenStream {
    let variants = having.iter().map(|member| ident(&member.variant));
    let docs = field.doc.as_ref().map(|doc| docs(&format!("\n{doc}")));
    let (setter, ty, wire) = (setter_of(field), setter_type(field), &field.wire);
    let (mark, field) = (deprecated(&field.deprecation), ident(&field.rust));
    quote!(#[setter(#setter, #wire; #(#variants),*)] #docs #mark #field: #ty)
}

fn setter(field: &Field) -> TokenStream {
    let (setter, ty) = (setter_of(field), setter_type(field));
    let clear = ident(&format!("clear_{}", field.rust.trim_end_matches('_')));
    // Below the sentence that the macro writes.
    let docs = field.doc.as_ref().map(|doc| docs(&format!("\n{doc}")));
    let (earlier, mark) = (earlier_names(&field.aliases), deprecated(&field.deprecation));
    let field = ident(&field.rust);
    quote!(#[setter(#setter, #clear #earlier)] #docs #mark #field: #ty)
}

fn setter_of(field: &Field) -> Ident {
    ident(&format!("set_{}", field.rust.trim_end_matches('_')))
}

/// The type of a field; a list as a slice.
fn setter_type(field: &Field) -> TokenStream {
    match &field.ty {
        Type::List(item) => {
            let item = rust_type(item);
            quote!([#item])
        }
        other => rust_type(other),
    }
}
