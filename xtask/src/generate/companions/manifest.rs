//! `generated/manifest.rs`: the types of a manifest, for reading, checking and exporting offers as files.

use super::{ident, print};
use crate::document::manifest::Manifest;
use crate::generate::model::api::Api;
use crate::generate::model::manifest::{fields, object_inside, objects, secrets};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;

pub fn emit(api: &Api, manifest: &Manifest) -> Result<String> {
    let parts = manifest.parts.iter().map(|part| {
        let (name, omits) = (ident(&part.type_name), &part.omits);
        let default = part.default.as_ref().map(|default| quote!(= #default));
        quote!(#name #default, omits [#(#omits),*];)
    });
    let parts = (!manifest.parts.is_empty()).then(|| {
        quote! {
            use crate::types::*;
            use crate::workflows::manifest::part::{ManifestPart, PartOf, parts};
            parts! { #(#parts)* }
        }
    });
    let assigned = &manifest.assigned;
    let secrets = secrets(api, manifest);
    let secrets = secrets.iter();
    let objects = objects(api, manifest).into_iter().map(|name| object(api, name));
    print(quote! {
        #parts

        /// Properties that the service assigns, in every part and at every depth.
        pub(crate) static ASSIGNED: &[&str] = &[#(#assigned),*];

        /// The properties whose values are secret.
        pub(crate) static SECRETS: &[&str] = &[#(#secrets),*];

        /// An object of the document: its name, and its properties with the object inside.
        pub(crate) type Object = (&'static str, &'static [(&'static str, Option<&'static str>)]);

        /// Every object that is a part of a manifest or inside one, by name. A union has the properties of all members.
        pub(crate) static OBJECTS: &[Object] = &[#(#objects),*];
    })
}

fn object(api: &Api, name: &str) -> TokenStream {
    let mut properties: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for field in fields(api, name) {
        properties.entry(&field.wire).or_insert_with(|| object_inside(field));
    }
    let properties = properties.into_iter().map(|(wire, inside)| match inside {
        Some(inside) => quote!((#wire, Some(#inside))),
        None => quote!((#wire, None)),
    });
    quote!((#name, &[#(#properties),*]))
}
