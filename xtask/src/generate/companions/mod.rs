//! What progenitor cannot generate: open enums, unions, identifiers, setters, the public operation builders, the bridge for the tests.
//! Each file here writes one file of the generated crate.

pub mod bridge;
pub mod enums;
pub mod example;
pub mod ids;
pub mod manifest;
pub mod manifest_schema;
pub mod modify;
pub mod operations;
pub mod overview;
pub mod parameters;
pub mod resources;
pub mod rules;
pub mod setters;
pub mod table;
pub mod unions;
pub mod usage;

use crate::generate::model::api::{Deprecation, Type};
use anyhow::{Context, Result};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Documentation as attributes, one a line, as `///` would make them.
pub fn docs(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

pub fn ident(name: &str) -> Ident {
    format_ident!("{name}")
}

/// The Rust type, as the generated crate names it.
pub fn rust_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Any => quote!(serde_json::Value),
        Type::Bool => quote!(bool),
        Type::Decimal => quote!(Decimal),
        Type::Integer => quote!(i64),
        Type::Secret => quote!(Secret),
        Type::Text => quote!(String),
        Type::Timestamp => quote!(Timestamp),
        Type::Tag(_) => quote!(ResourceType),
        Type::Enum(name) | Type::Id(name) | Type::Struct(name) | Type::Union(name) => {
            let name = ident(name);
            quote!(#name)
        }
        Type::List(item) => {
            let item = rust_type(item);
            quote!(Vec<#item>)
        }
        Type::Map(value) if **value == Type::Any => quote!(serde_json::Map<String, serde_json::Value>),
        Type::Map(value) => {
            let value = rust_type(value);
            quote!(std::collections::HashMap<String, #value>)
        }
    }
}

/// The attribute of an item that was removed from the document.
pub fn deprecated(deprecation: &Deprecation) -> Option<TokenStream> {
    deprecation.as_ref().map(|note| quote!(#[deprecated(note = #note)]))
}

/// Earlier names of a field, as the macros of the runtime take them. Empty if there are none.
pub fn earlier_names(names: &[String]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote!(; #(#names),*))
}

/// Prints items as Rust source.
pub fn print(items: TokenStream) -> Result<String> {
    let text = items.to_string();
    let file = syn::parse2(items).with_context(|| {
        let start: String = text.chars().take(2000).collect();
        format!("generated code is not valid Rust: {start}")
    })?;
    Ok(prettyplease::unparse(&file))
}

/// Prints items as the argument of a macro that extends them.
pub fn declare(name: &str, items: TokenStream) -> Result<String> {
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
    let items: String = print(items)?.lines().map(indented).collect();
    Ok(format!("\n{name}! {{\n{items}}}\n"))
}
