//! `cargo xtask ci`: what CI runs, in order, with times.

use crate::generate::{self, Options};
use crate::interop;
use crate::process::cargo;
use crate::report::Report;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Instant;

/// One gate: a name, the arguments of cargo and extra environment.
type Gate = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

const SDK: &str = "partner-ingestion-sdk";

const AUTH: &str = "partner-auth";

const GATES: [Gate; 15] = [
    ("formatting", &["fmt", "--all", "--check"], &[]),
    (
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    ),
    ("tests", &["test", "--workspace"], &[]),
    ("SDK alone", &["test", "--package", SDK, "--lib"], &[]),
    (
        "with preserve_order",
        &[
            "test",
            "--package",
            "partner-tests",
            "--features",
            "preserve-order",
            "--test",
            "all",
            "--",
            "types::",
            "property::",
            "refused::",
        ],
        &[],
    ),
    (
        "docs",
        &["doc", "--workspace", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "--deny warnings")],
    ),
    (
        "types only",
        &[
            "clippy",
            "--package",
            SDK,
            "--no-default-features",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    ),
    (
        "types only, docs",
        &["doc", "--package", SDK, "--no-default-features", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "--deny warnings")],
    ),
    (
        "features",
        &[
            "clippy",
            "--package",
            SDK,
            "--no-default-features",
            "--features",
            "client,rustls",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    ),
    (
        "auth, trait only",
        &[
            "clippy",
            "--package",
            AUTH,
            "--no-default-features",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    ),
    (
        "auth, all its features",
        &[
            "clippy",
            "--package",
            AUTH,
            "--features",
            "azure,testing",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    ),
    (
        "auth, all its features",
        &["test", "--package", AUTH, "--features", "azure,testing"],
        &[],
    ),
    (
        "auth, example",
        &["run", "--quiet", "--package", AUTH, "--features", "testing", "--example", "signin"],
        &[],
    ),
    (
        "auth, docs",
        &["doc", "--package", AUTH, "--features", "azure,testing", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "--deny warnings")],
    ),
    (
        "model of the token cache",
        &[
            "test",
            "--package",
            AUTH,
            "--lib",
            "--no-default-features",
            "--features",
            "entra",
            "--",
            "model::",
        ],
        &[("RUSTFLAGS", "--cfg shuttle"), ("CARGO_TARGET_DIR", "target/model")],
    ),
];

pub fn run(root: &Path, report: &Report) -> Result<()> {
    let start = Instant::now();
    generate::run(
        &Options {
            root: root.to_owned(),
            check: true,
            ..Options::default()
        },
        report,
    )?;
    for (name, args, env) in GATES {
        let begun = Instant::now();
        report.step("ci", &format!("{name}: cargo {}", args.join(" ")));
        cargo(root, args, env).with_context(|| format!("{name} failed"))?;
        report.step("ok", &format!("{name} ({:.0} s)", begun.elapsed().as_secs_f64()));
    }
    interop::run_if_possible(root, report)?;
    package(root, report)?;
    report.step("ci", &format!("all green after {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The published crates can be packaged, and build from their packages alone.
fn package(root: &Path, report: &Report) -> Result<()> {
    report.step("ci", "package: cargo package --workspace");
    let args = [
        "package",
        "--workspace",
        "--exclude",
        "xtask",
        "--exclude",
        "partner-tests",
        "--allow-dirty",
        "--quiet",
    ];
    cargo(root, &args, &[]).context("packaging failed")
}
