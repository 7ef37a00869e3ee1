//! `generated/enums.rs`: enums that keep the text of a value they do not know.

use super::usage::Usage;
use super::{deprecated, doc_text, literal};
use crate::generate::model::api::Api;
use std::fmt::Write;

pub fn emit(api: &Api, usage: &Usage) -> String {
    let mut out = String::from("use crate::model::open_enum::open_enum;\n");
    for (name, list) in &api.enums {
        let doc = list.doc.as_deref().unwrap_or("Values that the document lists; others keep their text.");
        let doc = usage.with_holders(name, doc);
        let _ =
            write!(out, "\nopen_enum! {{\n{}    {}{name} {{\n", doc_text("    ", &doc), deprecated(&list.deprecation));
        let (known, dropped): (Vec<_>, Vec<_>) =
            list.variants.iter().partition(|variant| variant.deprecation.is_none());
        for variant in known {
            let _ = writeln!(out, "        {} = {},", variant.rust, literal(&variant.wire));
        }
        out.push_str("    }");
        if !dropped.is_empty() {
            out.push_str(" removed {\n");
            for variant in dropped {
                let mark = deprecated(&variant.deprecation);
                let _ = writeln!(out, "        {mark}{} = {},", variant.rust, literal(&variant.wire));
            }
            out.push_str("    }");
        }
        out.push_str("\n}\n");
    }
    out
}
