//! The changelog entry of a new document.

use crate::diff::change::Change;
use crate::diff::rule::Users;
use std::fmt::Write;

pub const FILE: &str = "partner-ingestion-sdk/CHANGELOG.md";

const UNRELEASED: &str = "## Unreleased\n";

pub struct Entry<'c> {
    pub changes: &'c [Change],
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
            let group: Vec<_> = self.changes.iter().filter(|change| change.rule.users == level).collect();
            // Changes without effect on code are only counted.
            match level {
                Users::Doc | Users::Nothing if !group.is_empty() => {
                    let _ = writeln!(text, "\n{}: {} changes.", capital(level.heading()), group.len());
                }
                _ if group.is_empty() => {}
                _ => {
                    let _ = writeln!(text, "\n{}:\n", capital(level.heading()));
                    for change in group {
                        let detail = if change.detail.is_empty() { "" } else { ": " };
                        let _ = writeln!(
                            text,
                            "* `{}` {}{detail}{}",
                            change.rule.id,
                            change.subject,
                            change.detail.replace('\n', " ")
                        );
                    }
                }
            }
        }
        text
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
