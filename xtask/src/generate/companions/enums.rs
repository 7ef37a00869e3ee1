//! `generated/enums.rs`: enums that keep the text of a value they do not know.

use super::usage::Usage;
use super::{doc_text, literal};
use crate::generate::api::Api;
use std::fmt::Write;

pub fn emit(api: &Api, usage: &Usage) -> String {
    let mut out = String::from("use crate::open_enum::open_enum;\n");
    for (name, list) in &api.enums {
        let doc = list.doc.as_deref().unwrap_or("Values that the document lists; others keep their text.");
        let doc = usage.with_holders(name, doc);
        let _ = write!(out, "\nopen_enum! {{\n{}    {name} {{\n", doc_text("    ", &doc));
        for variant in &list.variants {
            let _ = writeln!(out, "        {} = {},", variant.rust, literal(&variant.wire));
        }
        out.push_str("    }\n}\n");
    }
    out
}
