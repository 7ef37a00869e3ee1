//! Finds the types of a manifest: its parts, and the objects inside them.

use super::api::{Api, Field, Type, UnionKind};
use crate::document::finding::{Finding, Findings};
use crate::document::manifest::{FILE, Manifest};
use std::collections::BTreeSet;

/// Removes the parts that the document does not have. Returns a finding for each, and for properties that no part has.
pub fn fit(manifest: &mut Manifest, api: &Api) -> Findings {
    let mut findings = Findings::default();
    let mut add = |message: String, help: &str| {
        findings.push(Finding::new("", format!("openapi/{FILE}: {message}")).help(help));
    };
    manifest.parts.retain(|part| {
        let name = &part.type_name;
        let is_known = api.structs.contains_key(name) || api.unions.contains_key(name);
        if !is_known {
            add(format!("no type `{name}`"), "remove the part, or use another type of the SDK");
        }
        is_known
    });
    // The service may assign a property to more types than the document says.
    let names = manifest.parts.iter().map(|part| part.type_name.as_str());
    let properties: BTreeSet<&str> =
        names.flat_map(|name| fields(api, name)).map(|field| field.wire.as_str()).collect();
    for part in &manifest.parts {
        for wire in part.omits.iter().filter(|wire| !properties.contains(wire.as_str())) {
            add(format!("no part has a property `{wire}`"), "remove it from `omits`");
        }
    }
    findings
}

/// The structs of an object: itself, or the members of a union.
pub fn members<'a>(api: &'a Api, name: &'a str) -> Vec<&'a str> {
    match api.unions.get(name).map(|union| &union.kind) {
        Some(UnionKind::Tagged { members, .. }) => members.iter().map(|member| member.ty.as_str()).collect(),
        Some(UnionKind::Shaped { members }) => {
            let structs = members.iter().filter_map(|(_, ty)| match ty.innermost() {
                Type::Struct(name) => Some(name.as_str()),
                _ => None,
            });
            structs.collect()
        }
        None => vec![name],
    }
}

/// The properties of a struct, or of all members of a union.
pub fn fields<'a>(api: &'a Api, name: &'a str) -> impl Iterator<Item = &'a Field> {
    members(api, name).into_iter().filter_map(|member| api.structs.get(member)).flat_map(|object| &object.fields)
}

/// The struct or union that a property holds.
pub fn object_inside(field: &Field) -> Option<&str> {
    match field.ty.innermost() {
        Type::Struct(name) | Type::Union(name) => Some(name),
        _ => None,
    }
}

/// The parts and every object inside them, by name. Members of unions are not listed.
pub fn objects<'a>(api: &'a Api, manifest: &'a Manifest) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut pending: Vec<&str> = manifest.parts.iter().map(|part| part.type_name.as_str()).collect();
    while let Some(name) = pending.pop() {
        if found.insert(name) {
            let part = manifest.part(name);
            pending
                .extend(fields(api, name).filter(|field| !manifest.omits(part, &field.wire)).filter_map(object_inside));
        }
    }
    found
}

/// The properties of a manifest that are secret.
pub fn secrets<'a>(api: &'a Api, manifest: &'a Manifest) -> BTreeSet<&'a str> {
    let all = objects(api, manifest).into_iter().flat_map(|name| {
        let part = manifest.part(name);
        fields(api, name).filter(move |field| !manifest.omits(part, &field.wire))
    });
    all.filter(|field| *field.ty.innermost() == Type::Secret).map(|field| field.wire.as_str()).collect()
}
