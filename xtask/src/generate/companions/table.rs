//! `generated/table.rs`: what the runtime knows of each operation.

use super::literal;
use crate::generate::model::api::{Api, Operation, Type, UnionKind};
use std::collections::BTreeSet;
use std::fmt::Write;

pub fn emit(api: &Api) -> String {
    let mut out = String::from("use crate::http::operation::{IfMatchRule, Operation};\n\n");
    let _ = writeln!(
        out,
        "/// `info.version` of the document.\npub const API_VERSION: &str = {};\n",
        literal(&api.version)
    );
    let _ = writeln!(
        out,
        "/// The service's address, from the document.\npub const SERVER: &str = {};\n",
        literal(&api.server)
    );
    out.push_str("/// Every operation of the document, by name.\n");
    let _ = writeln!(out, "pub static OPERATIONS: [Operation; {}] = [", api.operations.len());
    for op in &api.operations {
        let _ = writeln!(
            out,
            "    Operation {{\n        name: {},\n        method: {},\n        path: {},\n        if_match: IfMatchRule::{},\n        secret: {},\n    }},",
            literal(&op.name),
            literal(&op.method),
            literal(&op.path),
            op.if_match.variant(),
            holds_secret(api, op),
        );
    }
    out.push_str("];\n");
    out
}

/// Returns true if the response can contain a secret field. Errors must not quote its body.
fn holds_secret(api: &Api, op: &Operation) -> bool {
    let mut seen = BTreeSet::new();
    [&op.body, &op.response].into_iter().flatten().any(|ty| secret_inside(api, ty, &mut seen))
}

fn secret_inside(api: &Api, ty: &Type, seen: &mut BTreeSet<String>) -> bool {
    match ty.innermost() {
        Type::Secret => true,
        Type::Struct(name) if seen.insert(name.clone()) => {
            api.structs.get(name).is_some_and(|s| s.fields.iter().any(|f| secret_inside(api, &f.ty, seen)))
        }
        Type::Union(name) if seen.insert(name.clone()) => match api.unions.get(name).map(|u| &u.kind) {
            Some(UnionKind::Tagged { members, .. }) => {
                members.iter().any(|m| secret_inside(api, &Type::Struct(m.ty.clone()), seen))
            }
            Some(UnionKind::Shaped { members }) => members.iter().any(|(_, ty)| secret_inside(api, ty, seen)),
            None => false,
        },
        _ => false,
    }
}
