//! `cargo xtask gates`: the checks of the hosted workflow that need another tool or toolchain. The jobs of the workflow call it.

mod tool;

use crate::process::{self, cargo, target};
use crate::report::Report;
use crate::update::copy;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tool::{CARGO_DENY, CARGO_HACK, CARGO_SEMVER_CHECKS};

/// The published crates that users depend on.
const CRATES: [&str; 4] = ["-p", "partner-ingestion-sdk", "-p", "partner-auth"];
/// The minimum Rust version; a test compares it with `rust-version`.
const MINIMUM_RUST: &str = "1.89";
const WASM: &str = "wasm32-unknown-unknown";

/// A check. Each is a job of the workflow with the same name.
struct Gate {
    name: &'static str,
    run: fn(&Path, &Report) -> Result<Outcome>,
}

enum Outcome {
    Passed,
    /// There was nothing to check, and why.
    Nothing(&'static str),
}

const GATES: [Gate; 9] = [
    Gate { name: "advisories", run: advisories },
    Gate { name: "deny", run: deny },
    Gate { name: "features", run: features },
    Gate { name: "minimal-versions", run: minimal_versions },
    Gate { name: "minimum-rust", run: minimum_rust },
    Gate { name: "release", run: release },
    Gate { name: "semver", run: semver },
    Gate { name: "wasm", run: wasm },
    Gate { name: "workflows", run: workflows },
];

/// Runs one gate, or all. The others run after a failure, too.
pub fn run(root: &Path, name: Option<&str>, report: &Report) -> Result<()> {
    let chosen: Vec<&Gate> = GATES.iter().filter(|gate| name.is_none_or(|name| gate.name == name)).collect();
    if chosen.is_empty() {
        bail!(
            "unknown gate {:?}, expected one of {}",
            name.unwrap_or_default(),
            GATES.map(|gate| gate.name).join(", ")
        );
    }
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for gate in chosen {
        let start = Instant::now();
        let outcome = (gate.run)(root, report);
        let time = start.elapsed().as_secs_f64();
        let text = match outcome {
            Ok(Outcome::Passed) => "passed".to_owned(),
            Ok(Outcome::Nothing(reason)) => format!("nothing to check: {reason}"),
            Err(error) => {
                report.fail(&format!("{}: {error:#}", gate.name));
                failed.push(gate.name);
                "failed".to_owned()
            }
        };
        rows.push(format!("{:<16}  {time:>6.1} s  {text}", gate.name));
    }
    rows.iter().for_each(|row| report.step("gate", row));
    ensure!(failed.is_empty(), "{} failed", failed.join(", "));
    Ok(())
}

/// Advisories about dependencies. The database is on GitHub.
fn advisories(root: &Path, report: &Report) -> Result<Outcome> {
    let mut deny = CARGO_DENY.command(root, report)?;
    succeeds(deny.args(["--locked", "check", "advisories"]))
}

/// Licences, sources, versions and features of dependencies.
fn deny(root: &Path, report: &Report) -> Result<Outcome> {
    let mut deny = CARGO_DENY.command(root, report)?;
    succeeds(deny.args(["--locked", "--log-level", "error", "check", "bans", "licenses", "sources"]))
}

/// Each feature alone.
fn features(root: &Path, report: &Report) -> Result<Outcome> {
    let mut hack = CARGO_HACK.command(root, report)?;
    succeeds(hack.args(["hack", "check", "--quiet"]).args(CRATES).args(["--each-feature", "--no-dev-deps"]))
}

/// The lowest versions of direct dependencies that the manifests allow.
fn minimal_versions(root: &Path, _report: &Report) -> Result<Outcome> {
    // The lock file changes, so a copy is checked.
    let copy = copy::of(root, "minimal-versions")?;
    // The option is not stable.
    cargo(&copy, &["update", "--quiet", "-Z", "direct-minimal-versions"], &[("RUSTC_BOOTSTRAP", "1")])?;
    let folder = copy.join("target");
    let folder = folder.to_str().context("the path of the project is not UTF-8")?;
    let mut args = vec!["check", "--quiet", "--locked", "--target-dir", folder];
    args.extend(CRATES);
    cargo(&copy, &args, &[])?;
    Ok(Outcome::Passed)
}

/// The minimum Rust version compiles everything.
fn minimum_rust(root: &Path, report: &Report) -> Result<Outcome> {
    report.step("gate", &format!("rustup toolchain install {MINIMUM_RUST}"));
    succeeds(Command::new("rustup").args(["--quiet", "toolchain", "install", MINIMUM_RUST, "--profile", "minimal"]))?;
    let folder = target(root).join("minimum-rust");
    let mut check = rustup_cargo(root, MINIMUM_RUST);
    check.args(["check", "--quiet", "--workspace", "--all-targets", "--locked", "--target-dir"]).arg(folder);
    succeeds(&mut check)
}

/// The steps of a release that change nothing.
fn release(root: &Path, report: &Report) -> Result<Outcome> {
    super::package::run(root, report)?;
    Ok(Outcome::Passed)
}

/// Compatibility with the last release.
fn semver(root: &Path, report: &Report) -> Result<Outcome> {
    let tags =
        Command::new("git").args(["tag", "--list", "v*"]).current_dir(root).output().context("cannot start git")?;
    if tags.stdout.is_empty() {
        return Ok(Outcome::Nothing("there is no release"));
    }
    let mut checks = CARGO_SEMVER_CHECKS.command(root, report)?;
    succeeds(checks.arg("semver-checks").args(CRATES))
}

/// The types alone compile for WebAssembly.
fn wasm(root: &Path, report: &Report) -> Result<Outcome> {
    report.step("gate", &format!("rustup target add {WASM}"));
    succeeds(Command::new("rustup").args(["target", "add", WASM]))?;
    let args = ["check", "--quiet", "-p", "partner-ingestion-sdk", "--no-default-features", "--target", WASM];
    cargo(root, &args, &[])?;
    Ok(Outcome::Passed)
}

/// The security of the hosted workflows.
fn workflows(root: &Path, report: &Report) -> Result<Outcome> {
    let mut zizmor = tool::zizmor(root, report)?;
    succeeds(zizmor.args(["--offline", "--no-progress", "--quiet", ".github"]).current_dir(root))
}

/// Cargo of another toolchain. Variables of the running toolchain are removed.
fn rustup_cargo(root: &Path, toolchain: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]).current_dir(root);
    ["CARGO", "CARGO_MANIFEST_DIR", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"].iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

fn succeeds(command: &mut Command) -> Result<Outcome> {
    let name = process::describe(command);
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    ensure!(status.success(), "`{name}` failed ({status})");
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn the_workflow_runs_every_gate() {
        let workflow = std::fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
        for gate in &GATES {
            assert!(workflow.contains(&format!("cargo xtask gates {}\n", gate.name)), "{}", gate.name);
        }
        let calls = workflow.matches("cargo xtask gates ").count();
        assert_eq!(calls, GATES.len(), "a job names an unknown gate, or one twice");
    }

    #[test]
    fn the_minimum_version_is_that_of_the_manifest() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("rust-version = \"{MINIMUM_RUST}\"")));
    }

    /// Each action has the commit that was reviewed, and no job keeps the token of the checkout.
    #[test]
    fn actions_are_pinned() {
        for file in ["ci.yml", "update.yml"] {
            let workflow = std::fs::read_to_string(root().join(".github/workflows").join(file)).unwrap();
            let is_pinned = |line: &str| {
                let commit = line.split('@').nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            let loose: Vec<&str> =
                workflow.lines().filter(|line| line.contains("uses:") && !is_pinned(line)).map(str::trim).collect();
            assert!(loose.is_empty(), "{file}: {loose:?}");
            let checkouts = workflow.matches("actions/checkout@").count();
            assert_eq!(workflow.matches("persist-credentials: false").count(), checkouts, "{file}");
        }
    }

    #[test]
    fn an_unknown_gate_is_named() {
        let error = run(root(), Some("denied"), &Report::default()).unwrap_err().to_string();
        assert!(error.starts_with("unknown gate \"denied\", expected one of advisories, deny, features,"), "{error}");
    }
}
