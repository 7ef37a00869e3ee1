//! Hand-written code that names items which a new document removes or deprecates, with its places. They are listed before the build,
//! which reports them one package at a time.

use super::tokens::{self, Token};
use crate::diff::users::UserChange;
use crate::document::finding::SHOWN;
use crate::generate::model::api::Api;
use crate::generate::model::hand_written;
use crate::report::Report;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The folders with code that can name the SDK's items. `partner-auth` and the sandbox do not depend on the SDK.
const FOLDERS: [&str; 4] = ["partner-ingestion-sdk", "tests/suite", "tests/bench", "tests/fuzz"];

/// Pages whose examples are compiled.
const PAGES: [&str; 2] = ["README.md", "partner-ingestion-sdk/README.md"];

/// A place that names an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage {
    /// File, line and column.
    pub place: String,
    pub item: String,
    /// What happens to the item.
    pub change: String,
    /// True if the item no longer exists.
    pub is_missing: bool,
}

/// Prints the usages.
pub fn report(usages: &[Usage], report: &Report) {
    let missing = usages.iter().filter(|usage| usage.is_missing).count();
    let places = |count: usize| if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
    if missing > 0 {
        let count = places(missing);
        report.step("usages", &format!("removed items are named at {count} of hand-written code; the build will fail"));
    }
    if usages.len() > missing {
        let count = places(usages.len() - missing);
        report.step("usages", &format!("deprecated items are named at {count} of hand-written code"));
    }
    for Usage { place, item, change, .. } in usages.iter().take(SHOWN) {
        report.detail(&format!("{place}: {item}: {change}"));
    }
    if let Some(more) = usages.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        report.detail(&format!("and {more} more"));
    }
}

/// Returns the places, those of missing items first. A field or an option is found by its name, if no other item has that name.
pub fn find(root: &Path, changes: &[UserChange], new: &Api) -> Result<Vec<Usage>> {
    let items = Items::of(changes, new);
    let mut found = Vec::new();
    let mut search = |path: &Path, tokens: fn(&str) -> Vec<Token<'_>>| -> Result<()> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        for (at, change) in items.named_in(&tokens(&text)) {
            let (line, column) = tokens::line_and_column(&text, at);
            let is_missing = change.id != "deprecated";
            let text = match is_missing {
                true => "removed from the document".to_owned(),
                false => format!("deprecated, {}", change.detail),
            };
            found.push(Usage {
                place: format!("{name}:{line}:{column}"),
                item: change.item.clone(),
                change: text,
                is_missing,
            });
        }
        Ok(())
    };
    for folder in FOLDERS.map(|folder| root.join(folder)).iter().filter(|folder| folder.is_dir()) {
        hand_written::sources(folder)?.iter().try_for_each(|path| search(path, tokens::of_rust))?;
    }
    for page in PAGES.map(|page| root.join(page)).iter().filter(|page| page.is_file()) {
        search(page, tokens::of_prose)?;
    }
    // Keeps the order of the places.
    found.sort_by_key(|usage| !usage.is_missing);
    Ok(found)
}

/// The changed items by the names that code uses.
#[derive(Default)]
struct Items<'c> {
    types: BTreeMap<&'c str, &'c UserChange>,
    /// Variants and associated functions, after the name of their type.
    paths: BTreeMap<(&'c str, &'c str), &'c UserChange>,
    /// Methods (true) and fields (false), after a dot.
    members: BTreeMap<(&'c str, bool), &'c UserChange>,
}

impl<'c> Items<'c> {
    fn of(changes: &'c [UserChange], new: &Api) -> Self {
        let live = live_members(new);
        let mut items = Self::default();
        for change in changes {
            if !change.id.ends_with("-removed") && change.id != "deprecated" || change.id == "implementation-removed" {
                continue;
            }
            let item = change.item.as_str();
            if let Some((_, option)) = item.split_once(", ") {
                items.member((option, true), change, &live);
            } else if let Some((of, name)) = item.split_once("::") {
                // A setter is listed with its argument.
                let name = name.split('(').next().unwrap_or(name);
                items.paths.insert((of, name), change);
                if name.starts_with(char::is_lowercase) {
                    items.member((name, true), change, &live);
                }
            } else if let Some((_, name)) = item.split_once('.') {
                items.member((name, false), change, &live);
            } else {
                items.types.insert(item, change);
            }
        }
        items
    }

    fn member(&mut self, member: (&'c str, bool), change: &'c UserChange, live: &BTreeSet<&str>) {
        if !live.contains(member.0) {
            self.members.insert(member, change);
        }
    }

    /// Returns the offsets of the names of changed items.
    fn named_in(&self, tokens: &[Token<'_>]) -> Vec<(usize, &'c UserChange)> {
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let before = |distance: usize| index.checked_sub(distance).map_or("", |at| tokens[at].text);
            let is_called = tokens.get(index + 1).is_some_and(|next| ["(", "::"].contains(&next.text));
            let change = match before(1) {
                "." => self.members.get(&(token.text, is_called)),
                "::" => self.paths.get(&(before(2), token.text)).or_else(|| self.types.get(token.text)),
                _ => self.types.get(token.text),
            };
            found.extend(change.map(|change| (token.at, *change)));
        }
        found
    }
}

/// The names of fields, methods and options that exist and are not deprecated.
fn live_members(api: &Api) -> BTreeSet<&str> {
    let fields = api.structs.values().flat_map(|item| &item.fields).filter(|field| field.deprecation.is_none());
    let options = api.operations.iter().flat_map(|op| &op.params).map(|param| param.rust.as_str());
    let methods = api.operations.iter().map(|op| op.name.as_str());
    fields.map(|field| field.rust.as_str()).chain(options).chain(methods).collect()
}
