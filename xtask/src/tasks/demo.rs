//! `cargo xtask demo`: the main job in one command, on a machine without an account.

use crate::generate::{self, Options};
use crate::process::cargo;
use crate::report::Report;
use anyhow::Result;
use std::path::Path;

pub fn run(root: &Path, report: &Report) -> Result<()> {
    generate::run(&Options { root: root.to_owned(), check: true, ..Options::default() }, report)?;
    report.step("demo", "publish an offer to the sandbox (cargo run --example publish_offer)");
    // The example starts the sandbox by itself; only `--live`, which is never given here, reaches the real service.
    cargo(root, &["run", "--quiet", "--package", "partner-ingestion-sdk", "--example", "publish_offer"], &[])
}
