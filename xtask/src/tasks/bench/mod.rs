//! `cargo xtask bench [NAME]`: the benchmarks of `tests/bench`, a separate workspace with its own target folder.

mod build;

use crate::generate::{self, Options};
use crate::process::cargo;
use crate::report::Report;
use anyhow::{Result, bail};
use std::path::Path;

/// Runs a benchmark. `build` compares with the revision `against`, the others with peers.
pub fn run(root: &Path, name: &str, against: &str, report: &Report) -> Result<()> {
    let target = root.join("target/bench");
    let plain = target.join("plain.json");
    match name {
        "build" => return build::run(root, against, report),
        "offers" => return offers(root, report),
        "calls" | "crypto" | "decode" | "tokens" => {}
        "generate" => cargo(root, &["build", "--quiet", "--release", "--package", "xtask"], &[])?,
        "sandbox" => {
            cargo(root, &["build", "--quiet", "--release", "--package", "partner-sandbox"], &[])?;
        }
        "compile" => {
            std::fs::create_dir_all(&target)?;
            let options =
                Options { root: root.to_owned(), check: true, emit_plain: Some(plain.clone()), ..Options::default() };
            generate::run(&options, report)?;
        }
        other => {
            bail!(
                "unknown benchmark `{other}`; expected build, calls, compile, crypto, decode, generate, offers, sandbox or tokens"
            )
        }
    }
    report.step("bench", name);
    let args = ["run", "--quiet", "--release", "--manifest-path", "tests/bench/Cargo.toml", "--bin", name];
    let target = target.to_string_lossy();
    let built = |name: &str| root.join("target/release").join(name).to_string_lossy().into_owned();
    let (xtask, sandbox) = (built("xtask"), built("partner-sandbox"));
    cargo(
        root,
        &args,
        &[
            ("CARGO_TARGET_DIR", &target),
            ("PLAIN_DOCUMENT", &plain.to_string_lossy()),
            ("XTASK", &xtask),
            ("SANDBOX", &sandbox),
        ],
    )
}

/// The calls and the time to apply 100 offers. The test of the calls prints them; at this size, they are a benchmark.
fn offers(root: &Path, report: &Report) -> Result<()> {
    report.step("bench", "offers");
    let test = ["test", "--quiet", "--release", "--package", "partner-tests", "--test", "all", "--", "--nocapture"];
    cargo(root, &[&test[..], &["manifest::calls::"]].concat(), &[("PARTNER_OFFERS", "100")])
}
