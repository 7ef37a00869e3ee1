//! Renders changes for a terminal and as Markdown, the most severe first.

use super::change::Change;
use super::rule::{Users, Wire};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::fmt::Write;

const PLAIN: Style = Style::new();
const DIM: Style = Style::new().dimmed();

fn style(wire: Wire) -> Style {
    match wire {
        Wire::Breaking => AnsiColor::Red.on_default(),
        Wire::Unclear => AnsiColor::Yellow.on_default(),
        Wire::Safe => PLAIN,
    }
}

/// Maximum number of listed changes of the levels `doc` and `nothing`. More are only counted.
const LISTED: usize = 12;

/// Renders two lines for each change in aligned columns, under a heading for each level. Without `all`, many changes of the levels
/// `doc` and `nothing` are counted by rule.
pub fn screen(changes: &[Change], all: bool) -> String {
    let mut text = String::new();
    let width = |of: fn(&Change) -> usize| changes.iter().map(of).max().unwrap_or_default();
    let (rules, subjects) = (width(|c| c.rule.id.len()), width(|c| c.subject.chars().count()).min(60));
    for level in Users::ALL {
        let group: Vec<_> = changes.iter().filter(|change| change.rule.users == level).collect();
        if group.is_empty() {
            continue;
        }
        let bold = Style::new().bold();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "\n{bold}{}{bold:#} ({})\n", level.heading(), group.len());
        if !all && group.len() > LISTED && level <= Users::Doc {
            let mut counts = BTreeMap::new();
            group.iter().for_each(|change| *counts.entry(change.rule.id).or_insert(0) += 1);
            for (rule, count) in counts {
                let _ = writeln!(text, "  {rule:<rules$}  {count:>5}");
            }
            let _ = writeln!(text, "  {DIM}`cargo xtask diff --all` lists them{DIM:#}");
            continue;
        }
        for change in group {
            let (wire, direction) = (change.wire(), change.direction.word());
            let (on, detail) = (style(wire), &change.detail);
            let line = format!(
                "  {on}{:<8}{on:#} {direction:<8}  {:<rules$}  {:<subjects$}  {detail}",
                wire.word(),
                change.rule.id,
                change.subject,
            );
            let _ = writeln!(text, "{}", line.trim_end());
            let _ = writeln!(text, "  {DIM}{:<19}{}{DIM:#}", "", change.pointer);
        }
    }
    if changes.is_empty() {
        text.push_str("no changes\n");
    }
    text
}

/// Renders a table for each level.
pub fn markdown(changes: &[Change]) -> String {
    let mut text = String::new();
    for level in Users::ALL {
        let group: Vec<_> = changes.iter().filter(|change| change.rule.users == level).collect();
        if group.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n## {}\n\n| wire | direction | rule | where | what | pointer |", level.heading());
        let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- |");
        for change in group {
            let cells = [
                change.wire().word(),
                change.direction.word(),
                &format!("`{}`", change.rule.id),
                &change.subject,
                &change.detail,
                &format!("`{}`", change.pointer),
            ];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    if changes.is_empty() {
        text.push_str("No changes.\n");
    }
    text
}

/// Returns which part of the version to raise, before 1.0 and after.
pub fn bump(worst: Users) -> &'static str {
    match worst {
        Users::Source | Users::Behaviour => "raise the minor version before 1.0, the major version after it",
        Users::Additive => "raise the patch version before 1.0, the minor version after it",
        Users::Doc | Users::Nothing => "raise the patch version",
    }
}
