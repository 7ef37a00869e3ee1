//! `generated/modify.rs`: `modify_*` for each resource with a GET, a PUT and an entity tag.

use super::{docs, ident, print, rust_type};
use crate::generate::model::api::{Api, Modifier, Operation};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

const HEADING: &str = "\
# Changes

Read a resource, change it and write it back, without losing what others change at the same time.";

/// Continues the heading for offers.
const DRAFTS: &str = " To change the draft of a module
without knowing its id, use [`Draft::modify`](crate::Draft::modify).

```no_run
# use partner_ingestion_sdk::{Client, Error};
# async fn example(client: Client) -> Result<(), Error> {
client.modify_listing(\"product-id\", \"listing-id\", |listing| listing.set_title(\"Contoso Backup\")).await?;
# Ok(())
# }
```";

/// `has_offers`: the document is about offers, whose drafts have a workflow.
pub fn emit(api: &Api, has_offers: bool) -> Result<String> {
    let heading = docs(&format!("{HEADING}{}", if has_offers { DRAFTS } else { "" }));
    let modifiers = api.modifiers();
    let methods = modifiers.iter().map(method);
    print(quote! {
        use crate::types::*;
        use crate::workflows::modify::{Version, modify, refused};
        use crate::{Client, Error, Response};
        use futures_util::FutureExt;
        #heading
        impl Client { #(#methods)* }
    })
}

fn method(modifier: &Modifier<'_>) -> TokenStream {
    let docs = docs(&doc(modifier));
    let (method, resource) = (ident(&modifier.name), rust_type(modifier.resource));
    let try_method = ident(&format!("try_{}", modifier.name));
    let try_docs = self::docs(&format!(
        "Does what [`{name}`](Self::{name}) does, with a closure that may fail.\n\n# Errors\n\nReturns the errors of \
         [`{name}`](Self::{name}), and [`ErrorKind::Closure`](crate::ErrorKind::Closure) with the closure's error as the source; \
         an [`Error`] of this crate is returned unchanged. Then nothing is written.",
        name = modifier.name,
    ));
    let (get, put) = (ident(&modifier.get.name), ident(&modifier.put.name));
    let names: Vec<_> = modifier.get.path_params.iter().map(|param| ident(&param.rust)).collect();
    let types: Vec<_> = modifier.get.path_params.iter().map(|param| rust_type(&param.ty)).collect();
    let [expand_get, expand_put] = [modifier.get, modifier.put].map(|op| expand(modifier, op));
    quote! {
        #docs
        pub async fn #method(
            &self,
            #(#names: impl Into<#types> + Send,)*
            change: impl Fn(#resource) -> #resource + Send + Sync,
        ) -> Result<Response<#resource>, Error> {
            self.#try_method(#(#names,)* |current| Ok::<_, Error>(change(current))).await
        }

        #try_docs
        pub async fn #try_method<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
            &self,
            #(#names: impl Into<#types> + Send,)*
            change: impl Fn(#resource) -> Result<#resource, E> + Send + Sync,
        ) -> Result<Response<#resource>, Error> {
            #(let #names = #names.into();)*
            let read = || self.#get(#(&#names),*) #expand_get.send().boxed();
            let write = |changed: #resource, version: &Version| {
                self.#put(#(&#names,)* changed) #expand_put.if_match(version.etag.as_str()).send().boxed()
            };
            modify(&read, &write, &|current| change(current).map_err(refused)).await
        }
    }
}

/// The call of `expand`, where the operation has the parameter.
fn expand(modifier: &Modifier<'_>, op: &Operation) -> Option<TokenStream> {
    let (setter, value) = op.expansion(modifier.get)?;
    let setter = ident(setter);
    Some(quote!(.#setter(#value)))
}

fn doc(modifier: &Modifier<'_>) -> String {
    let (get, put) = (&modifier.get.name, &modifier.put.name);
    let summary = match modifier.put.summary().strip_prefix("Replaces ") {
        Some(what) => format!("Changes {what}"),
        None => format!("Changes what [`{get}`](Self::{get}) returns"),
    };
    format!(
        "{summary}.\n\nReads it with [`{get}`](Self::{get}), applies `change` and writes it with [`{put}`](Self::{put}) and \
         its entity tag. If `change` changes nothing, nothing is written and the response is that of the GET. On a conflict \
         (409, 412) it starts again, up to 100 times. Everything that `change` does not touch is preserved, including fields \
         that the type does not know. `change` may be called more than once. If the response of the PUT is lost, the change is \
         not made twice: the resource is read, and only what `change` changed is compared.\n\n# Errors\n\nReturns the errors \
         of both operations; a conflict only after 100 conflicts, or after 5 if no other program changed the resource."
    )
}
