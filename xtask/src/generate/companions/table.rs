//! `generated/table.rs`: what the runtime needs to know about each operation.

use super::{ident, print};
use crate::generate::model::api::{Api, Operation, Type, UnionKind};
use anyhow::Result;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

pub fn emit(api: &Api) -> Result<String> {
    let (version, server) = (&api.version, &api.server);
    let names = api.operations.iter().map(constant);
    let operations = api.operations.iter().map(|op| operation(api, op));
    print(quote! {
        use crate::http::operation::Operation;

        /// `info.version` of the document.
        pub const API_VERSION: &str = #version;

        /// The service's address, from the document.
        pub const SERVER: &str = #server;

        /// Every operation of the document, by name.
        pub static OPERATIONS: &[&Operation] = &[#(&by_name::#names),*];

        pub(crate) mod by_name {
            use crate::http::operation::{IfMatchRule, Operation};
            #(#operations)*
        }
    })
}

/// The name of an operation's static.
pub fn constant(op: &Operation) -> Ident {
    ident(&op.name.to_uppercase())
}

fn operation(api: &Api, op: &Operation) -> TokenStream {
    let (constant, if_match, secret) = (constant(op), ident(op.if_match.variant()), holds_secret(api, op));
    let Operation { name, method, path, may_be_empty, .. } = op;
    quote! {
        pub(crate) static #constant: Operation = Operation {
            name: #name,
            method: #method,
            path: #path,
            if_match: IfMatchRule::#if_match,
            secret: #secret,
            may_be_empty: #may_be_empty,
        };
    }
}

/// Returns true if a body can contain a secret field. Errors must not quote it.
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
