//! `tests/suite/src/generated/bridge.rs`: every type and every operation by name, so that tests can be data.

use super::{ident, print, rust_type};
use crate::generate::model::api::{Api, Operation, Param, Type};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

pub fn emit(api: &Api) -> Result<String> {
    let structs = api.structs.iter().map(|(name, s)| (name, &s.pointer));
    let unions = api.unions.iter().map(|(name, u)| (name, &u.pointer));
    let enums = api.enums.iter().map(|(name, e)| (name, &e.pointer));
    let types = || structs.clone().chain(unions.clone()).chain(enums.clone());
    let round_trips = types().map(|(name, pointer)| {
        let ty = ident(name);
        quote!((#name, #pointer, round_trip::<#ty>))
    });
    let reads = types().map(|(name, _)| {
        let ty = ident(name);
        quote!(read::<#ty>)
    });
    let arms = api.operations.iter().map(arm);
    print(quote! {
        use crate::bridge::{Args, EncodedResponse, Read, RoundTrip, encode_response, read, round_trip};
        use partner_ingestion_sdk::types::*;
        use partner_ingestion_sdk::{Client, Error};

        /// Name, JSON pointer of its schema, and decode-and-encode of every type.
        pub const TYPES: &[(&str, &str, RoundTrip)] = &[#(#round_trips),*];

        /// Decodes every type, in the order of `TYPES`.
        pub const READS: &[Read] = &[#(#reads),*];

        /// Calls an operation through its public builder.
        pub async fn call(client: &Client, name: &str, args: &Args) -> Result<EncodedResponse, Error> {
            match name {
                #(#arms)*
                other => panic!("there is no operation {other}"),
            }
        }
    })
}

fn arm(op: &Operation) -> TokenStream {
    let all = || op.path_params.iter().chain(&op.params);
    let required = all().filter(|param| param.required).map(get);
    let body = op.body.iter().map(|body| {
        let body = rust_type(body);
        quote!(args.body::<#body>())
    });
    let args = required.chain(body);
    let optional = all().filter(|param| !param.required).map(|param| {
        let (text, setter, get) = (&param.rust, ident(&param.rust), get(param));
        quote!(let call = if args.has(#text) { call.#setter(#get) } else { call };)
    });
    let (text, method) = (&op.name, ident(&op.name));
    quote! {
        #text => {
            let call = client.#method(#(#args),*);
            #(#optional)*
            let call = match args.if_match() { Some(tag) => call.if_match(tag), None => call };
            args.print(&call);
            encode_response(Box::pin(call.send()).await)
        }
    }
}

fn get(param: &Param) -> TokenStream {
    let name = &param.rust;
    match &param.ty {
        Type::Bool => quote!(args.bool(#name)),
        Type::Integer => quote!(args.integer(#name)),
        Type::List(item) if **item == Type::Bool => quote!(vec![args.bool(#name)]),
        Type::List(item) if **item == Type::Integer => quote!(vec![args.integer(#name)]),
        Type::List(item) => {
            let item = rust_type(item);
            quote!(vec![#item::from(args.text(#name))])
        }
        _ => quote!(args.text(#name)),
    }
}
