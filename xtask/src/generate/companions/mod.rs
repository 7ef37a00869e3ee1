//! What progenitor cannot say: open enums, unions, identifiers, setters, the public operation builders, the bridge
//! for the tests. Each file here writes one file of the generated crate.

pub mod bridge;
pub mod enums;
pub mod ids;
pub mod operations;
pub mod resources;
pub mod setters;
pub mod table;
pub mod unions;
pub mod usage;

use crate::generate::model::api::{Deprecation, Type};
use syn::{Attribute, parse_quote};

/// Documentation as attributes, one a line, as `///` would make them.
pub fn doc_lines(text: &str) -> Vec<Attribute> {
    let line = |line: &str| {
        if line.is_empty() { String::new() } else { format!(" {line}") }
    };
    text.lines().map(line).map(|line| parse_quote!(#[doc = #line])).collect()
}

/// Documentation as text, indented.
pub fn doc_text(indent: &str, text: &str) -> String {
    text.lines().map(|line| format!("{indent}/// {line}").trim_end().to_owned() + "\n").collect()
}

/// The Rust type, as it is written in the generated crate.
pub fn rust_type(ty: &Type) -> String {
    match ty {
        Type::Any => "serde_json::Value".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Decimal => "Decimal".to_owned(),
        Type::Integer => "i64".to_owned(),
        Type::Secret => "Secret".to_owned(),
        Type::Text => "String".to_owned(),
        Type::Timestamp => "Timestamp".to_owned(),
        Type::Tag(_) => "ResourceType".to_owned(),
        Type::Enum(name) | Type::Id(name) | Type::Struct(name) | Type::Union(name) => name.clone(),
        Type::List(item) => format!("Vec<{}>", rust_type(item)),
        Type::Map(value) if **value == Type::Any => "serde_json::Map<String, serde_json::Value>".to_owned(),
        Type::Map(value) => format!("std::collections::HashMap<String, {}>", rust_type(value)),
    }
}

/// Earlier spellings as the macros of the runtime take them: nothing when there are none.
pub fn spellings(older: &[String]) -> String {
    match older.is_empty() {
        true => String::new(),
        false => format!("; {older:?}"),
    }
}

/// The attribute on what the document does not have any more.
pub fn deprecated(deprecation: &Deprecation) -> String {
    deprecation.as_ref().map(|note| format!("#[deprecated(note = {note:?})] ")).unwrap_or_default()
}

/// Text of a Rust string literal.
pub fn literal(text: &str) -> String {
    format!("{text:?}")
}
