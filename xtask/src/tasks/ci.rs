//! `cargo xtask ci`: what CI runs, in order, with the time of each step and the slowest tests.

use super::{interop, package, test_times};
use crate::generate::{self, Options};
use crate::process::{cargo, cargo_lines};
use crate::report::Report;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// Number of tests in the summary.
const SLOWEST: usize = 10;

/// Tests of the suite and of xtask that take seconds, because they start programs, compile crates or wait. `--quick` skips them.
const SLOW: [&str; 25] = [
    "compiled::",
    "concurrency::",
    "dependencies::",
    "ensure_creates_once",
    "example_offer::",
    "examples::",
    "fault_table::",
    "history::",
    "hostile_descriptions",
    "manifest::",
    "mistakes::",
    "mutation::",
    "no_secret_is_logged",
    "other_api::",
    "proven::",
    "publish::",
    "publish_robust::",
    "rules::",
    "sandbox::",
    "sandbox_product::",
    "sandbox_program::",
    "simulation::",
    "update::",
    "uploads::",
    "users::",
];

/// A command that must succeed.
struct Step {
    name: &'static str,
    args: Vec<&'static str>,
    env: Vec<(&'static str, &'static str)>,
}

impl Step {
    /// Creates a step from the arguments of cargo, separated by spaces.
    fn cargo(name: &'static str, args: &'static str) -> Self {
        Self { name, args: args.split(' ').collect(), env: Vec::new() }
    }

    /// Creates a step of lints. Warnings are errors.
    fn clippy(name: &'static str, args: &'static str) -> Self {
        let mut step = Self::cargo(name, "clippy");
        step.args.extend(args.split(' '));
        step.args.extend(["--quiet", "--", "--deny", "warnings"]);
        step
    }

    fn doc(name: &'static str, args: &'static str) -> Self {
        let mut step = Self::cargo(name, "doc --no-deps --quiet");
        step.args.extend(args.split(' '));
        step.with("RUSTDOCFLAGS", "--deny warnings")
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    fn is_test(&self) -> bool {
        self.args[0] == "test"
    }
}

/// The steps of `--quick`. They build nothing that the tests do not need.
fn quick_steps() -> Vec<Step> {
    let mut tests = Step::cargo("fast tests", "test --workspace --lib --tests --");
    tests.args.extend(SLOW.iter().flat_map(|name| ["--skip", name]));
    vec![Step::cargo("formatting", "fmt --all --check"), Step::clippy("lints", "--workspace --all-targets"), tests]
}

fn steps() -> Vec<Step> {
    let types = "test -p partner-tests --features preserve-order --test all -- types:: round_trip:: decode_errors::";
    let model = "test -p partner-auth --lib --features shuttle -- model::";
    vec![
        Step::cargo("formatting", "fmt --all --check"),
        Step::clippy("lints", "--workspace --all-targets"),
        // The command of the README.
        Step::cargo("tests", "test --workspace"),
        Step::cargo("with preserve_order", types),
        Step::doc("docs", "--workspace"),
        // One package at a time, without the features that other members of the workspace enable.
        Step::clippy("SDK alone", "-p partner-ingestion-sdk"),
        Step::clippy("types only", "-p partner-ingestion-sdk --no-default-features"),
        Step::doc("types only, docs", "-p partner-ingestion-sdk --no-default-features"),
        Step::clippy("SDK without sign-in", "-p partner-ingestion-sdk --no-default-features --features client,rustls"),
        Step::clippy(
            "SDK without certificates",
            "-p partner-ingestion-sdk --no-default-features --features auth,rustls",
        ),
        Step::clippy("auth, trait only", "-p partner-auth --no-default-features"),
        Step::clippy("auth, each feature", "-p partner-auth --all-targets --features azure,testing"),
        Step::cargo("auth, each feature", "test -p partner-auth --features azure,testing"),
        Step::doc("auth, docs", "-p partner-auth --features azure,testing"),
        Step::cargo("auth, example", "run --quiet -p partner-auth --features testing --example signin"),
        Step::cargo("model of the token cache", model),
    ]
}

/// Runs all steps, or only the quick ones.
pub fn run(root: &Path, quick: bool, report: &Report) -> Result<()> {
    let mut log = Log { start: Instant::now(), times: Vec::new(), tests: Vec::new(), report };
    log.timed("generated files", |_| {
        generate::run(&Options { root: root.to_owned(), check: true, ..Options::default() }, report)
    })?;
    let steps = if quick { quick_steps() } else { steps() };
    for (at, step) in steps.iter().enumerate() {
        let args = step.args.join(" ");
        report.step("ci", &format!("[{}/{}] {}: cargo {args}", at + 1, steps.len(), step.name));
        log.timed(step.name, |tests| {
            let run = match step.is_test() {
                true => test(root, step, tests),
                false => cargo(root, &step.args, &step.env),
            };
            run.with_context(|| format!("{} failed", step.name))
        })?;
    }
    if !quick {
        log.timed("interoperability", |_| interop::run_if_possible(root, report))?;
        log.timed("packaging", |_| package::run(root, report))?;
    }
    log.summary();
    Ok(())
}

/// Runs tests and records the time of each.
fn test(root: &Path, step: &Step, tests: &mut Vec<(String, Duration)>) -> Result<()> {
    let runner = test_times::runner();
    let runner = runner.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let env: Vec<(&str, &str)> = step.env.iter().copied().chain(runner).collect();
    cargo_lines(root, &step.args, &env, |line| {
        tests.extend(test_times::parse(line));
        println(line);
    })
}

#[allow(clippy::print_stdout, reason = "the output of tests is forwarded")]
fn println(line: &str) {
    println!("{line}");
}

struct Log<'r> {
    start: Instant,
    times: Vec<(&'static str, Duration)>,
    tests: Vec<(String, Duration)>,
    report: &'r Report,
}

impl Log<'_> {
    fn timed(
        &mut self,
        name: &'static str,
        step: impl FnOnce(&mut Vec<(String, Duration)>) -> Result<()>,
    ) -> Result<()> {
        let start = Instant::now();
        let outcome = step(&mut self.tests);
        self.times.push((name, start.elapsed()));
        outcome
    }

    fn summary(&mut self) {
        let width = self.times.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, time) in &self.times {
            self.report.step("ok", &format!("{name:<width$}  {:>6.1} s", time.as_secs_f64()));
        }
        self.tests.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        for (name, time) in self.tests.iter().take(SLOWEST) {
            self.report.step("slow test", &format!("{:>6.1} s  {name}", time.as_secs_f64()));
        }
        self.report.step("ci", &format!("passed in {:.0} s", self.start.elapsed().as_secs_f64()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the Rust sources below a folder as one text.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text.push_str(&sources(&path));
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
        text
    }

    /// Returns true if a filter of the test harness selects a module or a test in these sources.
    fn selects(filter: &str, sources: &str) -> bool {
        match filter.strip_suffix("::") {
            Some(module) => {
                sources.contains(&format!("mod {module};")) || sources.contains(&format!("mod {module} {{"))
            }
            None => sources.contains(&format!("fn {filter}")),
        }
    }

    #[test]
    fn every_filter_of_slow_tests_matches() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let sources = sources(&root.join("tests/suite/tests")) + &sources(&root.join("xtask/src"));
        let stale: Vec<_> = SLOW.iter().filter(|filter| !selects(filter, &sources)).collect();
        assert!(stale.is_empty(), "{stale:?}");
        assert!(!selects("renamed::", &sources) && !selects("renamed_too", "fn other() {}"));
    }
}
