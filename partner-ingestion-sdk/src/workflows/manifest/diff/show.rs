//! Differences as text: plain, for a terminal, and as Markdown for a review.

use super::{Change, ChangeKind, OfferDiff};
use crate::workflows::manifest::json::{Fields, Json};
use std::fmt::{self, Write};

/// Values with more characters are shortened, except for texts, of which the changed words are shown.
const MAX_LENGTH: usize = 80;
/// The number of unchanged words that are shown beside the changed ones.
const CONTEXT: usize = 4;
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

/// A value as JSON.
pub(super) fn text(json: &Json) -> String {
    serde_json::to_string(json).unwrap_or_default()
}

impl fmt::Display for OfferDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.iter().try_for_each(|change| writeln!(f, "{change}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.shown(["[-", "-]"], ["{+", "+}"]);
        write!(f, "{} {}", self.kind.sign(), self.pointer)?;
        match (before, after) {
            (Some(before), Some(after)) => write!(f, ": {before} -> {after}"),
            (None, Some(value)) | (Some(value), None) => write!(f, ": {value}"),
            (None, None) => f.write_str(": changed"),
        }
    }
}

impl ChangeKind {
    fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Set => '~',
            Self::Remove => '-',
        }
    }
}

impl ChangeKind {
    fn color(self) -> &'static str {
        match self {
            Self::Add => GREEN,
            Self::Set => YELLOW,
            Self::Remove => RED,
        }
    }
}

impl OfferDiff {
    /// Returns the differences for a terminal with color: by resource, with the changed words of long texts marked.
    ///
    /// ```
    /// # use partner_ingestion_sdk::OfferManifest;
    /// # let read = |title: &str| serde_json::from_str::<OfferManifest>(&format!(
    /// #     r#"{{"offerId": "a", "type": "AzureApplication", "name": "A", "listings": {{"en-us": {{"title": "{title}"}}}}}}"#
    /// # ));
    /// let diff = read("Contoso 2")?.diff_from(&read("Contoso")?);
    /// assert!(diff.to_terminal().contains("offer, Listing en-us"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_terminal(&self) -> String {
        let mut text = String::new();
        for (resource, changes) in self.by_resource() {
            let _ = writeln!(text, "{BOLD}{}{RESET}", printable(resource));
            for change in changes {
                let _ = writeln!(text, "{}", change.to_terminal());
            }
        }
        text
    }

    /// Returns the differences as Markdown, for example for a comment on a pull request: a table for each resource.
    pub fn to_markdown(&self) -> String {
        if self.is_empty() {
            return "No changes.\n".to_owned();
        }
        let mut text = String::new();
        for (resource, changes) in self.by_resource() {
            let _ = write!(text, "### {}\n\n| | place | before | after |\n| --- | --- | --- | --- |\n", cell(resource));
            for change in changes {
                let (before, after) = change.shown(["~~", "~~"], ["**", "**"]);
                let (before, after) = match change.secret {
                    true => (Some("secret".to_owned()), Some("changed".to_owned())),
                    false => (before, after),
                };
                let [before, after] = [before, after].map(|value| value.as_deref().map(cell).unwrap_or_default());
                let _ = writeln!(text, "| {} | `{}` | {before} | {after} |", change.kind.sign(), change.pointer);
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    /// Returns the changes by resource, in the order of the manifest.
    fn by_resource(&self) -> Vec<(&str, Vec<&Change>)> {
        let mut groups: Vec<(&str, Vec<&Change>)> = Vec::new();
        for change in &self.changes {
            match groups.iter_mut().find(|(resource, _)| *resource == change.resource) {
                Some((_, changes)) => changes.push(change),
                None => groups.push((&change.resource, vec![change])),
            }
        }
        groups
    }
}

impl Change {
    fn to_terminal(&self) -> String {
        let mut text = format!("  {}{} {}{RESET}", self.kind.color(), self.kind.sign(), printable(&self.pointer));
        let lines = self.lines();
        if lines.is_empty() {
            text += "  changed";
        }
        for (kind, value) in lines {
            let _ = match kind {
                Some(kind) => write!(text, "\n      {}{}{RESET} {value}", kind.color(), kind.sign()),
                None => write!(text, "\n        {value}"),
            };
        }
        text
    }

    /// Returns the lines of a change for a terminal: the properties of an object that is new or removed, the items of a list that
    /// are new or removed, or both values.
    fn lines(&self) -> Vec<(Option<ChangeKind>, String)> {
        let (add, remove) = (Some(ChangeKind::Add), Some(ChangeKind::Remove));
        let fields = |fields: &Fields, kind| {
            let line =
                |(key, value): (&String, &Json)| (kind, format!("{}: {}", printable(key), shortened(&text(value))));
            fields.iter().map(line).collect::<Vec<_>>()
        };
        match (&self.before, &self.after) {
            (None, Some(Json::Object(after))) => return fields(after, add),
            (Some(Json::Object(before)), None) => return fields(before, remove),
            (Some(Json::List(before)), Some(Json::List(after))) => {
                let (removed, added) = (without(before, after), without(after, before));
                let kept = before.len() - removed.len();
                // Otherwise only the order differs.
                if kept > 0 && removed.len() + added.len() > 0 {
                    let line = |kind| move |item: &Json| (kind, shortened(&text(item)));
                    let mut lines: Vec<_> = removed.into_iter().map(line(remove)).collect();
                    lines.extend(added.into_iter().map(line(add)));
                    lines.push((None, format!("{kept} unchanged")));
                    return lines;
                }
            }
            _ => {}
        }
        let (before, after) = self.shown([RED, RESET], [GREEN, RESET]);
        before.map(|value| (remove, value)).into_iter().chain(after.map(|value| (add, value))).collect()
    }

    /// Returns what to show of both values, with marks around the words that differ between two long texts.
    fn shown(&self, old: [&str; 2], new: [&str; 2]) -> (Option<String>, Option<String>) {
        if let (Some(Json::Text(before)), Some(Json::Text(after))) = (&self.before, &self.after)
            && before.chars().count().max(after.chars().count()) > MAX_LENGTH
        {
            let (before, after) = words(before, after, old, new);
            return (Some(before), Some(after));
        }
        let value = |json: &Json| shortened(&text(json));
        (self.before.as_ref().map(value), self.after.as_ref().map(value))
    }
}

/// Returns the items that another list does not have.
fn without<'a>(items: &'a [Json], other: &[Json]) -> Vec<&'a Json> {
    let mut rest: Vec<&Json> = other.iter().collect();
    let is_new = |item: &&Json| match rest.iter().position(|other| other.is_same(item)) {
        Some(at) => {
            rest.remove(at);
            false
        }
        None => true,
    };
    items.iter().filter(is_new).collect()
}

/// Marks the words between the common beginning and the common end of two texts.
fn words(before: &str, after: &str, old: [&str; 2], new: [&str; 2]) -> (String, String) {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.split(' ').collect(), after.split(' ').collect());
    let start = before.iter().zip(&after).take_while(|(left, right)| left == right).count();
    let shortest = before.len().min(after.len()) - start;
    let end =
        before.iter().rev().zip(after.iter().rev()).take(shortest).take_while(|(left, right)| left == right).count();
    let marked = |words: &[&str], [open, close]: [&str; 2]| {
        let changed = &words[start..words.len() - end];
        let first = start.saturating_sub(CONTEXT);
        let last = (words.len() - end + CONTEXT).min(words.len());
        let mut parts = Vec::new();
        if first > 0 {
            parts.push("…".to_owned());
        }
        parts.extend(words[first..start].iter().map(|word| printable(word)));
        if !changed.is_empty() {
            parts.push(format!("{open}{}{close}", shortened(&changed.join(" "))));
        }
        parts.extend(words[words.len() - end..last].iter().map(|word| printable(word)));
        if last < words.len() {
            parts.push("…".to_owned());
        }
        format!("\"{}\"", parts.join(" "))
    };
    (marked(&before, old), marked(&after, new))
}

fn shortened(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(MAX_LENGTH * 4) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A terminal must not obey a text of an offer.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A table cell of Markdown.
fn cell(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "\\`")
}
