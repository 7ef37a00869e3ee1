//! Checks that every name is valid in Rust and unique.

use super::api::{Api, Enum, UnionKind, Variant};
use super::hand_written::HandWritten;
use crate::document::finding::{Finding, Findings};
use crate::document::words;
use std::collections::{BTreeMap, BTreeSet};

/// Methods of operation builders that the generator emits.
const BUILDER_METHODS: [&str; 4] = ["body", "pages", "send", "stream"];

/// Checks every name of the interface, also against the hand-written names of the SDK.
pub fn check(api: &Api, sdk: &HandWritten) -> Findings {
    let mut findings = Findings::default();
    types(api, sdk, &mut findings);
    for (owner, object) in &api.structs {
        let fields = object.fields.iter().map(|f| (f.rust.as_str(), f.pointer.as_str()));
        named(&format!("the field of {owner}"), fields.chain([("extra", "the unknown fields")]), &mut findings);
    }
    for (owner, list) in &api.enums {
        variants(owner, list, &mut findings);
    }
    unions(api, &mut findings);
    operations(api, sdk, &mut findings);
    findings
}

fn types(api: &Api, sdk: &HandWritten, findings: &mut Findings) {
    let mut names: Vec<(String, String)> = Vec::new();
    names.extend(api.structs.iter().map(|(name, s)| (name.clone(), s.pointer.clone())));
    names.extend(api.enums.iter().map(|(name, e)| (name.clone(), e.pointer.clone())));
    names.extend(api.unions.iter().map(|(name, u)| (name.clone(), u.pointer.clone())));
    names.extend(api.ids.iter().map(|(name, id)| (name.clone(), format!("the path parameter {}", id.wire))));
    names.extend(sdk.types.iter().map(|name| (name.clone(), "a type of the SDK".to_owned())));
    for (name, place) in names.iter().filter(|(name, _)| words::is_name(name) && !words::is_type_name(name)) {
        let wanted = words::type_name(name);
        let message = format!("the type `{name}` would be renamed to {wanted} by progenitor");
        findings.push(Finding::new(place, message).help(format!("write {wanted} in names.toml")));
    }
    named("the type", names.iter().map(|(name, place)| (name.as_str(), place.as_str())), findings);
}

fn variants(owner: &str, list: &Enum, findings: &mut Findings) {
    let what = format!("the variant of {owner}");
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    // A retained variant may differ from its successor only in case.
    for Variant { rust, wire, .. } in list.variants.iter().filter(|variant| variant.deprecation.is_none()) {
        let message = match seen.insert(rust.to_lowercase(), wire) {
            _ if !words::is_name(rust) => format!("{what} `{rust}` is not a valid Rust name"),
            Some(other) => format!("{what} `{rust}` is used twice, for {other:?} and {wire:?}"),
            None => continue,
        };
        let row = format!("[variants]\n{:?} = \"Another{rust}\"", format!("{owner}.{wire}"));
        findings.push(Finding::new(&list.pointer, message).help(format!("add a row to names.toml:\n{row}")));
    }
}

fn unions(api: &Api, findings: &mut Findings) {
    for (name, union) in &api.unions {
        let UnionKind::Tagged { members, .. } = &union.kind else {
            continue;
        };
        let place = union.pointer.as_str();
        named(&format!("the member of {name}"), members.iter().map(|m| (m.variant.as_str(), place)), findings);
        collisions(&format!("the tag of {name}"), members.iter().map(|m| (m.value.as_str(), place)), findings);
    }
}

fn operations(api: &Api, sdk: &HandWritten, findings: &mut Findings) {
    let modifiers = api.modifiers().into_iter();
    let generated: Vec<_> = modifiers.flat_map(|modifier| [format!("try_{}", modifier.name), modifier.name]).collect();
    let names = api.operations.iter().map(|op| (op.name.as_str(), op.pointer.as_str()));
    named(
        "the operation",
        names
            .chain(sdk.client_methods.iter().map(|method| (method.as_str(), "a method of `Client`")))
            .chain(generated.iter().map(|name| (name.as_str(), "a generated method of `Client`"))),
        findings,
    );
    for (op, term) in api.operations.iter().flat_map(|op| op.all_terms().map(move |term| (op, term))) {
        if !words::is_search_term(term) {
            let message = format!("the term {term:?} for {} is not usable in rustdoc's search", op.name);
            findings
                .push(Finding::new(&op.pointer, message).help("use letters, digits, spaces and hyphens in names.toml"));
        }
    }
    let builders: Vec<_> = api.operations.iter().map(|op| (words::camel(&op.name), op.pointer.clone())).collect();
    named("the builder", builders.iter().map(|(name, place)| (name.as_str(), place.as_str())), findings);
    let types: BTreeSet<&String> = api.structs.keys().chain(api.enums.keys()).chain(api.unions.keys()).collect();
    for (name, place) in builders.iter().filter(|(name, _)| types.contains(name)) {
        let message = format!("the builder `{name}` of the operation has the name of a type");
        findings.push(Finding::new(place, message).help("give the operation another name in names.toml [operations]"));
    }
    for op in &api.operations {
        let params = op.path_params.iter().chain(&op.params).map(|p| (p.rust.as_str(), p.pointer.as_str()));
        let methods = sdk.call_methods.iter().map(String::as_str).chain(BUILDER_METHODS);
        let methods = methods.map(|name| (name, "a method of every operation"));
        named(&format!("the parameter of {}", op.name), params.chain(methods), findings);
    }
}

/// Checks that names are valid in Rust and unique.
fn named<'a>(what: &str, names: impl Iterator<Item = (&'a str, &'a str)> + Clone, findings: &mut Findings) {
    for (name, place) in names.clone().filter(|(name, _)| !words::is_name(name)) {
        let message = format!("{what} `{name}` is not a valid Rust name");
        findings.push(Finding::new(place, message).help("correct its row in names.toml, or add one"));
    }
    collisions(what, names, findings);
}

/// Reports names that are equal or differ only in case.
fn collisions<'a>(what: &str, names: impl Iterator<Item = (&'a str, &'a str)>, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, place) in names {
        if let Some(other) = seen.insert(name.to_lowercase(), place) {
            let message = format!("{what} `{name}` is used twice, the other is {other}");
            let help = "correct the document in openapi/overlays/, or name one of them in names.toml";
            findings.push(Finding::new(place, message).help(help));
        }
    }
}
