//! The rules: kinds of changes on the wire, each with its level.
//!
//! Ids, levels and directions follow oasdiff's catalogue of changes. The effect on users of the crate is not a matter of these rules:
//! `users` compares what is generated.

/// The effect of a change on programs that use the old interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// They continue to work.
    Safe,
    /// They may fail, depending on what they send or rely on.
    Unclear,
    /// Some of them fail.
    Breaking,
}

/// The effect of a change on users of the generated crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Users {
    /// Documentation only.
    Doc,
    /// An item was added or deprecated.
    Additive,
    /// Code compiles and behaves differently.
    Behaviour,
    /// Code may no longer compile.
    Source,
}

/// A kind of change.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: &'static str,
    /// The level in a request and in a response.
    pub wire: (Wire, Wire),
}

const fn rule(id: &'static str, request: Wire, response: Wire) -> Rule {
    Rule { id, wire: (request, response) }
}

use Wire::{Breaking, Safe, Unclear};

/// All rules, by subject. Ids are stable, because scripts and release notes use them.
pub static RULES: &[Rule] = &[
    rule("server-changed", Breaking, Breaking),
    rule("document-version-changed", Safe, Safe),
    rule("operation-added", Safe, Safe),
    rule("operation-removed", Breaking, Breaking),
    rule("operation-deprecated", Safe, Safe),
    rule("operation-id-changed", Safe, Safe),
    rule("operation-tags-changed", Safe, Safe),
    rule("path-renamed", Safe, Safe),
    rule("parameter-added", Safe, Safe),
    rule("required-parameter-added", Breaking, Safe),
    rule("parameter-removed", Unclear, Safe),
    rule("parameter-became-required", Breaking, Safe),
    rule("parameter-became-optional", Safe, Safe),
    rule("body-added", Safe, Safe),
    rule("body-removed", Unclear, Safe),
    rule("body-became-required", Breaking, Safe),
    rule("body-became-optional", Safe, Safe),
    rule("media-type-added", Safe, Safe),
    rule("media-type-removed", Breaking, Breaking),
    rule("success-added", Safe, Safe),
    rule("success-removed", Safe, Breaking),
    rule("success-body-added", Safe, Safe),
    rule("success-body-removed", Safe, Breaking),
    rule("error-response-added", Safe, Safe),
    rule("error-response-removed", Safe, Safe),
    rule("response-header-added", Safe, Safe),
    rule("response-header-removed", Safe, Unclear),
    rule("schema-added", Safe, Safe),
    rule("schema-removed", Unclear, Unclear),
    rule("type-changed", Breaking, Breaking),
    rule("format-changed", Unclear, Unclear),
    rule("property-added", Safe, Safe),
    rule("property-removed", Unclear, Unclear),
    rule("property-inherited", Safe, Safe),
    rule("property-renamed", Unclear, Breaking),
    rule("property-became-required", Breaking, Safe),
    rule("property-became-optional", Safe, Breaking),
    rule("became-nullable", Safe, Breaking),
    rule("became-not-nullable", Breaking, Safe),
    rule("enum-value-added", Safe, Unclear),
    rule("enum-value-removed", Breaking, Safe),
    rule("enum-value-renamed", Breaking, Unclear),
    rule("values-closed", Breaking, Safe),
    rule("values-opened", Safe, Unclear),
    rule("union-member-added", Safe, Breaking),
    rule("union-member-removed", Breaking, Safe),
    rule("base-added", Unclear, Unclear),
    rule("base-removed", Unclear, Unclear),
    rule("constraint-changed", Unclear, Unclear),
    rule("text-changed", Safe, Safe),
];

/// Returns the rule of this id. An unknown id gets the most severe levels.
pub fn named(id: &str) -> &'static Rule {
    static UNKNOWN: Rule = rule("unknown", Breaking, Breaking);
    RULES.iter().find(|rule| rule.id == id).unwrap_or(&UNKNOWN)
}

impl Wire {
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Unclear, Self::Safe];

    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unclear => "unclear",
            Self::Breaking => "breaking",
        }
    }
}

impl Users {
    pub const ALL: [Self; 4] = [Self::Source, Self::Behaviour, Self::Additive, Self::Doc];

    pub fn word(self) -> &'static str {
        match self {
            Self::Doc => "doc",
            Self::Additive => "additive",
            Self::Behaviour => "behaviour",
            Self::Source => "source",
        }
    }

    /// The heading of the level's changes.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Source => "source: code may no longer compile",
            Self::Behaviour => "behaviour: code compiles and behaves differently",
            Self::Additive => "additive: something was added or deprecated",
            Self::Doc => "doc: documentation only",
        }
    }
}
