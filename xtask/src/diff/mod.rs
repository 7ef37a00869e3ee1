//! `cargo xtask diff OLD NEW`: compares two versions of the document, on the wire and for users of the crate.

pub mod change;
pub mod compare;
mod operations;
pub mod render;
pub mod rule;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

use crate::document::load;
use crate::report::Report;
use anyhow::{Context, Result, bail};
use change::Change;
use compare::compare;
use rule::Users;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The path of the committed document.
const COMMITTED: &str = "openapi/partner-ingestion.json";

pub struct Options<'o> {
    /// Files, or git revisions of the committed document.
    pub old: &'o str,
    pub new: &'o str,
    pub markdown: bool,
    /// List changes of the levels `doc` and `nothing` instead of counting them.
    pub all: bool,
    /// Fail if a change has at least this level.
    pub fail_on: Option<&'o str>,
}

pub fn run(root: &Path, options: &Options<'_>, report: &Report) -> Result<()> {
    let limit = options.fail_on.map(level).transpose()?;
    let (old, new) = (read(root, options.old)?, read(root, options.new)?);
    let changes = compare(&old, &new);
    let text = if options.markdown { render::markdown(&changes) } else { render::screen(&changes, options.all) };
    anstream::stdout().write_all(text.as_bytes()).context("cannot print")?;
    let worst = worst(&changes);
    if limit.is_some_and(|limit| !changes.is_empty() && worst >= limit) {
        bail!("there are changes at the level {} or above", worst.word());
    }
    let count = changes.len();
    if count > 0 {
        let noun = if count == 1 { "change" } else { "changes" };
        report.step("diff", &format!("{count} {noun}; {}", render::bump(worst)));
    }
    Ok(())
}

/// Returns the highest level of the changes.
pub fn worst(changes: &[Change]) -> Users {
    changes.iter().map(|change| change.rule.users).max().unwrap_or(Users::Nothing)
}

fn level(word: &str) -> Result<Users> {
    let known = Users::ALL.into_iter().find(|level| level.word() == word);
    known.with_context(|| {
        let words: Vec<_> = Users::ALL.iter().map(|level| level.word()).collect();
        format!("--fail-on: expected one of {}, found {word:?}", words.join(", "))
    })
}

/// Reads a file, or a revision of the committed document.
fn read(root: &Path, name: &str) -> Result<Value> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(load::load(path)?.value);
    }
    let spec = format!("{name}:{COMMITTED}");
    let shown = Command::new("git").args(["show", &spec]).current_dir(root).output().context("cannot start git")?;
    if !shown.status.success() {
        let why = String::from_utf8_lossy(&shown.stderr);
        bail!("{name} is neither a file nor a revision with {COMMITTED}: {}", why.trim());
    }
    load::parse(&shown.stdout).with_context(|| format!("{spec} is not a usable document"))
}
