//! `generated/setters.rs`: chained setters for every type that a request body can hold.

use super::usage::Usage;
use super::{declare, deprecated, docs, earlier_names, ident, print, rust_type};
use crate::generate::model::api::{Api, Field, Type};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

pub fn emit(api: &Api, usage: &Usage) -> Result<String> {
    let mut out = print(quote!(
        use crate::model::setters::setters;
        use crate::types::*;
    ))?;
    for (name, object) in api.structs.iter().filter(|(name, _)| usage.is_sent(name)) {
        let (name, setters) = (ident(name), object.fields.iter().map(setter));
        out.push_str(&declare("setters", quote!(struct #name { #(#setters,)* }))?);
    }
    Ok(out)
}

fn setter(field: &Field) -> TokenStream {
    let setter = ident(&format!("set_{}", field.rust.trim_end_matches('_')));
    let ty = match &field.ty {
        Type::List(item) => {
            let item = rust_type(item);
            quote!([#item])
        }
        other => rust_type(other),
    };
    // Below the sentence that the macro writes.
    let docs = field.doc.as_ref().map(|doc| docs(&format!("\n{doc}")));
    let (earlier, mark) = (earlier_names(&field.aliases), deprecated(&field.deprecation));
    let field = ident(&field.rust);
    quote!(#[setter(#setter #earlier)] #docs #mark #field: #ty)
}
