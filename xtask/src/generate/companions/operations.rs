//! `generated/operations.rs`: the methods of `Client` by resource, and one builder for each operation.

use super::parameters::{headers, this, with_lists};
use super::{docs, example, ident, print, rust_type, table};
use crate::document::words;
use crate::generate::model::api::{Api, Group, IfMatch, Modifier, Operation, Param, ParamPlace, Type};
use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashMap;

pub fn emit(api: &Api, requests: &syn::File) -> Result<String> {
    let groups = api.groups();
    let methods = groups.iter().map(|group| methods(api, group));
    let operations = groups.iter().flat_map(|group| &group.operations);
    let requests = methods_of(requests);
    let builders = operations.map(|op| builder(api, op, &requests)).collect::<Result<Vec<_>>>()?;
    print(quote! {
        use crate::generated::requests::Requests;
        use crate::generated::table::by_name;
        use crate::http::call::{Call, awaitable, call_options};
        use crate::http::response::{Success, json};
        use crate::types::*;
        use crate::{Client, Error, Response};
        #(#methods)*
        #(#builders)*
    })
}

fn required(op: &Operation) -> impl Iterator<Item = &Param> {
    op.path_params.iter().chain(op.params.iter().filter(|p| p.required))
}

fn optional(op: &Operation) -> impl Iterator<Item = &Param> {
    op.params.iter().filter(|p| !p.required)
}

/// The methods of `Client` for one kind of resource, below a heading.
fn methods(api: &Api, group: &Group<'_>) -> TokenStream {
    let docs = docs(&format!("# {}", group.title));
    let methods = group.operations.iter().map(|op| method(api, op));
    quote!(#docs impl Client { #(#methods)* })
}

/// The method that starts a call.
fn method(api: &Api, op: &Operation) -> TokenStream {
    let (docs, aliases) = (docs(&method_doc(api, op)), aliases(op));
    let (method, builder, constant) = (ident(&op.name), ident(&words::camel(&op.name)), table::constant(op));
    let names: Vec<_> =
        required(op).map(|param| ident(&param.rust)).chain(op.body.iter().map(|_| ident("body"))).collect();
    let types = required(op).map(|param| rust_type(&param.ty)).chain(op.body.iter().map(rust_type));
    let unset = optional(op).map(|param| ident(&param.rust));
    quote! {
        #docs
        #(#[doc(alias = #aliases)])*
        pub fn #method(&self #(, #names: impl Into<#types>)*) -> #builder {
            #builder { call: Call::new(self, &by_name::#constant), #(#names: #names.into(),)* #(#unset: None,)* }
        }
    }
}

/// Words that lead to the operation in the documentation's search: the fixed parts of its path, and other terms for it.
fn aliases(op: &Operation) -> Vec<String> {
    let parts = op.literals().filter(|part| words::is_search_term(part)).map(str::to_owned);
    let mut aliases: Vec<String> = parts.chain(op.all_terms().cloned()).filter(|alias| *alias != op.name).collect();
    aliases.sort();
    aliases.dedup();
    aliases
}

fn method_doc(api: &Api, op: &Operation) -> String {
    let summary = op.doc.clone().unwrap_or_else(|| format!("Calls the operation `{}`.", op.name));
    let mut doc = format!("{summary}\n\n`{} {}`", op.method, op.path);
    let described = required(op).chain(optional(op)).filter_map(|param| Some((&param.rust, param.doc.as_deref()?)));
    for (at, (name, text)) in described.enumerate() {
        let gap = if at == 0 { "\n\n" } else { "\n" };
        doc += &format!("{gap}* `{name}`: {}", text.replace('\n', " "));
    }
    if op.if_match != IfMatch::No {
        let builder = words::camel(&op.name);
        let without = if op.if_match == IfMatch::Required {
            "; without either the call is an error before it is sent"
        } else {
            ""
        };
        doc +=
            &format!("\n\nSends the body's etag in If-Match unless [`if_match`]({builder}::if_match) is set{without}.");
    }
    doc += &types_doc(op);
    if let Some(Modifier { name, .. }) = api.modifier_of(op) {
        doc += &format!("\n\n[`{name}`](Self::{name}) reads, changes and writes without losing changes of others.");
    }
    if !op.errors.is_empty() {
        doc += &format!(
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
    let empty = if op.may_be_empty { ", or `None` if the response has no body" } else { "" };
    match (op.body.as_ref().and_then(link), op.response.as_ref().and_then(link)) {
        (Some(body), Some(response)) => format!("\n\nRequest body: {body}. Response: {response}{empty}."),
        (Some(body), None) => format!("\n\nRequest body: {body}."),
        (None, Some(response)) => format!("\n\nResponse: {response}{empty}."),
        (None, None) => String::new(),
    }
}

fn builder(api: &Api, op: &Operation, requests: &Requests<'_>) -> Result<TokenStream> {
    let docs = docs(&format!("The builder of [`Client::{}`].\n\n# Examples\n\n{}", op.name, example::of(api, op)?));
    let name = ident(&words::camel(&op.name));
    let required = required(op).map(|param| {
        let (name, ty) = (ident(&param.rust), rust_type(&param.ty));
        quote!(#name: #ty)
    });
    let unset = optional(op).map(|param| {
        let (name, ty) = (ident(&param.rust), rust_type(&param.ty));
        quote!(#name: Option<#ty>)
    });
    let body = op.body.iter().map(|body| {
        let ty = rust_type(body);
        quote!(body: #ty)
    });
    let fields = required.chain(unset).chain(body);
    let response = response_type(op);
    let (setters, send, pages) = (optional(op).map(setter), send(api, op, requests)?, pages(api, op));
    let headers = headers(op);
    Ok(quote! {
        #docs
        #[derive(Clone, Debug)]
        #[must_use = "a call does nothing until it is awaited"]
        pub struct #name { call: Call, #(#fields),* }
        impl #name {
            #(#setters)*
            call_options!();
            #headers
            #send
            #pages
        }

        awaitable!(#name => Response<#response>);
    })
}

fn setter(param: &Param) -> TokenStream {
    let docs = docs(&param.doc.clone().unwrap_or_else(|| format!("Sets `{}`.", param.wire)));
    let (name, ty) = (ident(&param.rust), rust_type(&param.ty));
    quote! {
        #docs
        pub fn #name(mut self, #name: impl Into<#ty>) -> Self {
            self.#name = Some(#name.into());
            self
        }
    }
}

/// The type that the method returns, as text.
pub fn response_text(op: &Operation) -> String {
    format!("Response<{}>", response_type(op).to_string().replace(' ', ""))
}

/// The type of the decoded body.
fn response_type(op: &Operation) -> TokenStream {
    let body = op.response.as_ref().map(rust_type);
    match body {
        Some(body) if op.may_be_empty => quote!(Option<#body>),
        Some(body) => body,
        None => quote!(()),
    }
}

fn send(api: &Api, op: &Operation, requests: &Requests<'_>) -> Result<TokenStream> {
    let response = response_type(op);
    let (method, arguments) = (ident(&op.name), arguments(requests, op)?);
    let path = op.path_params.iter().map(|param| {
        let (wire, name) = (&param.wire, ident(&param.rust));
        quote!((#wire, self.#name.as_str()))
    });
    let etag = match &op.body {
        Some(body) if op.if_match != IfMatch::No && api.has_etag(body) => quote!(crate::Resource::etag(&self.body)),
        _ => quote!(None),
    };
    let request = with_lists(op, quote!(requests.#method(#(#arguments),*)));
    let (this, with_headers) = this(op);
    // A POST without a body is an action: it succeeded whatever the response contains.
    let is_action = op.method == "POST" && op.body.is_none();
    let decoded = match op.response.is_some() {
        true if op.may_be_empty => quote!(?.or_null().decode()),
        true if is_action => quote!(.map(Success::decode_or_default)),
        true => quote!(?.decode()),
        false => quote!(.map(Success::empty)),
    };
    let decode = match op.response.is_some() && op.method == "GET" {
        true => quote!(Some(json::<#response>)),
        false => quote!(None),
    };
    Ok(quote! {
        /// Sends the request. See [`Client`](crate::Client#errors-of-calls) for the errors.
        pub async fn send(#this) -> Result<Response<#response>, Error> {
            #with_headers
            let request = |requests: &Requests| #request;
            self.call.send(&[#(#path),*], #etag, &request, #decode).await #decoded
        }
    })
}

/// Both are `inline`, so that a list is compiled by who reads it: compiled here, the lists took 23 of 37 s of a release build.
fn pages(api: &Api, op: &Operation) -> Option<TokenStream> {
    let (page, item) = api.page_of(op)?;
    let (page, item_type) = (ident(page), rust_type(item).to_string().replace(' ', ""));
    let (this, with_headers) = this(op);
    let stream = docs(&format!("Returns a stream of all items of all pages: [`{item_type}`]."));
    Some(quote! {
        /// Returns a stream of all pages, following `nextLink`.
        #[inline]
        pub fn pages(#this) -> crate::Pages<#page> {
            #with_headers
            crate::Pages::new(self.call.clone(), Box::pin(self.send()))
        }

        #stream
        #[inline]
        pub fn stream(self) -> crate::Items<#page> {
            crate::Items::<#page>::new(self.pages())
        }
    })
}

/// Progenitor's methods by name.
type Requests<'r> = HashMap<String, &'r syn::ImplItemFn>;

fn methods_of(requests: &syn::File) -> Requests<'_> {
    let items = requests.items.iter().filter_map(|item| match item {
        syn::Item::Impl(item) => Some(&item.items),
        _ => None,
    });
    let methods = items.flatten().filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some((method.sig.ident.to_string(), method)),
        _ => None,
    });
    methods.collect()
}

/// The arguments of progenitor's method, in the order that it chose.
fn arguments(requests: &Requests<'_>, op: &Operation) -> Result<Vec<TokenStream>> {
    let method = requests.get(&op.name).with_context(|| format!("progenitor has no method {}", op.name))?;
    let names = method.sig.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(input) => match &*input.pat {
            syn::Pat::Ident(pattern) => Some(pattern.ident.to_string()),
            _ => None,
        },
        syn::FnArg::Receiver(_) => None,
    });
    let unknown = |name: &str| format!("progenitor's {} takes an unknown {name}", op.name);
    names.map(|name| argument(op, &name).with_context(|| unknown(&name))).collect()
}

fn argument(op: &Operation, name: &str) -> Option<TokenStream> {
    if name == "body" && op.body.is_some() {
        return Some(quote!(&self.body));
    }
    let mut all = op.path_params.iter().chain(&op.params);
    let param = all.find(|p| p.rust == name || words::snake(&p.wire) == name)?;
    let field = ident(&param.rust);
    Some(match (&param.ty, param.required) {
        (Type::Bool | Type::Integer, _) => quote!(self.#field),
        (Type::Text, false) => quote!(self.#field.as_deref()),
        (_, false) => quote!(self.#field.as_ref().map(|v| v.as_str())),
        (Type::Text, true) if param.place != ParamPlace::Path => quote!(&self.#field),
        (_, true) => quote!(self.#field.as_str()),
    })
}
