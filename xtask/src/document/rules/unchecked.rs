//! What the pages say and no check covers.

use super::{Finding, finding};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

/// A sentence of a page, with the reason why nothing checks it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unchecked {
    says: Spanned<String>,
    reason: String,
    source: String,
}

/// Returns the entries that are empty or repeated.
pub(super) fn findings(entries: &[Unchecked], line_of: impl Fn(&Spanned<String>) -> usize) -> Vec<Finding> {
    let (mut findings, mut said) = (Vec::new(), BTreeSet::new());
    for entry in entries {
        let says = entry.says.get_ref().as_str();
        let mut wrong = |message: &str, help: &str| {
            findings.push(finding(line_of(&entry.says), &format!("{says:?}"), message, help));
        };
        for (name, value) in [("says", says), ("reason", &entry.reason), ("source", &entry.source)] {
            if value.trim().is_empty() {
                wrong(&format!("`{name}` is empty"), "fill it in, or remove the entry");
            }
        }
        if !said.insert(says) {
            wrong("it is said twice", "remove one of the entries");
        }
    }
    findings
}
