//! `generated/resources.rs`: defaults that carry their tag, and what resources and pages have in common.

use super::{literal, rust_type, spellings};
use crate::generate::model::api::{Api, Field, Struct, Type, UnionKind};
use std::fmt::Write;

/// Wire names of what the service calls a resource.
const ID: &str = "id";
const ETAG: &str = "@odata.etag";
const RESOURCE_TYPE: &str = "resourceType";

pub fn emit(api: &Api) -> String {
    let mut out = String::from(
        "use crate::model::resource::{page, renamed_field, resource, tagged, union_resource};\nuse crate::types::*;\n\n",
    );
    for (name, object) in &api.structs {
        if let Some((field, value)) = object.tag() {
            let others = object.fields.iter().filter(|f| f.wire != field.wire).map(|f| f.rust.as_str());
            let others: Vec<&str> = others.collect();
            let _ = writeln!(out, "tagged!({name} {{ {} = {}; {} }});", field.rust, literal(value), others.join(", "));
        }
    }
    out.push('\n');
    for (name, object) in &api.structs {
        if let Some(line) = resource(name, object) {
            out.push_str(&line);
        }
        if let Some(page) = object.page() {
            let item = rust_type(page.item);
            let _ =
                writeln!(out, "page!({name}, {item}, {}{});", page.next_link.rust, spellings(&page.next_link.aliases));
        }
        for field in object.fields.iter().filter(|field| !field.aliases.is_empty() && !is_common(field)) {
            let ty = rust_type(&field.ty);
            let _ = writeln!(out, "renamed_field!({name}, {}: {ty}{});", field.rust, spellings(&field.aliases));
        }
    }
    for (name, union) in &api.unions {
        if let UnionKind::Tagged { members, .. } = &union.kind {
            let variants: Vec<&str> = members.iter().map(|m| m.variant.as_str()).collect();
            let _ = writeln!(out, "union_resource!({name} {{ {} }});", variants.join(", "));
        }
    }
    out
}

/// Returns the implementation of `Resource` for an object with an id, an entity tag or a resource type.
fn resource(name: &str, object: &Struct) -> Option<String> {
    let text =
        |wire: &str| object.field(wire).filter(|f| f.ty.innermost() == &f.ty && !matches!(f.ty, Type::Struct(_)));
    let (id, etag, kind) = (text(ID), text(ETAG), text(RESOURCE_TYPE));
    if id.is_none() && etag.is_none() && kind.is_none() {
        return None;
    }
    let part =
        |name: &str, field: Option<&Field>| field.map(|f| format!("{name} = {}{}", f.rust, spellings(&f.aliases)));
    let parts = [part("id", id), part("etag", etag), part("resource_type", kind)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(format!("resource!({name} {{ {} }});\n", parts.join(", ")))
}

/// Returns true if a trait already has an accessor for the field.
fn is_common(field: &Field) -> bool {
    [ID, ETAG, RESOURCE_TYPE, "nextLink", "@odata.nextLink"].contains(&field.wire.as_str())
}
