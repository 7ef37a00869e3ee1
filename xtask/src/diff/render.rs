//! Renders changes for a terminal and as Markdown, the most severe first.

use super::Changes;
use super::change::Change;
use super::rule::{Users, Wire};
use super::users::UserChange;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::fmt::Write;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

fn style(wire: Wire) -> Style {
    match wire {
        Wire::Breaking => AnsiColor::Red.on_default(),
        Wire::Unclear => AnsiColor::Yellow.on_default(),
        Wire::Safe => PLAIN,
    }
}

/// Maximum number of listed changes of the level `doc`, and of those that are safe on the wire. More are only counted.
const LISTED: usize = 12;

/// Renders the changes for users by level, and then those on the wire. Without `all`, many changes without consequences are counted by
/// rule.
pub fn screen(changes: &Changes, all: bool) -> String {
    let mut text = String::new();
    for level in Users::ALL {
        let group: Vec<_> = changes.users.iter().filter(|change| change.level == level).collect();
        if !group.is_empty() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "\n{BOLD}{}{BOLD:#} ({})\n", level.heading(), group.len());
            let listed = all || group.len() <= LISTED || level > Users::Doc;
            if listed { for_users(&group, &mut text) } else { counted(group.iter().map(|change| change.id), &mut text) }
        }
    }
    for wire in Wire::ALL {
        let group: Vec<_> = changes.wire.iter().filter(|change| change.wire() == wire).collect();
        if !group.is_empty() {
            let _ = writeln!(text, "\n{BOLD}on the wire, {}{BOLD:#} ({})\n", wire.word(), group.len());
            let listed = all || group.len() <= LISTED || wire > Wire::Safe;
            if listed {
                on_the_wire(&group, &mut text);
            } else {
                counted(group.iter().map(|change| change.rule.id), &mut text);
            }
        }
    }
    if changes.wire.is_empty() && changes.users.is_empty() {
        text.push_str("no changes\n");
    }
    text
}

fn for_users(group: &[&UserChange], text: &mut String) {
    let ids = group.iter().map(|change| change.id.len()).max().unwrap_or_default();
    for UserChange { id, item, detail, .. } in group {
        let _ = writeln!(text, "{}", format!("  {id:<ids$}  {item}  {detail}").trim_end());
    }
}

fn on_the_wire(group: &[&Change], text: &mut String) {
    let width = |of: fn(&Change) -> usize| group.iter().map(|change| of(change)).max().unwrap_or_default();
    let (rules, subjects) = (width(|c| c.rule.id.len()), width(|c| c.subject.chars().count()).min(60));
    for change in group {
        let (on, direction, detail) = (style(change.wire()), change.direction.word(), &change.detail);
        let line =
            format!("  {on}{direction:<8}{on:#}  {:<rules$}  {:<subjects$}  {detail}", change.rule.id, change.subject);
        let _ = writeln!(text, "{}", line.trim_end());
        let _ = writeln!(text, "  {DIM}{:<10}{}{DIM:#}", "", change.pointer);
    }
}

fn counted<'c>(ids: impl Iterator<Item = &'c str>, text: &mut String) {
    let mut counts = BTreeMap::new();
    ids.for_each(|id| *counts.entry(id).or_insert(0) += 1);
    let width = counts.keys().map(|id| id.len()).max().unwrap_or_default();
    for (id, count) in counts {
        let _ = writeln!(text, "  {id:<width$}  {count:>5}");
    }
    let _ = writeln!(text, "  {DIM}`cargo xtask diff --all` lists them{DIM:#}");
}

/// Renders a table for each level, and one for the wire.
pub fn markdown(changes: &Changes) -> String {
    let mut text = String::new();
    for level in Users::ALL {
        let group: Vec<_> = changes.users.iter().filter(|change| change.level == level).collect();
        if !group.is_empty() {
            let _ = writeln!(text, "\n## {}\n\n| change | item | what |\n| --- | --- | --- |", level.heading());
        }
        for change in group {
            row(&mut text, &[&format!("`{}`", change.id), &format!("`{}`", change.item), &change.detail]);
        }
    }
    if !changes.wire.is_empty() {
        let _ = writeln!(text, "\n## On the wire\n\n| wire | direction | rule | where | what | pointer |");
        let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- |");
    }
    for change in &changes.wire {
        let (rule, pointer) = (format!("`{}`", change.rule.id), format!("`{}`", change.pointer));
        let words = [change.wire().word(), change.direction.word()];
        row(&mut text, &[words[0], words[1], &rule, &change.subject, &change.detail, &pointer]);
    }
    if changes.wire.is_empty() && changes.users.is_empty() {
        text.push_str("No changes.\n");
    }
    text
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Returns which part of the version to raise, before 1.0 and after.
pub fn bump(worst: Option<Users>) -> &'static str {
    match worst {
        Some(Users::Source | Users::Behaviour) => "raise the minor version before 1.0, the major version after it",
        Some(Users::Additive) => "raise the patch version before 1.0, the minor version after it",
        Some(Users::Doc) => "raise the patch version",
        None => "users notice nothing",
    }
}
