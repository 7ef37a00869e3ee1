//! `cargo xtask demo`: checks the generated files and publishes an offer to the sandbox. Requires no account.

use crate::generate::{self, Options};
use crate::process::cargo;
use crate::report::Report;
use anyhow::Result;
use std::path::Path;

pub fn run(root: &Path, report: &Report) -> Result<()> {
    generate::run(&Options { root: root.to_owned(), check: true, ..Options::default() }, report)?;
    report.step("demo", "publish an offer to the sandbox (cargo run --example publish_offer)");
    // Without `--live`, the example starts a sandbox and never uses the real service.
    cargo(root, &["run", "--quiet", "--package", "partner-ingestion-sdk", "--example", "publish_offer"], &[])
}
