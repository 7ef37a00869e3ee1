//! The public API of the published crates, read from their sources: so that a test can name what has no row in its table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::{FnArg, ImplItem, Item, Type, UseTree, Visibility};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The published crates with the folders of their sources.
pub const CRATES: [(&str, &str); 3] = [
    ("partner_auth", "partner-auth/src"),
    ("partner_ingestion_sdk", "partner-ingestion-sdk/src"),
    ("partner_sandbox", "tests/sandbox/src"),
];

/// The public types and functions of one crate.
#[derive(Debug, Default)]
pub struct PublicApi {
    /// Structs, enums and traits that the crate exports.
    pub types: BTreeSet<String>,
    /// Public functions as `name` or `Type::name`, with the types of their parameters. Functions that a macro declares have the macro's
    /// name as type, such as `call_options!::timeout`.
    pub functions: BTreeMap<String, Vec<String>>,
}

/// Reads the sources of a crate. Tests and generated code are left out.
pub fn read(folder: &str) -> PublicApi {
    let folder = Path::new(ROOT).join(folder);
    let mut files = Vec::new();
    for path in sources(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        files.push(syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    parse(files.iter().map(|file| file.items.as_slice()))
}

/// Reads the items of all files of a crate.
pub fn parse<'f>(files: impl Iterator<Item = &'f [Item]>) -> PublicApi {
    let mut api = PublicApi::default();
    let (mut exported, mut declared) = (BTreeSet::new(), BTreeSet::new());
    for items in files {
        add_items(items, &mut exported, &mut declared, &mut api);
    }
    api.types = declared.intersection(&exported).cloned().collect();
    let types = &api.types;
    api.functions.retain(|name, _| {
        let owner = name.split("::").next().unwrap();
        owner == name || owner.ends_with('!') || types.contains(owner)
    });
    api
}

/// Returns the names of the rows of a test in another crate: the texts in `row("...", …)` and `now("...", …)`.
pub fn rows(files: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        let parts = ["row(", "now("].into_iter().flat_map(|call| text.split(call).skip(1));
        let names = parts.filter_map(|part| part.trim_start().strip_prefix('"')?.split_once('"'));
        found.extend(names.map(|(name, _)| name.to_owned()));
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.is_dir() && !["tests", "generated", "testdata"].contains(&name) {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !["tests", "main"].contains(&name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn add_items(items: &[Item], exported: &mut BTreeSet<String>, declared: &mut BTreeSet<String>, api: &mut PublicApi) {
    for item in items {
        match item {
            Item::Struct(item) if is_public(&item.vis) => drop(declared.insert(item.ident.to_string())),
            Item::Enum(item) if is_public(&item.vis) => drop(declared.insert(item.ident.to_string())),
            Item::Trait(item) if is_public(&item.vis) => drop(declared.insert(item.ident.to_string())),
            // The exports of private modules are those that the root exports.
            Item::Use(item) if is_public(&item.vis) => add_exports(&item.tree, exported),
            Item::Fn(item) if is_public(&item.vis) && !is_test(&item.attrs) => {
                drop(api.functions.insert(item.sig.ident.to_string(), parameters(&item.sig)));
            }
            Item::Mod(module) if !is_test(&module.attrs) => {
                if let Some((_, items)) = &module.content {
                    add_items(items, exported, declared, api);
                }
            }
            Item::Impl(item) if !is_test(&item.attrs) => add_impl(item, api),
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    add_macro(&format!("{name}!"), item.mac.tokens.clone(), api);
                }
            }
            _ => {}
        }
    }
}

fn add_exports(tree: &UseTree, exported: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => add_exports(&path.tree, exported),
        UseTree::Group(group) => group.items.iter().for_each(|tree| add_exports(tree, exported)),
        UseTree::Name(name) => drop(exported.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(exported.insert(rename.rename.to_string())),
        UseTree::Glob(_) => {}
    }
}

/// Adds the public methods of a type, and its conversions from other types.
fn add_impl(item: &syn::ItemImpl, api: &mut PublicApi) {
    let Type::Path(own) = &*item.self_ty else { return };
    let own = own.path.segments.last().unwrap().ident.to_string();
    let conversion = item.trait_.as_ref().map(|(path, _)| path.segments.last().unwrap());
    let conversion = match conversion {
        Some(name) if !["From", "TryFrom", "FromStr"].contains(&name.ident.to_string().as_str()) => return,
        Some(segment) => Some(compact(segment)),
        None => None,
    };
    for item in &item.items {
        let ImplItem::Fn(method) = item else { continue };
        match &conversion {
            Some(conversion) => drop(api.functions.insert(format!("{own}::{conversion}"), parameters(&method.sig))),
            None if is_public(&method.vis) && !is_test(&method.attrs) => {
                drop(api.functions.insert(format!("{own}::{}", method.sig.ident), parameters(&method.sig)));
            }
            None => {}
        }
    }
}

/// Adds the public functions that a macro declares.
fn add_macro(name: &str, tokens: proc_macro2::TokenStream, api: &mut PublicApi) {
    use proc_macro2::TokenTree;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let word = |at: usize, text: &str| matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == text);
        if let TokenTree::Group(group) = token {
            add_macro(name, group.stream(), api);
        } else if word(at, "pub")
            && word(at + 1, "fn")
            && let (Some(TokenTree::Ident(function)), Some(TokenTree::Group(group))) =
                (tokens.get(at + 2), tokens[at + 3..].iter().find(|token| matches!(token, TokenTree::Group(_))))
        {
            let text = group.stream().to_string().replace(' ', "");
            let typed = text.split(',').filter_map(|part| part.split_once(':').map(|(_, ty)| ty.to_owned()));
            api.functions.insert(format!("{name}::{function}"), typed.collect());
        }
    }
}

fn parameters(signature: &syn::Signature) -> Vec<String> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(compact(&input.ty)),
        FnArg::Receiver(_) => None,
    });
    typed.collect()
}

fn compact(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}
