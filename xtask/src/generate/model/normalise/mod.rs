//! Normalization: rules that convert the corrected document to the interface. One file per rule. No rule is specific to this API,
//! whose names are in `names.toml`.

mod docs;
mod enums;
mod flatten;
mod ids;
mod inline;
mod operations;
mod schemas;
mod types;
mod unions;

pub use operations::unnamed;

use super::api::{Api, Type};
use crate::document::finding::{Finding, Findings};
use crate::document::names::Names;
use crate::document::node::Node;
use serde_json::Value;
use std::collections::BTreeMap;

/// The state that the rules share.
struct Normaliser<'d> {
    document: Node<'d>,
    names: &'d Names,
    schemas: schemas::SchemaNames,
    enums: enums::Registry,
    api: Api,
    findings: Findings,
    /// The tag: the property that identifies the type of an object.
    tag: Option<String>,
    /// Aliases that are being followed, to detect cycles.
    resolving: Vec<String>,
    /// The types of resolved aliases: resolving each use again could take exponential time.
    aliases: BTreeMap<String, Type>,
    /// The names of inline objects: equal objects have one name.
    inline: inline::Inline<'d>,
}

pub fn normalise(root: &Value, names: &Names) -> (Api, Findings) {
    let document = Node::root(root);
    let mut findings = Findings::default();
    let schemas = schemas::name_all(&document, names, &mut findings);
    let mut normaliser = Normaliser {
        document,
        names,
        schemas,
        enums: enums::Registry::default(),
        api: Api::default(),
        findings,
        tag: None,
        resolving: Vec::new(),
        aliases: BTreeMap::new(),
        inline: inline::Inline::of(root),
    };
    normaliser.info();
    normaliser.find_tag();
    normaliser.components();
    normaliser.operations();
    normaliser.ids();
    normaliser.name_enums();
    (normaliser.api, normaliser.findings)
}

impl Normaliser<'_> {
    fn info(&mut self) {
        let text = |pointer: &str| self.document.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        self.api.version = text("/info/version").to_owned();
        self.api.title = text("/info/title").to_owned();
        self.api.server = text("/servers/0/url").to_owned();
    }

    /// Returns the value or records the finding.
    fn accept<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.findings.push(finding)).ok()
    }
}
