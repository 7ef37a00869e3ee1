//! `openapi/publishing-rules.toml`: what an offer needs before it can be published, with the source of each rule.

mod unchecked;

use super::finding::{Finding, Findings};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use toml::Spanned;
use unchecked::Unchecked;

pub const FILE: &str = "publishing-rules.toml";

#[derive(Debug, Default)]
pub struct Rules {
    pub rules: Vec<Rule>,
    /// What does not hold of one rule alone: missing and wrong parameters, invalid targets, repeated ids.
    findings: Vec<Finding>,
}

/// A rule, as the emitters read it.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    pub id: String,
    pub of: Scope,
    #[serde(flatten)]
    pub target: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    pub across: bool,
    #[serde(flatten)]
    pub check: Check,
    pub says: String,
    pub source: String,
    pub confirmed: bool,
    /// The line of its target in the file.
    #[serde(skip)]
    pub line: usize,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    Offer,
    Plan,
    Plans,
}

/// A type and a path of its properties.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Select>,
    pub path: Vec<Step>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// `*` is every property.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Select>,
}

/// Selects objects by the value of a property.
#[derive(Debug, Clone, Serialize)]
pub struct Select {
    pub property: String,
    pub value: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Condition {
    /// Of the plan instead of the resource.
    pub variant: bool,
    #[serde(flatten)]
    pub select: Select,
    /// Whether the rule holds where the value is another one.
    pub unless: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Check {
    Required,
    Count {
        min: u64,
        max: Option<u64>,
    },
    MaxLength {
        max: u64,
    },
    Format {
        format: Format,
    },
    OneOf {
        values: Vec<String>,
    },
    Unique,
    ImageSize {
        width: [u32; 2],
        height: [u32; 2],
        square: bool,
    },
    #[serde(rename_all = "camelCase")]
    Archive {
        max: u64,
        member_max: u64,
        values: Vec<String>,
    },
    NeverPublished,
    NeverChanges,
    /// `values` are those that stay. Empty for all.
    KeepsPublished {
        values: Vec<String>,
    },
    Raised,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// 8-4-4-4-12 hexadecimal digits in lowercase.
    Guid,
    Https,
    NoEmoji,
    OneLine,
    /// No HTML.
    PlainText,
    /// Lowercase letters, digits, `-` and `_`.
    Slug,
    /// Three integers separated by dots.
    Version,
    /// An https address of one of these hosts.
    YoutubeOrVimeo,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    rule: Vec<Row>,
    #[serde(default)]
    unchecked: Vec<Unchecked>,
}

/// A rule as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    of: Scope,
    target: Spanned<String>,
    when: Option<String>,
    unless: Option<String>,
    #[serde(default)]
    across: bool,
    kind: String,
    min: Option<u64>,
    max: Option<u64>,
    #[serde(rename = "member-max")]
    member_max: Option<u64>,
    format: Option<Format>,
    values: Option<Vec<String>>,
    width: Option<[u32; 2]>,
    height: Option<[u32; 2]>,
    #[serde(default)]
    square: bool,
    says: String,
    source: String,
    confirmed: bool,
}

/// Reads the rules. A project without the file has none.
pub fn read(path: &Path) -> Result<Rules> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).with_context(|| format!("{} is not a valid table of rules", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Rules::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

pub fn parse(text: &str) -> Result<Rules> {
    let table: Table = toml::from_str(text)?;
    let mut rules = Rules::default();
    let mut ids = BTreeSet::new();
    let line_of = |value: &Spanned<String>| text[..value.span().start].matches('\n').count() + 1;
    for row in table.rule {
        let line = line_of(&row.target);
        let id = row.id.clone();
        if !ids.insert(id.clone()) {
            rules.findings.push(finding(line, &id, "the id is used twice", "choose another id"));
        }
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            rules.findings.push(finding(
                line,
                &id,
                "the id is not kebab-case",
                "use lowercase letters, digits and `-`",
            ));
        }
        match row.rule(line) {
            Ok(rule) => rules.rules.push(rule),
            Err((message, help)) => rules.findings.push(finding(line, &id, &message, &help)),
        }
    }
    rules.findings.extend(unchecked::findings(&table.unchecked, line_of));
    Ok(rules)
}

/// A finding about the rule with this id, at this line of the file.
pub fn finding(line: usize, id: &str, message: &str, help: &str) -> Finding {
    Finding::new("", format!("openapi/{FILE}:{line}: rule {id}: {message}")).help(help)
}

impl Rules {
    /// Returns the findings of reading the file.
    pub fn findings(&self) -> Findings {
        let mut findings = Findings::default();
        self.findings.iter().cloned().for_each(|finding| findings.push(finding));
        findings
    }
}

/// The message and the next step.
type Invalid = (String, String);

fn invalid(message: impl Into<String>, help: impl Into<String>) -> Invalid {
    (message.into(), help.into())
}

impl Row {
    fn rule(self, line: usize) -> Result<Rule, Invalid> {
        let target = Target::parse(self.target.get_ref())?;
        let condition = match (&self.when, &self.unless) {
            (None, None) => None,
            (Some(text), None) => Some(Condition::parse(text, false)?),
            (None, Some(text)) => Some(Condition::parse(text, true)?),
            (Some(_), Some(_)) => return Err(invalid("it has both `when` and `unless`", "make it two rules")),
        };
        let check = self.check()?;
        let Self { id, of, across, says, source, confirmed, .. } = self;
        Ok(Rule { id, of, target, condition, across, check, says, source, confirmed, line })
    }

    fn check(&self) -> Result<Check, Invalid> {
        let needs = |name: &str| invalid(format!("kind {} needs `{name}`", self.kind), format!("add `{name}`"));
        let given = [
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("member-max", self.member_max.is_some()),
            ("format", self.format.is_some()),
            ("values", self.values.is_some()),
            ("width", self.width.is_some()),
            ("height", self.height.is_some()),
            ("square", self.square),
        ];
        let (check, used): (Check, &[&str]) = match self.kind.as_str() {
            "required" => (Check::Required, &[]),
            "count" if self.min.is_none() && self.max.is_none() => return Err(needs("max")),
            "count" => (Check::Count { min: self.min.unwrap_or(0), max: self.max }, &["min", "max"]),
            "max-length" => (Check::MaxLength { max: self.max.ok_or_else(|| needs("max"))? }, &["max"]),
            "format" => (Check::Format { format: self.format.ok_or_else(|| needs("format"))? }, &["format"]),
            "one-of" => (Check::OneOf { values: self.values.clone().ok_or_else(|| needs("values"))? }, &["values"]),
            "unique" => (Check::Unique, &[]),
            "image-size" => {
                let width = self.width.ok_or_else(|| needs("width"))?;
                let height = self.height.ok_or_else(|| needs("height"))?;
                (Check::ImageSize { width, height, square: self.square }, &["width", "height", "square"])
            }
            "archive" => {
                let values = self.values.clone().ok_or_else(|| needs("values"))?;
                let max = self.max.ok_or_else(|| needs("max"))?;
                let member_max = self.member_max.ok_or_else(|| needs("member-max"))?;
                (Check::Archive { max, member_max, values }, &["max", "member-max", "values"])
            }
            "never-published" => (Check::NeverPublished, &[]),
            "never-changes" => (Check::NeverChanges, &[]),
            "keeps-published" => {
                (Check::KeepsPublished { values: self.values.clone().unwrap_or_default() }, &["values"])
            }
            "raised" => (Check::Raised, &[]),
            other => {
                return Err(invalid(
                    format!("unknown kind {other:?}"),
                    format!("use one of the kinds at the top of {FILE}"),
                ));
            }
        };
        match given.iter().find(|(name, given)| *given && !used.contains(name)) {
            Some((name, _)) => Err(invalid(format!("kind {} has no `{name}`", self.kind), format!("remove `{name}`"))),
            None => Ok(check),
        }
    }
}

impl Target {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let mut steps = text.split('.').map(Step::parse).collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = steps.next().filter(|step| !step.name.is_empty());
        let Step { name, select } =
            first.ok_or_else(|| invalid("the target is empty", "name a type of the document"))?;
        Ok(Self { type_name: name, select, path: steps.collect() })
    }
}

impl Step {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let Some((name, select)) = text.split_once('[') else {
            return Ok(Self { name: text.to_owned(), select: None });
        };
        let inside = select.strip_suffix(']');
        let inside = inside.ok_or_else(|| invalid(format!("`{text}` has no `]`"), "write `name[property=value]`"))?;
        Ok(Self { name: name.to_owned(), select: Some(Select::parse(inside)?) })
    }
}

impl Select {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let pair = text.split_once('=');
        let (property, value) =
            pair.ok_or_else(|| invalid(format!("`{text}` has no `=`"), "write `property=value`"))?;
        Ok(Self { property: property.to_owned(), value: value.to_owned() })
    }
}

impl Condition {
    fn parse(text: &str, unless: bool) -> Result<Self, Invalid> {
        let (variant, text) = match text.strip_prefix("variant.") {
            Some(text) => (true, text),
            None => (false, text),
        };
        Ok(Self { variant, select: Select::parse(text)?, unless })
    }
}
