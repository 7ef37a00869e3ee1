//! The rules of publishing: what the portal's documentation requires of an offer. The real service may check less, or more.

mod check;
mod file;
mod published;
mod select;

pub(crate) use check::{Violation, module, violations};
pub(crate) use file::File;

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The rules, copied into this crate by `cargo xtask generate`.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    // An invalid copy fails the first test of this crate.
    let table: Option<Table> = serde_json::from_str(include_str!("../generated/publishing-rules.json")).ok();
    table.map(|table| table.rules).unwrap_or_default()
});

/// The rules that are turned off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Off(BTreeSet<String>);

#[derive(Deserialize)]
struct Table {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    of: Scope,
    #[serde(rename = "type")]
    type_name: String,
    select: Option<Select>,
    /// Empty if the rule is about the resources themselves.
    path: Vec<Step>,
    condition: Option<Condition>,
    /// Whether all values of a resource are counted together.
    across: bool,
    #[serde(flatten)]
    check: Check,
    source: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Scope {
    /// The resources of the offer itself.
    Offer,
    /// The resources of each plan.
    Plan,
    /// The resources of all plans together.
    Plans,
}

#[derive(Debug, Deserialize)]
struct Step {
    /// `*` is every property.
    name: String,
    select: Option<Select>,
}

/// Selects objects by the value of a property, or of an item of it.
#[derive(Debug, Deserialize)]
struct Select {
    property: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Condition {
    /// Of the plan instead of the resource.
    variant: bool,
    #[serde(flatten)]
    select: Select,
    unless: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Check {
    Required,
    Count {
        min: usize,
        max: Option<usize>,
    },
    MaxLength {
        max: usize,
    },
    Format {
        format: Format,
    },
    OneOf {
        values: Vec<String>,
    },
    Unique,
    ImageSize {
        width: (u32, u32),
        height: (u32, u32),
        square: bool,
    },
    #[serde(rename_all = "camelCase")]
    Archive {
        max: usize,
        member_max: usize,
        values: Vec<String>,
    },
    NeverPublished,
    NeverChanges,
    /// Empty for every value.
    KeepsPublished {
        values: Vec<String>,
    },
    Raised,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Format {
    Guid,
    Https,
    NoEmoji,
    OneLine,
    PlainText,
    Slug,
    Version,
    YoutubeOrVimeo,
}

/// A resource with its place, and its file if it has one.
pub(crate) struct Subject<'m> {
    pub(crate) type_name: &'m str,
    pub(crate) module: &'static str,
    /// Id and plan id of the plan. `None` for a resource of the offer itself.
    pub(crate) plan: Option<(&'m str, &'m str)>,
    pub(crate) value: Value,
    /// The published version, if it is another one.
    pub(crate) published: Option<Value>,
    pub(crate) file: Option<File<'m>>,
}

impl Off {
    /// Turns a rule off. Returns an error with all ids if the id is unknown.
    pub(crate) fn add(&mut self, id: &str) -> Result<(), String> {
        if !RULES.iter().any(|rule| rule.id == id) {
            let known: Vec<&str> = RULES.iter().map(|rule| rule.id.as_str()).collect();
            return Err(format!("unknown rule {id:?}; expected one of: {}", known.join(", ")));
        }
        self.0.insert(id.to_owned());
        Ok(())
    }

    pub(crate) fn all() -> Self {
        Self(RULES.iter().map(|rule| rule.id.clone()).collect())
    }

    /// Returns the rules that are on.
    pub(crate) fn rest(&self) -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(|rule| !self.0.contains(&rule.id))
    }

    /// Returns true if published resources of this type cannot be deleted.
    pub(crate) fn keeps_published(&self, type_name: &str) -> bool {
        self.rest().any(|rule| matches!(rule.check, Check::NeverPublished) && rule.type_name == type_name)
    }

    /// Returns the rule that forbids to change a resource that has one version.
    pub(crate) fn forbidden_change(
        &self,
        type_name: &str,
        (old, is_published): (&Value, bool),
        new: &Value,
    ) -> Option<Violation> {
        let mut rules = self.rest().filter(|rule| rule.type_name == type_name);
        rules.find_map(|rule| {
            let message = rule.forbids((old, is_published), new)?;
            Some(Violation { rule: &rule.id, resource: rule.name(), message })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_of_the_rules_is_valid() {
        assert!(RULES.len() > 80, "{}", RULES.len());
        assert_eq!(Off::default().rest().count(), RULES.len());
        assert_eq!(Off::all().rest().count(), 0);
        let mut off = Off::default();
        off.add("keyword-count").unwrap();
        assert!(off.rest().all(|rule| rule.id != "keyword-count") && off.rest().count() == RULES.len() - 1);
        assert!(
            off.add("keywords").unwrap_err().contains("unknown rule \"keywords\"; expected one of: offer-id-length")
        );
    }
}
