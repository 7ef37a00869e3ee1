//! Adjusts field names, derives and documentation of progenitor's output. Detects items that progenitor dropped.

mod requests;

use super::companions::{deprecated, docs, rust_type, usage::Usage};
use super::model::api::{Api, Field, Struct};
use anyhow::{Context, Result, bail};
use quote::quote;
use std::collections::BTreeSet;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Item, ItemMod, ItemStruct, parse_quote};

/// Progenitor's output, split into types and requests.
pub struct Split {
    pub types: syn::File,
    pub requests: syn::File,
}

pub fn polish(file: syn::File, api: &Api, usage: &Usage) -> Result<Split> {
    let mut types = None;
    let mut rest = Vec::new();
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => types = Some(module),
            Item::Mod(module) if module.ident == "prelude" => {}
            Item::Use(_) => {}
            other => rest.push(other),
        }
    }
    let Some(types) = types else { bail!("progenitor emitted no types") };
    Ok(Split { types: structs(types, api, usage)?, requests: requests_file(rest, api)? })
}

fn structs(module: ItemMod, api: &Api, usage: &Usage) -> Result<syn::File> {
    let mut found = BTreeSet::new();
    let mut items: Vec<Item> = vec![parse_quote!(
        use crate::types::*;
    )];
    for item in module.content.map(|(_, items)| items).unwrap_or_default() {
        match item {
            Item::Struct(mut item) => {
                let name = item.ident.to_string();
                let Some(object) = api.structs.get(&name) else {
                    bail!("progenitor generated the type {name}, which is not in the document")
                };
                polish_struct(&mut item, object, usage).with_context(|| object.pointer.clone())?;
                ShortPaths.visit_item_struct_mut(&mut item);
                items.push(Item::Struct(item));
                found.insert(name);
            }
            Item::Enum(item) => bail!("progenitor generated the enum {}, which is not in the document", item.ident),
            Item::Mod(module) if module.ident == "error" => {}
            // Drops conversions from references, which would clone silently.
            Item::Impl(_) => {}
            other => bail!("progenitor emitted something unexpected: {}", quote!(#other)),
        }
    }
    let missing = api.structs.iter().filter(|(name, _)| !found.contains(*name));
    let missing: Vec<String> = missing.map(|(name, object)| format!("{name} ({})", object.pointer)).collect();
    if !missing.is_empty() {
        bail!("progenitor dropped the types {}", missing.join(", "));
    }
    Ok(syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items })
}

/// Checks that the fields of a struct are its properties plus `extra`, and renames them.
fn polish_struct(item: &mut ItemStruct, object: &Struct, usage: &Usage) -> Result<()> {
    let name = item.ident.to_string();
    let default: Option<Attribute> = object.tag().is_none().then(|| parse_quote!(#[derive(Default)]));
    let documented = usage.documented(&name, object.doc.as_deref().unwrap_or(&name));
    item.attrs = parse_quote!(#documented #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]);
    item.attrs.extend(default);
    item.attrs.push(parse_quote!(#[non_exhaustive]));
    let mark = deprecated(&object.deprecation);
    item.attrs.extend::<Vec<Attribute>>(parse_quote!(#mark));
    if object.fields.is_empty() {
        // Progenitor converts an object without properties to a map. It must be a struct, because it may get properties later.
        item.fields = syn::Fields::Named(parse_quote!({ #[serde(flatten)] pub extra: Extra }));
        item.semi_token = None;
    }
    let mut seen = BTreeSet::new();
    for field in &mut item.fields {
        let Some(ident) = field.ident.clone() else { bail!("{name} has a field without a name") };
        if is_flattened(&field.attrs) {
            let unknown = docs("Fields that this type does not have. They are sent back unchanged.");
            field.attrs = parse_quote!(#unknown #[serde(flatten)]);
            field.ty = parse_quote!(Extra);
            seen.insert("extra".to_owned());
            continue;
        }
        let wire = serde_rename(&field.attrs).unwrap_or_else(|| ident.to_string());
        let Some(known) = object.field(&wire) else { bail!("{name} has a field {wire} that is not in the document") };
        rename(field, known);
        check_type(&name, field, known)?;
        seen.insert(wire);
    }
    let wanted = object.fields.iter().map(|f| f.wire.as_str()).chain(["extra"]);
    let missing: Vec<&str> = wanted.filter(|wire| !seen.contains(*wire)).collect();
    if !missing.is_empty() {
        bail!("progenitor dropped the fields {} of {name}", missing.join(", "));
    }
    Ok(())
}

/// Checks that every replaced type is used. Progenitor ignores an unknown name and generates a separate type.
fn check_type(owner: &str, field: &syn::Field, known: &Field) -> Result<()> {
    let mut ty = field.ty.clone();
    ShortPaths.visit_type_mut(&mut ty);
    let text = |tokens: String| {
        // Progenitor boxes recursive types. Removes the box.
        let tokens = tokens.replace([' ', '\n'], "").replace("::std::boxed::Box<", "").replace('>', "");
        tokens.replace("::std::collections", "std::collections")
    };
    let found = text(quote!(#ty).to_string());
    let ty = rust_type(&known.ty);
    let wanted = text(quote!(Option<#ty>).to_string());
    if found != wanted {
        bail!("progenitor gave {owner}.{} the type {found}, wanted {wanted}", known.rust);
    }
    Ok(())
}

fn rename(field: &mut syn::Field, known: &Field) {
    field.ident = Some(quote::format_ident!("{}", known.rust));
    let wire = &known.wire;
    let docs = docs(known.doc.as_deref().unwrap_or(&format!("`{wire}`.")));
    let rename = (known.rust != *wire).then(|| quote!(rename = #wire,));
    let mark = deprecated(&known.deprecation);
    field.attrs = parse_quote!(#docs #[serde(#rename skip_serializing_if = "Option::is_none")] #mark);
}

fn is_flattened(attrs: &[Attribute]) -> bool {
    serde_meta(attrs, |meta| Ok(meta.path.is_ident("flatten").then(String::new))).is_some()
}

fn serde_rename(attrs: &[Attribute]) -> Option<String> {
    serde_meta(attrs, |meta| {
        if !meta.path.is_ident("rename") {
            return Ok(None);
        }
        Ok(Some(meta.value()?.parse::<syn::LitStr>()?.value()))
    })
}

fn serde_meta(
    attrs: &[Attribute],
    mut f: impl FnMut(&syn::meta::ParseNestedMeta<'_>) -> syn::Result<Option<String>>,
) -> Option<String> {
    let mut found = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        // typify writes only attributes that can be parsed.
        let _ = attr.parse_nested_meta(|meta| {
            match f(&meta)? {
                Some(value) => found = Some(value),
                None if meta.input.peek(syn::Token![=]) => drop(meta.value()?.parse::<syn::Lit>()?),
                None => {}
            }
            Ok(())
        });
    }
    found
}

/// Shortens `::std::option::Option` to `Option`, and types of the SDK to their names.
struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let short = match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["std", _, "Option" | "Vec" | "String"] => 2,
            ["crate", "types", _] => 2,
            ["serde_json", _] => {
                path.leading_colon = None;
                return;
            }
            _ => return,
        };
        path.leading_colon = None;
        path.segments = path.segments.iter().skip(short).cloned().collect();
    }
}

/// Returns progenitor's client reduced to its requests, without documentation and unused imports.
fn requests_file(items: Vec<Item>, api: &Api) -> Result<syn::File> {
    let imports = [
        parse_quote!(
            use progenitor_client::encode_path;
        ),
        parse_quote!(
            use crate::generated::types;
        ),
    ];
    let mut file = syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: imports.into() };
    let mut methods = BTreeSet::new();
    for item in items {
        match item {
            Item::Struct(mut item) => {
                item.attrs.retain(|attr| !attr.path().is_ident("doc"));
                item.ident = parse_quote!(Requests);
                file.items.push(Item::Struct(item));
            }
            Item::Impl(mut item) if item.trait_.is_none() => {
                // Progenitor's constructor has a fixed timeout and an unwrap. The SDK builds the transport.
                item.items.retain(|inner| !matches!(inner, syn::ImplItem::Fn(f) if f.sig.ident == "new"));
                for inner in &mut item.items {
                    let syn::ImplItem::Fn(method) = inner else { continue };
                    method.attrs.retain(|attr| !attr.path().is_ident("doc"));
                    if method.sig.asyncness.is_some() {
                        requests::keep_request(method)?;
                        methods.insert(method.sig.ident.to_string());
                    }
                }
                item.self_ty = parse_quote!(Requests);
                file.items.push(Item::Impl(item));
            }
            // Only used by progenitor's send path.
            Item::Impl(_) | Item::Const(_) => {}
            other => bail!("progenitor emitted something unexpected: {}", quote!(#other)),
        }
    }
    if let Some(op) = api.operations.iter().find(|op| !methods.contains(&op.name)) {
        bail!("progenitor dropped the operation {}", op.name);
    }
    Ok(file)
}
