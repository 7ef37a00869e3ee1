//! The changelog entry of a new document.

use crate::diff::rule::Users;
use crate::diff::users::UserChange;
use std::fmt::Write;

pub const FILE: &str = "partner-ingestion-sdk/CHANGELOG.md";

const UNRELEASED: &str = "## Unreleased\n";

pub struct Entry<'c> {
    pub changes: &'c [UserChange],
    pub day: &'c str,
    pub digest: &'c str,
}

impl Entry<'_> {
    /// Adds this entry to the changelog, at the top of *Unreleased*.
    pub fn added_to(&self, changelog: &str) -> String {
        let entry = self.render();
        match changelog.split_once(UNRELEASED) {
            Some((before, after)) => format!("{before}{UNRELEASED}\n{entry}{after}"),
            None => match changelog.find("\n## ") {
                Some(at) => format!("{}\n{UNRELEASED}\n{entry}{}", &changelog[..at], &changelog[at..]),
                None => format!("{}\n\n{UNRELEASED}\n{entry}", changelog.trim_end()),
            },
        }
    }

    fn render(&self) -> String {
        let mut text = format!("### The document of {}\n\nsha256 `{}`.\n", self.day, self.digest);
        for level in Users::ALL {
            let group: Vec<_> = self.changes.iter().filter(|change| change.level == level).collect();
            match level {
                _ if group.is_empty() => {}
                // Changes without effect on code are only counted.
                Users::Doc => {
                    let _ = writeln!(text, "\n{}: {} changes.", capital(level.heading()), group.len());
                }
                _ => {
                    let _ = writeln!(text, "\n{}:\n", capital(level.heading()));
                    for UserChange { id, item, detail, .. } in group {
                        let colon = if detail.is_empty() { "" } else { ": " };
                        let _ = writeln!(text, "* `{id}` `{item}`{colon}{}", detail.replace('\n', " "));
                    }
                }
            }
        }
        if self.changes.is_empty() {
            text.push_str("\nThe crate is the same.\n");
        }
        text
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
