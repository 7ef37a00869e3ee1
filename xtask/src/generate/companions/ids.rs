//! `generated/ids.rs`: one type for each identifier in a path.

use super::{deprecated, doc_text};
use crate::generate::model::api::Api;
use std::fmt::Write;

pub fn emit(api: &Api) -> String {
    let mut out = String::from("use crate::model::id::id;\n");
    for (name, id) in &api.ids {
        let doc = match &id.doc {
            Some(doc) => doc.clone(),
            None => format!("Identifier `{}` in a path.", id.wire),
        };
        let _ = write!(out, "\nid! {{\n{}    {}{name}\n}}\n", doc_text("    ", &doc), deprecated(&id.deprecation));
    }
    out
}
