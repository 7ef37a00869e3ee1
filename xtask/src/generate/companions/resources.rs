//! `generated/resources.rs`: defaults with their tag, what resources and pages have in common, and conversions of resources to ids.

use super::{earlier_names, ident, print, rust_type};
use crate::generate::model::api::{Api, Field, Struct, Type, Union, UnionKind};
use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// Wire names of the common properties of resources.
const ID: &str = "id";
const ETAG: &str = "@odata.etag";
const RESOURCE_TYPE: &str = "resourceType";

pub fn emit(api: &Api) -> Result<String> {
    let tagged = api.structs.iter().filter_map(|(name, object)| tagged(name, object));
    let common = api.structs.iter().flat_map(|(name, object)| {
        let renamed = object.fields.iter().filter(|field| !field.aliases.is_empty() && !is_common(field));
        let renamed = renamed.map(|field| {
            let (owner, ty, earlier) = (ident(name), rust_type(&field.ty), earlier_names(&field.aliases));
            let field = ident(&field.rust);
            quote!(renamed_field!(#owner, #field: #ty #earlier);)
        });
        resource(name, object).into_iter().chain(page(name, object)).chain(renamed)
    });
    let unions = api.unions.iter().filter_map(|(name, union)| union_resource(name, union));
    let structs = api.structs.iter().filter_map(|(name, object)| Some((name, id_of(object)?)));
    let ids = structs.chain(api.unions.iter().filter_map(|(name, union)| Some((name, id_of_union(api, union)?))));
    // An id that follows several collections, as an instance id does, does not identify one kind of resource.
    let ids = ids.filter(|(_, id)| api.collections_of(id) == 1).map(|(name, id)| {
        let (name, id) = (ident(name), ident(id));
        quote!(id_of!(#name => #id);)
    });
    print(quote! {
        use crate::model::id::id_of;
        use crate::model::resource::{page, renamed_field, resource, tagged, union_resource};
        use crate::types::*;
        #(#tagged)*
        #(#common)*
        #(#unions)*
        #(#ids)*
    })
}

/// The traits and conversions of an object or a union, as text.
pub fn implementations(api: &Api, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |what: Option<String>| found.extend(what);
    if let Some(object) = api.structs.get(name) {
        add(resource(name, object).map(|tokens| format!("{name}: Resource{}", parts_text(&tokens))));
        add(object.page().map(|page| format!("{name}: Page<{}>", rust_type(page.item).to_string().replace(' ', ""))));
    }
    let union = api.unions.get(name);
    add(union.and_then(|union| union_resource(name, union)).map(|_| format!("{name}: Resource")));
    let id = api.structs.get(name).and_then(id_of).or_else(|| id_of_union(api, union?));
    add(id.filter(|id| api.collections_of(id) == 1).map(|id| format!("{id}: From<&{name}>")));
    found
}

/// The properties that the trait reads.
fn parts_text(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    let parts = [ID, "etag", "resource_type"].into_iter().filter(|part| text.contains(&format!("{part} = (")));
    parts.map(|part| format!(" {part}")).collect()
}

fn tagged(name: &str, object: &Struct) -> Option<TokenStream> {
    let (field, value) = object.tag()?;
    let others = object.fields.iter().filter(|f| f.wire != field.wire).map(|f| ident(&f.rust));
    let (name, field) = (ident(name), ident(&field.rust));
    Some(quote!(tagged!(#name { #field = #value; #(#others),* });))
}

/// Returns the implementation of `Resource` for an object with an id, an entity tag or a resource type.
fn resource(name: &str, object: &Struct) -> Option<TokenStream> {
    let text =
        |wire: &str| object.field(wire).filter(|f| f.ty.innermost() == &f.ty && !matches!(f.ty, Type::Struct(_)));
    let parts = [("id", text(ID)), ("etag", text(ETAG)), ("resource_type", text(RESOURCE_TYPE))];
    let parts: Vec<TokenStream> = parts.into_iter().filter_map(|(what, field)| Some(part(what, field?))).collect();
    let name = ident(name);
    (!parts.is_empty()).then(|| quote!(resource!(#name { #(#parts),* });))
}

fn part(what: &str, field: &Field) -> TokenStream {
    let (what, earlier) = (ident(what), earlier_names(&field.aliases));
    let field = ident(&field.rust);
    quote!(#what = (#field #earlier))
}

fn page(name: &str, object: &Struct) -> Option<TokenStream> {
    let page = object.page()?;
    let (item, link, earlier) = (rust_type(page.item), ident(&page.next_link.rust), &page.next_link.aliases);
    let (name, earlier) = (ident(name), earlier_names(earlier));
    let items = (page.items.rust != "value").then(|| ident(&page.items.rust)).map(|items| quote!(#items:));
    Some(quote!(page!(#name, #items #item, #link #earlier);))
}

fn union_resource(name: &str, union: &Union) -> Option<TokenStream> {
    let UnionKind::Tagged { members, .. } = &union.kind else { return None };
    let (name, variants) = (ident(name), members.iter().map(|member| ident(&member.variant)));
    Some(quote!(union_resource!(#name { #(#variants),* });))
}

/// The type of the object's own id.
fn id_of(object: &Struct) -> Option<&str> {
    match &object.field(ID)?.ty {
        Type::Id(id) => Some(id),
        _ => None,
    }
}

/// The type of the id that all members have.
fn id_of_union<'a>(api: &'a Api, union: &Union) -> Option<&'a str> {
    let UnionKind::Tagged { members, .. } = &union.kind else { return None };
    let mut ids = members.iter().map(|member| id_of(api.structs.get(&member.ty)?));
    let first = ids.next()??;
    ids.all(|id| id == Some(first)).then_some(first)
}

/// Returns true if a trait already has an accessor for the field.
fn is_common(field: &Field) -> bool {
    [ID, ETAG, RESOURCE_TYPE, "nextLink", "@odata.nextLink", "@nextLink"].contains(&field.wire.as_str())
}
