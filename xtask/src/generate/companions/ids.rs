//! `generated/ids.rs`: one type for each identifier in a path.

use super::{declare, deprecated, docs, ident, print};
use crate::generate::model::api::Api;
use anyhow::Result;
use quote::quote;

pub fn emit(api: &Api) -> Result<String> {
    let mut out = print(quote!(
        use crate::model::id::id;
    ))?;
    for (name, id) in &api.ids {
        let docs = docs(&id.doc.clone().unwrap_or_else(|| format!("Identifier `{}` in a path.", id.wire)));
        let (name, deprecated) = (ident(name), deprecated(&id.deprecation));
        out.push_str(&declare("id", quote!(#docs #deprecated pub struct #name;))?);
    }
    Ok(out)
}
