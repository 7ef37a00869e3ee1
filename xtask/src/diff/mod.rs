//! `cargo xtask diff OLD NEW`: compares two versions of the document with their corrections, for users of the crate and on the wire.

pub mod change;
pub mod compare;
pub mod edition;
mod operations;
pub mod render;
pub mod rule;
mod schema;
#[cfg(test)]
pub(crate) mod tests;
pub mod users;

use crate::document::{load, overlay};
use crate::generate::model::hand_written;
use crate::generate::retained;
use crate::report::Report;
use anyhow::{Context, Result, bail};
use change::Change;
use edition::{Edition, Tables};
use rule::Users;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use users::UserChange;

/// What a new version changes.
pub struct Changes {
    /// For users of the generated crate.
    pub users: Vec<UserChange>,
    /// Between a program and the service.
    pub wire: Vec<Change>,
}

/// The corrected document.
pub const CORRECTED: &str = "openapi/partner-ingestion.openapi.json";

pub struct Options<'o> {
    /// Files, or git revisions of the committed document.
    pub old: &'o str,
    pub new: &'o str,
    pub markdown: bool,
    /// List all changes without consequences instead of counting them.
    pub all: bool,
    /// Fail if a change for users has at least this level.
    pub fail_on: Option<&'o str>,
}

pub fn run(root: &Path, options: &Options<'_>, report: &Report) -> Result<()> {
    let limit = options.fail_on.map(level).transpose()?;
    let old = read(root, options.old, report)?;
    let new = read(root, options.new, report)?;
    let changes = old.changes_to(new, "the new version");
    let text = if options.markdown { render::markdown(&changes) } else { render::screen(&changes, options.all) };
    anstream::stdout().write_all(text.as_bytes()).context("cannot print")?;
    let worst = users::worst(&changes.users);
    if let Some((limit, worst)) = limit.zip(worst).filter(|(limit, worst)| worst >= limit) {
        bail!("there are changes at the level {}; --fail-on allows less than {}", worst.word(), limit.word());
    }
    report.step("diff", &format!("{}; {}", changes.count(), render::bump(worst)));
    Ok(())
}

impl Changes {
    /// The numbers of changes, in words.
    pub fn count(&self) -> String {
        format!("{} changes for users, {} on the wire", self.users.len(), self.wire.len())
    }
}

fn level(word: &str) -> Result<Users> {
    let known = Users::ALL.into_iter().find(|level| level.word() == word);
    known.with_context(|| {
        let words: Vec<_> = Users::ALL.iter().map(|level| level.word()).collect();
        format!("--fail-on: expected one of {}, found {word:?}", words.join(", "))
    })
}

/// Reads a file, which is corrected by the overlays of the project, or a revision, which has its own corrected document.
fn read(root: &Path, name: &str, report: &Report) -> Result<Edition> {
    let openapi = root.join("openapi");
    let sdk = hand_written::read(root)?;
    let path = Path::new(name);
    if !path.exists() {
        return of_revision(root, name);
    }
    let committed = openapi.join("partner-ingestion.json");
    let earlier = committed.exists().then(|| load::load(&committed)).transpose()?;
    let document = load::load_like(path, earlier.as_ref().map(|earlier| &earlier.value))?.value;
    let names = openapi.join("names.toml");
    let names = std::fs::read_to_string(&names).with_context(|| format!("cannot read {}", names.display()))?;
    let tables = Tables { names, retained: retained::Retained::default() };
    let (edition, broken) = Edition::of(document, &overlay::read_all(&openapi.join("overlays"))?, &tables, &sdk)?;
    for id in broken {
        report.warn(&format!("{name}: correction {id} does not apply and is skipped"));
    }
    Ok(edition)
}

/// Reads the corrected document, the names and the retained items of a revision.
fn of_revision(root: &Path, revision: &str) -> Result<Edition> {
    let document = show(root, revision, CORRECTED)?;
    let document =
        load::parse(&document).with_context(|| format!("{revision}:{CORRECTED} is not a usable document"))?;
    let names = String::from_utf8_lossy(&show(root, revision, "openapi/names.toml")?).into_owned();
    // A revision without the table retains nothing.
    let retained = show(root, revision, &format!("openapi/{}", retained::FILE)).unwrap_or_default();
    let retained = toml::from_str(&String::from_utf8_lossy(&retained));
    let retained = retained.with_context(|| format!("{revision}: {} is not a valid table", retained::FILE))?;
    Edition::corrected(document, &Tables { names, retained }, &hand_written::read(root)?)
}

fn show(root: &Path, revision: &str, path: &str) -> Result<Vec<u8>> {
    let spec = format!("{revision}:{path}");
    let shown = Command::new("git").args(["show", &spec]).current_dir(root).output().context("cannot start git")?;
    if !shown.status.success() {
        let why = String::from_utf8_lossy(&shown.stderr);
        bail!("{revision} is neither a file nor a revision with {path}: {}", why.trim());
    }
    Ok(shown.stdout)
}
