//! `generated/setters.rs`: chained setters for every type that a request body can hold.

use super::rust_type;
use super::usage::Usage;
use crate::generate::model::api::{Api, Type};
use std::fmt::Write;

pub fn emit(api: &Api, usage: &Usage) -> String {
    let mut out = String::from("use crate::model::setters::setters;\nuse crate::types::*;\n");
    for (name, object) in api.structs.iter().filter(|(name, _)| usage.is_sent(name)) {
        let _ = write!(out, "\nsetters! {{\n    {name} {{\n");
        for field in &object.fields {
            let setter = format!("set_{}", field.rust.trim_end_matches('_'));
            let ty = match &field.ty {
                Type::List(item) => format!("[{}]", rust_type(item)),
                other => rust_type(other),
            };
            let older = super::spellings(&field.aliases);
            let mark = super::deprecated(&field.deprecation);
            // What the field's documentation says, below the sentence that the macro writes.
            if let Some(doc) = &field.doc {
                out.push_str(&super::doc_text("        ", &format!("\n{doc}")));
            }
            let _ = writeln!(out, "        {mark}{setter}: {} = {ty}{older},", field.rust);
        }
        out.push_str("    }\n}\n");
    }
    out
}
