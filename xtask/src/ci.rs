//! `cargo xtask ci`: what CI runs, in order, with times.

use crate::generate::{self, Options};
use crate::interop;
use crate::process::cargo;
use crate::report::Report;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One command that has to succeed.
struct Gate {
    name: &'static str,
    args: Vec<&'static str>,
    env: Vec<(&'static str, &'static str)>,
}

impl Gate {
    /// `cargo` with arguments that are written as in a shell.
    fn cargo(name: &'static str, args: &'static str) -> Self {
        Self { name, args: args.split(' ').collect(), env: Vec::new() }
    }

    /// Lints, none of them only a warning.
    fn clippy(name: &'static str, args: &'static str) -> Self {
        let mut gate = Self::cargo(name, "clippy");
        gate.args.extend(args.split(' '));
        gate.args.extend(["--quiet", "--", "--deny", "warnings"]);
        gate
    }

    fn doc(name: &'static str, args: &'static str) -> Self {
        let mut gate = Self::cargo(name, "doc --no-deps --quiet");
        gate.args.extend(args.split(' '));
        gate.with("RUSTDOCFLAGS", "--deny warnings")
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }
}

fn gates() -> Vec<Gate> {
    let types = "test -p partner-tests --features preserve-order --test all -- types:: property:: refused::";
    let model = "test -p partner-auth --lib --no-default-features --features entra -- model::";
    vec![
        Gate::cargo("formatting", "fmt --all --check"),
        Gate::clippy("lints", "--workspace --all-targets"),
        Gate::cargo("tests", "test --workspace"),
        Gate::cargo("SDK alone", "test -p partner-ingestion-sdk --lib"),
        Gate::cargo("with preserve_order", types),
        Gate::doc("docs", "--workspace"),
        Gate::clippy("types only", "-p partner-ingestion-sdk --no-default-features"),
        Gate::doc("types only, docs", "-p partner-ingestion-sdk --no-default-features"),
        Gate::clippy("SDK without sign-in", "-p partner-ingestion-sdk --no-default-features --features client,rustls"),
        Gate::clippy(
            "SDK without certificates",
            "-p partner-ingestion-sdk --no-default-features --features auth,rustls",
        ),
        Gate::clippy("auth, trait only", "-p partner-auth --no-default-features"),
        Gate::clippy("auth, each feature", "-p partner-auth --all-targets --features azure,testing"),
        Gate::cargo("auth, each feature", "test -p partner-auth --features azure,testing"),
        Gate::doc("auth, docs", "-p partner-auth --features azure,testing"),
        Gate::cargo("auth, example", "run --quiet -p partner-auth --features testing --example signin"),
        // Its own target folder: the flag is part of every crate's fingerprint.
        Gate::cargo("model of the token cache", model)
            .with("RUSTFLAGS", "--cfg shuttle")
            .with("CARGO_TARGET_DIR", "target/model"),
    ]
}

pub fn run(root: &Path, report: &Report) -> Result<()> {
    let start = Instant::now();
    generate::run(&Options { root: root.to_owned(), check: true, ..Options::default() }, report)?;
    let gates = gates();
    let mut times = Vec::new();
    for (at, Gate { name, args, env }) in gates.iter().enumerate() {
        let begun = Instant::now();
        report.step("ci", &format!("[{}/{}] {name}: cargo {}", at + 1, gates.len() + 2, args.join(" ")));
        cargo(root, args, env).with_context(|| format!("{name} failed"))?;
        times.push((*name, begun.elapsed()));
    }
    let begun = Instant::now();
    interop::run_if_possible(root, report)?;
    times.push(("interoperability", begun.elapsed()));
    let begun = Instant::now();
    package(root, report)?;
    times.push(("packaging", begun.elapsed()));
    let width = times.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, time) in &times {
        report.step("ok", &format!("{name:<width$}  {:>5.0} s", time.as_secs_f64()));
    }
    report.step("ci", &format!("all green after {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The published crates can be packaged, and build from their packages alone.
fn package(root: &Path, report: &Report) -> Result<()> {
    report.step("ci", "package: cargo package --workspace");
    forget_unpacked().context("cannot remove what an earlier run unpacked")?;
    let args = "package --workspace --exclude xtask --exclude partner-tests --allow-dirty --quiet";
    let args: Vec<&str> = args.split(' ').collect();
    cargo(root, &args, &[]).context("packaging failed")
}

/// Cargo unpacks the crates that it packages together into its home, under a registry without a name, and takes what it finds
/// there for the same as long as the version is: the SDK would be built against an earlier `partner-auth` (cargo 1.95).
fn forget_unpacked() -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let Some(registries) = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok()) else {
        return Ok(());
    };
    for registry in registries {
        let registry = registry?;
        // One that is reached over the network has its host in front of the hash.
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for unpacked in std::fs::read_dir(registry.path())? {
            let unpacked = unpacked?;
            if unpacked.file_name().to_string_lossy().starts_with("partner-") {
                std::fs::remove_dir_all(unpacked.path())?;
            }
        }
    }
    Ok(())
}
