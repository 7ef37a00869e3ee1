//! The rules: kinds of changes, each with its level on the wire and for users of the crate.
//!
//! Ids, levels and directions follow oasdiff's catalogue of changes. The effect on users follows from the design of the crate: every
//! property is optional, enums and unions are open, optional arguments are setters, every 2xx status is a success, and removed items
//! stay as deprecated (`openapi/retained.toml`).

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
    /// No effect.
    Nothing,
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
    pub users: Users,
}

const fn rule(id: &'static str, request: Wire, response: Wire, users: Users) -> Rule {
    Rule { id, wire: (request, response), users }
}

use Users::{Additive, Behaviour, Doc, Nothing, Source};
use Wire::{Breaking, Safe, Unclear};

/// All rules, by subject. Ids are stable, because scripts and release notes use them.
pub static RULES: &[Rule] = &[
    rule("server-changed", Breaking, Breaking, Behaviour),
    rule("document-version-changed", Safe, Safe, Doc),
    rule("operation-added", Safe, Safe, Additive),
    rule("operation-removed", Breaking, Breaking, Source),
    rule("operation-deprecated", Safe, Safe, Doc),
    rule("operation-id-changed", Safe, Safe, Nothing),
    rule("operation-tags-changed", Safe, Safe, Nothing),
    rule("path-renamed", Safe, Safe, Nothing),
    rule("parameter-added", Safe, Safe, Additive),
    rule("required-parameter-added", Breaking, Safe, Source),
    rule("parameter-removed", Unclear, Safe, Source),
    rule("parameter-became-required", Breaking, Safe, Source),
    rule("parameter-became-optional", Safe, Safe, Source),
    rule("body-added", Safe, Safe, Source),
    rule("body-removed", Unclear, Safe, Source),
    rule("body-became-required", Breaking, Safe, Nothing),
    rule("body-became-optional", Safe, Safe, Nothing),
    rule("media-type-added", Safe, Safe, Nothing),
    rule("media-type-removed", Breaking, Breaking, Nothing),
    rule("success-added", Safe, Safe, Nothing),
    rule("success-removed", Safe, Breaking, Nothing),
    rule("success-body-added", Safe, Safe, Source),
    rule("success-body-removed", Safe, Breaking, Source),
    rule("error-response-added", Safe, Safe, Nothing),
    rule("error-response-removed", Safe, Safe, Nothing),
    rule("response-header-added", Safe, Safe, Nothing),
    rule("response-header-removed", Safe, Unclear, Nothing),
    rule("schema-added", Safe, Safe, Additive),
    rule("schema-removed", Unclear, Unclear, Additive),
    rule("type-changed", Breaking, Breaking, Source),
    rule("format-changed", Unclear, Unclear, Source),
    rule("property-added", Safe, Safe, Additive),
    rule("property-removed", Unclear, Unclear, Behaviour),
    rule("property-inherited", Safe, Safe, Nothing),
    rule("property-renamed", Unclear, Breaking, Behaviour),
    rule("property-became-required", Breaking, Safe, Nothing),
    rule("property-became-optional", Safe, Breaking, Nothing),
    rule("became-nullable", Safe, Breaking, Nothing),
    rule("became-not-nullable", Breaking, Safe, Nothing),
    rule("enum-value-added", Safe, Unclear, Additive),
    rule("enum-value-removed", Breaking, Safe, Additive),
    rule("enum-value-renamed", Breaking, Unclear, Additive),
    rule("values-closed", Breaking, Safe, Source),
    rule("values-opened", Safe, Unclear, Source),
    rule("union-member-added", Safe, Breaking, Additive),
    rule("union-member-removed", Breaking, Safe, Additive),
    rule("base-added", Unclear, Unclear, Additive),
    rule("base-removed", Unclear, Unclear, Behaviour),
    rule("constraint-changed", Unclear, Unclear, Nothing),
    rule("text-changed", Safe, Safe, Doc),
];

/// Returns the rule of this id. An unknown id gets the most severe levels.
pub fn named(id: &str) -> &'static Rule {
    static UNKNOWN: Rule = rule("unknown", Breaking, Breaking, Source);
    RULES.iter().find(|rule| rule.id == id).unwrap_or(&UNKNOWN)
}

impl Wire {
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unclear => "unclear",
            Self::Breaking => "breaking",
        }
    }
}

impl Users {
    pub const ALL: [Self; 5] = [Self::Source, Self::Behaviour, Self::Additive, Self::Doc, Self::Nothing];

    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
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
            Self::Nothing => "nothing: no effect on users",
        }
    }
}
