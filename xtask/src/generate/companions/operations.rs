//! `generated/operations.rs`: the public builders, one for each operation.

use super::{doc_text, literal, rust_type};
use crate::document::words;
use crate::generate::model::api::{Api, IfMatch, Operation, Param, ParamPlace, Type};
use anyhow::{Context, Result};
use std::fmt::Write;

pub fn emit(api: &Api, requests: &syn::File) -> Result<String> {
    let mut out = String::from(
        "use crate::generated::requests::Requests;\nuse crate::generated::table::OPERATIONS;\nuse crate::http::call::{Call, call_options};\nuse crate::http::response::Success;\nuse crate::types::*;\n\
         use crate::{Client, Error, Response};\n",
    );
    for (index, op) in api.operations.iter().enumerate() {
        let arguments = arguments(requests, op)?;
        out.push_str(&entry(op, index));
        out.push_str(&builder(api, op, &arguments));
    }
    Ok(out)
}

fn required(op: &Operation) -> impl Iterator<Item = &Param> {
    op.path_params.iter().chain(op.params.iter().filter(|p| p.required))
}

fn optional(op: &Operation) -> impl Iterator<Item = &Param> {
    op.params.iter().filter(|p| !p.required)
}

/// The method of `Client` that starts the call.
fn entry(op: &Operation, index: usize) -> String {
    let name = &op.name;
    let builder = words::camel(name);
    let mut args = String::new();
    let mut fields = String::new();
    for param in required(op) {
        let _ = write!(args, ", {}: impl Into<{}>", param.rust, rust_type(&param.ty));
        let _ = write!(fields, ", {0}: {0}.into()", param.rust);
    }
    if let Some(body) = &op.body {
        let _ = write!(args, ", body: impl Into<{}>", rust_type(body));
        fields.push_str(", body: body.into()");
    }
    for param in optional(op) {
        let _ = write!(fields, ", {}: None", param.rust);
    }
    let doc = entry_doc(op);
    format!(
        "\nimpl Client {{\n{}pub fn {name}(&self{args}) -> {builder} {{\n{builder} {{ call: Call::new(self, &OPERATIONS[{index}]){fields} }}\n}}\n}}\n",
        doc_text("", &doc),
    )
}

fn entry_doc(op: &Operation) -> String {
    let mut doc = op.doc.clone().unwrap_or_else(|| format!("Calls the operation `{}`.", op.name));
    let _ = write!(doc, "\n\n`{} {}`", op.method, op.path);
    let described: Vec<&Param> = required(op).chain(optional(op)).filter(|p| p.doc.is_some()).collect();
    if !described.is_empty() {
        doc.push('\n');
        for param in described {
            let text = param.doc.as_deref().unwrap_or_default().replace('\n', " ");
            let _ = write!(doc, "\n* `{}`: {text}", param.rust);
        }
    }
    if op.if_match != IfMatch::No {
        doc.push_str("\n\nSends the body's etag in If-Match unless [`if_match`](");
        let _ = write!(doc, "{}::if_match) is set", words::camel(&op.name));
        let without = "; without either the call is an error before it is sent";
        let _ = write!(doc, "{}.", if op.if_match == IfMatch::Required { without } else { "" });
    }
    doc.push_str(&types_doc(op));
    if !op.errors.is_empty() {
        let _ = write!(
            doc,
            "\n\n# Errors\n\nThe document lists the statuses {}. See [`Client`](crate::Client#errors-of-calls).",
            op.errors.join(", ")
        );
    }
    doc
}

/// Links to the request body and the response.
fn types_doc(op: &Operation) -> String {
    let link = |ty: &Type| match ty {
        Type::Struct(name) | Type::Union(name) => Some(format!("[`{name}`]")),
        _ => None,
    };
    match (op.body.as_ref().and_then(link), op.response.as_ref().and_then(link)) {
        (Some(body), Some(answer)) => format!("\n\nRequest body: {body}. Response: {answer}."),
        (Some(body), None) => format!("\n\nRequest body: {body}."),
        (None, Some(answer)) => format!("\n\nResponse: {answer}."),
        (None, None) => String::new(),
    }
}

fn builder(api: &Api, op: &Operation, arguments: &[String]) -> String {
    let name = words::camel(&op.name);
    let mut fields = String::from("call: Call,\n");
    for param in required(op) {
        let _ = writeln!(fields, "{}: {},", param.rust, rust_type(&param.ty));
    }
    for param in optional(op) {
        let _ = writeln!(fields, "{}: Option<{}>,", param.rust, rust_type(&param.ty));
    }
    if let Some(body) = &op.body {
        let _ = writeln!(fields, "body: {},", rust_type(body));
    }
    let setters: String = optional(op).map(setter).collect();
    format!(
        "/// The builder of [`Client::{method}`].\n#[derive(Clone, Debug)]\n\
         #[must_use = \"a call does nothing until `send` is awaited\"]\n\
         pub struct {name} {{\n{fields}}}\n\nimpl {name} {{\n{setters}call_options!();\n{send}{pages}}}\n",
        method = op.name,
        send = send(api, op, arguments),
        pages = pages(api, op),
    )
}

fn setter(param: &Param) -> String {
    let doc = param.doc.clone().unwrap_or_else(|| format!("Sets `{}`.", param.wire));
    let (name, ty) = (&param.rust, rust_type(&param.ty));
    format!(
        "{}pub fn {name}(mut self, {name}: impl Into<{ty}>) -> Self {{\nself.{name} = Some({name}.into());\nself\n}}\n",
        doc_text("", &doc),
    )
}

fn send(api: &Api, op: &Operation, arguments: &[String]) -> String {
    let answer = op.response.as_ref().map_or("()".to_owned(), rust_type);
    let path: Vec<String> =
        op.path_params.iter().map(|p| format!("({}, self.{}.as_str())", literal(&p.wire), p.rust)).collect();
    let etag = match &op.body {
        Some(body) if op.if_match != IfMatch::No && has_etag(api, body) => "crate::Resource::etag(&self.body)",
        _ => "None",
    };
    let decoded = if op.response.is_some() { "decode()" } else { "map(Success::empty)" };
    let question = if op.response.is_some() { "?" } else { "" };
    format!(
        "/// Sends the request. See [`Client`](crate::Client#errors-of-calls) for the errors.\npub async fn send(self) -> Result<Response<{answer}>, Error> {{\n\
         let request = |requests: &Requests| requests.{}({});\n\
         self.call.send(&[{}], {etag}, &request).await{question}.{decoded}\n}}\n",
        op.name,
        arguments.join(", "),
        path.join(", "),
    )
}

/// Both are `inline`, so that a list is compiled by who reads it: compiled here, the lists took 23 of 37 s of a release build.
fn pages(api: &Api, op: &Operation) -> String {
    let Some(Type::Struct(page)) = &op.response else {
        return String::new();
    };
    let Some(items) = api.structs.get(page).and_then(|s| s.page()).filter(|_| op.method == "GET") else {
        return String::new();
    };
    let item = rust_type(items.item);
    format!(
        "/// Returns a stream of all pages, following `nextLink`.\n\
         #[inline]\npub fn pages(self) -> crate::Pages<{page}> {{\ncrate::Pages::new(self.call.clone(), Box::pin(self.send()))\n}}\n\
         /// Returns a stream of all items of all pages: [`{item}`].\n#[inline]\npub fn stream(self) -> crate::Items<{page}> {{\ncrate::Items::<{page}>::new(self.pages())\n}}\n",
    )
}

fn has_etag(api: &Api, ty: &Type) -> bool {
    match ty {
        Type::Struct(name) => api.structs.get(name).is_some_and(|s| s.field("@odata.etag").is_some()),
        Type::Union(_) => true,
        _ => false,
    }
}

/// The arguments of progenitor's method, in the order that it chose.
fn arguments(requests: &syn::File, op: &Operation) -> Result<Vec<String>> {
    let methods = requests.items.iter().filter_map(|item| match item {
        syn::Item::Impl(item) => Some(&item.items),
        _ => None,
    });
    let method = methods
        .flatten()
        .find_map(|item| match item {
            syn::ImplItem::Fn(method) if method.sig.ident == op.name => Some(method),
            _ => None,
        })
        .with_context(|| format!("progenitor has no method {}", op.name))?;
    let mut arguments = Vec::new();
    for input in &method.sig.inputs {
        let syn::FnArg::Typed(input) = input else { continue };
        let syn::Pat::Ident(pattern) = &*input.pat else {
            continue;
        };
        let name = pattern.ident.to_string();
        arguments
            .push(argument(op, &name).with_context(|| format!("progenitor's {} takes an unknown {name}", op.name))?);
    }
    Ok(arguments)
}

fn argument(op: &Operation, name: &str) -> Option<String> {
    if name == "body" && op.body.is_some() {
        return Some("&self.body".to_owned());
    }
    let all = op.path_params.iter().chain(&op.params);
    let param = all.into_iter().find(|p| p.rust == name || words::snake(&p.wire) == name)?;
    let field = format!("self.{}", param.rust);
    Some(match (&param.ty, param.required) {
        (Type::Bool | Type::Integer, _) => field,
        (Type::Text, false) => format!("{field}.as_deref()"),
        (_, false) => format!("{field}.as_ref().map(|v| v.as_str())"),
        (Type::Text, true) if param.place != ParamPlace::Path => format!("&{field}"),
        (_, true) => format!("{field}.as_str()"),
    })
}
