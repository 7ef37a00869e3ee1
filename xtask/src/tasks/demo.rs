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
    cargo(root, &["run", "--quiet", "--package", "partner-ingestion-sdk", "--example", "publish_offer"], &[])?;
    report.step("next", "try one of these commands:");
    for (command, what) in NEXT {
        report.detail(&format!("# {what}"));
        report.detail(command);
    }
    Ok(())
}

/// Commands to try after the demo. None needs an account.
const NEXT: [(&str, &str); 3] = [
    ("cargo run --package partner-ingestion-sdk --example many_offers", "publish three offers, one of which fails"),
    ("cargo run --package partner-ingestion-sdk --example publish_offer -- --dry-run", "see what would be submitted"),
    ("cargo run --package partner-sandbox", "start a sandbox for your own program"),
];
