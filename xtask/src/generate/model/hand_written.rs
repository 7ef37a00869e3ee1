//! The names that the hand-written half of the SDK uses, read from its sources: generated names must differ from them.

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const SOURCES: &str = "partner-ingestion-sdk/src";

/// The macro that declares the methods that every operation builder has.
const CALL_OPTIONS: &str = "call_options";

/// Names of the SDK's hand-written methods and types.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct HandWritten {
    /// Methods of `Client`.
    pub client_methods: BTreeSet<String>,
    /// Methods of every operation builder.
    pub call_methods: BTreeSet<String>,
    /// Types and traits that the SDK exports.
    pub types: BTreeSet<String>,
    /// The name of the crate, as code uses it. Empty if it has no manifest.
    pub crate_name: String,
}

/// Reads the sources below the project's root, or those next to this crate if the root has none.
///
/// # Errors
///
/// Returns an error if a source file cannot be read or is not valid Rust.
pub fn read(root: &Path) -> Result<HandWritten> {
    let folder = root.join(SOURCES);
    let mut names = if folder.join("lib.rs").exists() { read_sources(&folder)? } else { read_beside()? };
    names.crate_name = crate_name(&folder.with_file_name("Cargo.toml"))?;
    Ok(names)
}

fn crate_name(manifest: &Path) -> Result<String> {
    let Ok(text) = std::fs::read_to_string(manifest) else { return Ok(String::new()) };
    let manifest: toml::Table =
        toml::from_str(&text).with_context(|| format!("{} is not a manifest", manifest.display()))?;
    let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
    Ok(name.unwrap_or_default().replace('-', "_"))
}

/// Reads the sources next to this crate, once.
fn read_beside() -> Result<HandWritten> {
    static BESIDE: OnceLock<HandWritten> = OnceLock::new();
    if let Some(names) = BESIDE.get() {
        return Ok(names.clone());
    }
    let names = read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SOURCES))?;
    Ok(BESIDE.get_or_init(|| names).clone())
}

fn read_sources(folder: &Path) -> Result<HandWritten> {
    let mut names = HandWritten::default();
    for path in sources(folder)? {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("{} is not valid Rust", path.display()))?;
        if path == folder.join("lib.rs") {
            names.add_exports(&file.items);
        }
        names.add_methods(&file.items);
    }
    Ok(names)
}

/// All Rust files except those below `generated` and `target`, in the order of their paths.
pub fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                if path.ends_with("generated") || path.ends_with("target") {
                    continue;
                }
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

impl HandWritten {
    /// Adds what the crate's root and its module `types` export.
    fn add_exports(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Use(item) if matches!(item.vis, syn::Visibility::Public(_)) => exports(&item.tree, self),
                syn::Item::Mod(module) if module.ident == "types" => {
                    self.add_exports(module.content.as_ref().map_or(&[], |(_, items)| items));
                }
                _ => {}
            }
        }
    }

    /// Adds the methods of `Client` and those of `call_options!`.
    fn add_methods(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Impl(item) if is_client(&item.self_ty) => {
                    let methods = item.items.iter().filter_map(|item| match item {
                        syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
                        _ => None,
                    });
                    self.client_methods.extend(methods);
                }
                syn::Item::Struct(item) if item.ident == "Client" && derives_clone(&item.attrs) => {
                    self.client_methods.insert("clone".to_owned());
                }
                syn::Item::Macro(item) if item.ident.as_ref().is_some_and(|name| name == CALL_OPTIONS) => {
                    functions(item.mac.tokens.clone(), &mut self.call_methods);
                }
                _ => {}
            }
        }
    }
}

fn is_client(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Client"))
}

fn derives_clone(attrs: &[syn::Attribute]) -> bool {
    let derives = attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    derives.into_iter().any(|attr| has_ident(attr.meta.to_token_stream(), "Clone"))
}

fn has_ident(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == wanted,
        TokenTree::Group(group) => has_ident(group.stream(), wanted),
        _ => false,
    })
}

/// Adds the names that a `use` exports, without those of generated code.
fn exports(tree: &syn::UseTree, names: &mut HandWritten) {
    match tree {
        syn::UseTree::Path(path) if path.ident != "generated" => exports(&path.tree, names),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| exports(tree, names)),
        syn::UseTree::Name(name) => add_type(&name.ident, names),
        syn::UseTree::Rename(rename) => add_type(&rename.rename, names),
        syn::UseTree::Path(_) | syn::UseTree::Glob(_) => {}
    }
}

/// Adds a type; modules and crates begin with a lower-case letter.
fn add_type(ident: &syn::Ident, names: &mut HandWritten) {
    let name = ident.to_string();
    if name.starts_with(char::is_uppercase) {
        names.types.insert(name);
    }
}

/// Adds the name of each `fn` in a macro's body.
fn functions(tokens: TokenStream, names: &mut BTreeSet<String>) {
    let mut after_fn = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => functions(group.stream(), names),
            TokenTree::Ident(ident) if after_fn => {
                names.insert(ident.to_string());
                after_fn = false;
            }
            TokenTree::Ident(ident) => after_fn = ident == "fn",
            _ => after_fn = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_from_the_sources_of_the_sdk() {
        let names = read(Path::new("/nowhere")).unwrap();
        for method in ["from_env", "builder", "request", "clone", "base_url", "follow"] {
            assert!(names.client_methods.contains(method), "{method} in {:?}", names.client_methods);
        }
        for method in ["header", "if_match", "retry", "timeout"] {
            assert!(names.call_methods.contains(method), "{method} in {:?}", names.call_methods);
        }
        let types = [
            "Decimal",
            "Extra",
            "ResourceType",
            "Secret",
            "Timestamp",
            "UnknownMember",
            "UnknownValue",
            "Resource",
            "Page",
        ];
        for name in types {
            assert!(names.types.contains(name), "{name} in {:?}", names.types);
        }
        assert!(!names.types.contains("AzureListing") && !names.client_methods.contains("get_product"), "generated");
    }

    #[test]
    fn finds_methods_of_the_client_and_of_every_call() {
        let mut names = HandWritten::default();
        let file = syn::parse_file(
            "impl crate::Client { pub fn planted(&self) {} }
             macro_rules! call_options { () => { pub fn header(self) {} } }",
        );
        names.add_methods(&file.unwrap().items);
        assert_eq!(names.client_methods, ["planted".to_owned()].into());
        assert_eq!(names.call_methods, ["header".to_owned()].into());
    }
}
