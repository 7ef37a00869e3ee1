//! Parameters that the builder of an operation adds to the request itself: those in headers, and lists in the query.

use super::ident;
use crate::generate::model::api::{Operation, Param, ParamPlace, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// The receiver, and the statement that adds the parameters in headers to the call.
pub fn this(op: &Operation) -> (TokenStream, Option<TokenStream>) {
    match op.params.iter().any(|param| param.place == ParamPlace::Header) {
        true => (quote!(mut self), Some(quote!(self.add_headers();))),
        false => (quote!(self), None),
    }
}

/// The method that adds the parameters in headers to the call.
pub fn headers(op: &Operation) -> Option<TokenStream> {
    let params: Vec<&Param> = op.params.iter().filter(|param| param.place == ParamPlace::Header).collect();
    let statements = params.iter().map(|param| {
        let (wire, field) = (&param.wire, ident(&param.rust));
        let value = |value: TokenStream| match &param.ty {
            Type::List(item) => {
                let text = text_of(item, &quote!(v));
                quote!(&#value.iter().map(|v| #text.to_string()).collect::<Vec<_>>().join(","))
            }
            Type::Bool | Type::Integer => quote!(&#value.to_string()),
            _ => quote!(#value.as_str()),
        };
        let (given, required) = (value(quote!(value)), value(quote!(self.#field)));
        match param.required {
            true => quote!(self.call.header(#wire, #required);),
            false => quote!(if let Some(value) = &self.#field { self.call.header(#wire, #given); }),
        }
    });
    (!params.is_empty()).then(|| {
        quote! {
            fn add_headers(&mut self) {
                #(#statements)*
            }
        }
    })
}

/// Adds lists to the query of a request.
pub fn with_lists(op: &Operation, request: TokenStream) -> TokenStream {
    let lists = op.params.iter().filter(|param| param.place == ParamPlace::Query);
    let statements: Vec<TokenStream> = lists
        .filter_map(|param| {
            let Type::List(item) = &param.ty else { return None };
            let (wire, field, text) = (&param.wire, ident(&param.rust), text_of(item, &quote!(v)));
            let given = if param.required { quote!(Some(&self.#field)) } else { quote!(self.#field.as_ref()) };
            let values = quote!(values.iter().map(|v| #text.to_string()));
            let add = match param.explode {
                true => quote!(request.url_mut().query_pairs_mut().extend_pairs(#values.map(|value| (#wire, value)));),
                false => quote! {
                    request.url_mut().query_pairs_mut().append_pair(#wire, &#values.collect::<Vec<_>>().join(","));
                },
            };
            // An empty list is no parameter.
            Some(quote!(if let Some(values) = #given.filter(|values| !values.is_empty()) { #add }))
        })
        .collect();
    match statements.is_empty() {
        true => request,
        false => quote!({ let mut request = #request?; #(#statements)* Ok(request) }),
    }
}

/// A displayable value of an item.
fn text_of(item: &Type, value: &TokenStream) -> TokenStream {
    match item {
        Type::Enum(_) => quote!(#value.as_str()),
        _ => value.clone(),
    }
}
