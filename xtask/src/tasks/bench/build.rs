//! `cargo xtask bench build`: build times of the project at two revisions.
//!
//! Each revision has its own worktree and target folder. Each row is measured at both revisions, one after the other.

use crate::report::Report;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// The members of the workspace, each with a file to touch.
const MEMBERS: [(&str, &str); 5] = [
    ("partner-auth", "partner-auth/src/lib.rs"),
    ("partner-ingestion-sdk", "partner-ingestion-sdk/src/lib.rs"),
    ("partner-sandbox", "tests/sandbox/src/lib.rs"),
    ("partner-tests", "tests/suite/src/lib.rs"),
    ("xtask", "xtask/src/lib.rs"),
];

const DOCUMENT: &str = "openapi/partner-ingestion.json";

/// A worktree of one revision.
struct Tree {
    folder: PathBuf,
}

struct Row {
    what: String,
    before: f64,
    after: f64,
    unit: &'static str,
}

pub fn run(root: &Path, against: &str, report: &Report) -> Result<()> {
    let folder = root.join("target/bench/build");
    let before = Tree::check_out(root, &folder.join("before"), against)?;
    let after = Tree::check_out(root, &folder.join("after"), "HEAD")?;
    let mut rows = Vec::new();
    let mut row = |what: &str, run: &dyn Fn(&Tree) -> Result<Duration>| {
        let _busy = report.busy("bench", what);
        let (before, after) = (run(&before)?.as_secs_f64(), run(&after)?.as_secs_f64());
        report.step("bench", &format!("{what}: {before:.1} s before, {after:.1} s after"));
        rows.push(Row { what: what.to_owned(), before, after, unit: "s" });
        anyhow::Ok(())
    };
    row("cargo xtask demo, cold", &|tree| tree.cargo(&["xtask", "demo"]))?;
    row("cargo test --workspace, cold, after the demo", &|tree| tree.cargo(&["test", "--workspace"]))?;
    row("cargo test --workspace, warm", &|tree| tree.cargo(&["test", "--workspace"]))?;
    row("cargo xtask update, after the tests", &Tree::update)?;
    for (member, file) in MEMBERS {
        row(&format!("cargo check after a change of {member}"), &|tree| tree.check_after_touching(file))?;
    }
    let (units_before, units_after) = (before.units()?, after.units()?);
    rows.push(Row { what: "units compiled".to_owned(), before: units_before, after: units_after, unit: "" });
    print(&rows, against);
    Ok(())
}

impl Tree {
    /// Checks out a revision without build results.
    fn check_out(root: &Path, folder: &Path, revision: &str) -> Result<Self> {
        let path = folder.to_string_lossy();
        // Left by an earlier run, if it exists.
        let _ = git(root, &["worktree", "remove", "--force", &path]);
        git(root, &["worktree", "add", "--force", "--detach", &path, revision])?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Runs cargo and returns its duration.
    fn cargo(&self, args: &[&str]) -> Result<Duration> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args).current_dir(&self.folder);
        // As a user's shell: the target folder is the tree's own.
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_TARGET_DIR", "RUST_TEST_THREADS"] {
            command.env_remove(variable);
        }
        // The project's configuration, in a folder above, must not set it for a revision without that setting.
        let config = std::fs::read_to_string(self.folder.join(".cargo/config.toml")).unwrap_or_default();
        if !config.contains("RUST_TEST_THREADS") {
            let processors = std::thread::available_parallelism().context("cannot count processors")?;
            command.env("RUST_TEST_THREADS", processors.to_string());
        }
        let start = Instant::now();
        let output = command.output().context("cannot start cargo")?;
        let time = start.elapsed();
        if !output.status.success() {
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            let end: Vec<&str> = text.lines().rev().take(40).collect();
            let end: Vec<&str> = end.into_iter().rev().collect();
            bail!("`cargo {}` failed in {}:\n{}", args.join(" "), self.folder.display(), end.join("\n"));
        }
        Ok(time)
    }

    fn check_after_touching(&self, file: &str) -> Result<Duration> {
        let check = ["check", "--workspace", "--all-targets"];
        self.cargo(&check)?;
        let path = self.folder.join(file);
        let opened = std::fs::File::options().append(true).open(&path);
        let touched = opened.and_then(|file| file.set_modified(SystemTime::now()));
        touched.with_context(|| format!("cannot touch {}", path.display()))?;
        self.cargo(&check)
    }

    /// Updates to the document with another version and layout, and then reverts the change.
    fn update(&self) -> Result<Duration> {
        let text = std::fs::read_to_string(self.folder.join(DOCUMENT)).context("cannot read the document")?;
        let mut document: Value = serde_json::from_str(&text).context("the document is not JSON")?;
        document["info"]["version"] = "1.0.1".into();
        let file = self.folder.join("target/rewritten.json");
        std::fs::write(&file, document.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
        let time = self.cargo(&["xtask", "update", &file.to_string_lossy()]);
        git(&self.folder, &["checkout", "--quiet", "."])?;
        time
    }

    /// Returns the number of compiled crates, build scripts and programs.
    fn units(&self) -> Result<f64> {
        let folder = self.folder.join("target/debug/.fingerprint");
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(entries.count() as f64)
    }
}

fn git(folder: &Path, args: &[&str]) -> Result<()> {
    let output = Command::new("git").args(args).current_dir(folder).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("`git {}` failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the table is the result")]
fn print(rows: &[Row], against: &str) {
    println!("\n| what | {against} | HEAD | ratio |\n| --- | ---: | ---: | ---: |");
    for Row { what, before, after, unit } in rows {
        println!("| {what} | {before:.1} {unit} | {after:.1} {unit} | {:.2} |", after / before);
    }
}
