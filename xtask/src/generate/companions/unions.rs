//! `generated/unions.rs`: one enum for each set of alternatives.

use super::usage::Usage;
use super::{deprecated, doc_text, literal, rust_type};
use crate::generate::model::api::{Api, Member, Shape, Type, Union, UnionKind};
use std::fmt::Write;

pub fn emit(api: &Api, usage: &Usage) -> String {
    let mut out = String::from("use crate::types::*;\nuse crate::model::union::{json_type_union, tagged_union};\n");
    for (name, union) in &api.unions {
        match &union.kind {
            UnionKind::Tagged { tag, members } => tagged(&mut out, name, union, tag, members, usage),
            UnionKind::Shaped { members } => shaped(&mut out, name, union, members, usage),
        }
    }
    out
}

fn tagged(out: &mut String, name: &str, union: &Union, tag: &str, members: &[Member], usage: &Usage) {
    let doc = union.doc.clone().unwrap_or_else(|| format!("One of {} types, selected by `{tag}`.", members.len()));
    let _ = write!(
        out,
        "\ntagged_union! {{\n{}    {name} by {} {{\n",
        doc_text("    ", &usage.with_holders(name, &doc)) + &usage.lines(name) + &deprecated(&union.deprecation),
        literal(tag)
    );
    for member in members {
        let accessor = crate::document::words::snake(&member.variant);
        let mark = deprecated(&member.deprecation);
        let _ = writeln!(
            out,
            "        {mark}{}({}) = {}, as_{accessor};",
            member.variant,
            member.ty,
            literal(&member.value)
        );
    }
    out.push_str("    }\n}\n");
}

fn shaped(out: &mut String, name: &str, union: &Union, members: &[(Shape, Type)], usage: &Usage) {
    let doc = union.doc.clone().unwrap_or_else(|| "One of several JSON types.".to_owned());
    let _ = write!(
        out,
        "\njson_type_union! {{\n{}    {name} {{\n",
        doc_text("    ", &usage.with_holders(name, &doc)) + &usage.lines(name) + &deprecated(&union.deprecation)
    );
    for (shape, ty) in members {
        let _ = writeln!(out, "        {shape:?}({}),", rust_type(ty));
    }
    out.push_str("    }\n}\n");
}
