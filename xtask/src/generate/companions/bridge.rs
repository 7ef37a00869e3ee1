//! `tests/suite/src/generated/bridge.rs`: every type and every operation by name, so that tests can be data.

use super::{literal, rust_type};
use crate::generate::model::api::{Api, Operation, Param, Type};
use std::fmt::Write;

pub fn emit(api: &Api) -> String {
    let mut out = String::from(
        "use crate::bridge::{Args, EncodedResponse, RoundTrip, encode_response, round_trip};\nuse partner_ingestion_sdk::types::*;\n\
         use partner_ingestion_sdk::{Client, Error};\n\n",
    );
    out.push_str("/// Name, JSON pointer of its schema, and decode-and-encode of every type.\n");
    out.push_str("pub const TYPES: &[(&str, &str, RoundTrip)] = &[\n");
    let structs = api.structs.iter().map(|(name, s)| (name, &s.pointer));
    let unions = api.unions.iter().map(|(name, u)| (name, &u.pointer));
    let enums = api.enums.iter().map(|(name, e)| (name, &e.pointer));
    for (name, pointer) in structs.chain(unions).chain(enums) {
        let _ = writeln!(out, "({}, {}, round_trip::<{name}>),", literal(name), literal(pointer));
    }
    out.push_str("];\n\n/// Calls an operation through its public builder.\n");
    out.push_str(
        "pub async fn call(client: &Client, name: &str, args: &Args) -> Result<EncodedResponse, Error> {\nmatch name {\n",
    );
    for op in &api.operations {
        out.push_str(&arm(op));
    }
    out.push_str("other => panic!(\"there is no operation {other}\"),\n}\n}\n");
    out
}

fn arm(op: &Operation) -> String {
    let all = || op.path_params.iter().chain(&op.params);
    let mut args: Vec<String> = all().filter(|p| p.required).map(get).collect();
    if let Some(body) = &op.body {
        args.push(format!("args.body::<{}>()", rust_type(body)));
    }
    let mut text = format!("{} => {{\nlet call = client.{}({});\n", literal(&op.name), op.name, args.join(", "));
    for param in all().filter(|p| !p.required) {
        let _ = writeln!(
            text,
            "let call = if args.has({}) {{ call.{}({}) }} else {{ call }};",
            literal(&param.rust),
            param.rust,
            get(param)
        );
    }
    text.push_str("let call = match args.if_match() { Some(tag) => call.if_match(tag), None => call };\n");
    text.push_str("encode_response(Box::pin(call.send()).await)\n}\n");
    text
}

fn get(param: &Param) -> String {
    match &param.ty {
        Type::Bool => format!("args.bool({})", literal(&param.rust)),
        Type::Integer => format!("args.integer({})", literal(&param.rust)),
        _ => format!("args.text({})", literal(&param.rust)),
    }
}
