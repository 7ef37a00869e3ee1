//! `generated/unions.rs`: one enum for each set of alternatives.

use super::usage::Usage;
use super::{declare, deprecated, ident, print, rust_type};
use crate::document::words;
use crate::generate::model::api::{Api, Member, Union, UnionKind};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

pub fn emit(api: &Api, usage: &Usage) -> Result<String> {
    let mut out = print(quote!(
        use crate::model::union::{json_type_union, tagged_union};
        use crate::types::*;
    ))?;
    for (name, union) in &api.unions {
        out.push_str(&match &union.kind {
            UnionKind::Tagged { tag, members } => {
                let doc = format!("One of {} types, selected by `{tag}`.", members.len());
                let head = head(name, union, &doc, usage);
                let members = members.iter().map(member);
                declare("tagged_union", quote!(#[tag = #tag] #head { #(#members,)* }))?
            }
            UnionKind::Shaped { members } => {
                let head = head(name, union, "One of several JSON types.", usage);
                let members = members.iter().map(|(shape, ty)| {
                    let (shape, ty) = (ident(&format!("{shape:?}")), rust_type(ty));
                    quote!(#shape(#ty))
                });
                declare("json_type_union", quote!(#head { #(#members,)* }))?
            }
        });
    }
    Ok(out)
}

fn head(name: &str, union: &Union, default: &str, usage: &Usage) -> TokenStream {
    let docs = usage.documented(name, union.doc.as_deref().unwrap_or(default));
    let (mark, name) = (deprecated(&union.deprecation), ident(name));
    quote!(#docs #mark pub enum #name)
}

fn member(member: &Member) -> TokenStream {
    let accessor = ident(&format!("as_{}", words::snake(&member.variant)));
    let (mark, variant, ty) = (deprecated(&member.deprecation), ident(&member.variant), ident(&member.ty));
    let value = &member.value;
    quote!(#[accessor(#accessor)] #mark #variant(#ty) = #value)
}
