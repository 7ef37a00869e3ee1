//! `generated/enums.rs`: enums that keep the text of an unknown value.

use super::usage::Usage;
use super::{declare, deprecated, ident, print};
use crate::generate::model::api::{Api, Enum, Variant};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

pub fn emit(api: &Api, usage: &Usage) -> Result<String> {
    let mut out = print(quote!(
        use crate::model::open_enum::open_enum;
    ))?;
    for (name, list) in &api.enums {
        out.push_str(&declare("open_enum", open_enum(name, list, usage))?);
    }
    Ok(out)
}

fn open_enum(name: &str, list: &Enum, usage: &Usage) -> TokenStream {
    let doc = list.doc.as_deref().unwrap_or("Values that the document lists; others keep their text.");
    let docs = usage.documented(name, doc);
    let (name, mark) = (ident(name), deprecated(&list.deprecation));
    let (known, removed): (Vec<_>, Vec<_>) = list.variants.iter().partition(|variant| variant.deprecation.is_none());
    let [known, removed] = [known, removed].map(|variants| variants.into_iter().map(variant).collect::<Vec<_>>());
    let removed = (!removed.is_empty()).then(|| quote!(pub enum Removed { #(#removed,)* }));
    quote!(#docs #mark pub enum #name { #(#known,)* } #removed)
}

fn variant(variant: &Variant) -> TokenStream {
    let (name, wire, mark) = (ident(&variant.rust), &variant.wire, deprecated(&variant.deprecation));
    quote!(#mark #name = #wire)
}
