//! The maintainer's tools: `cargo xtask --help`.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::report::Report;
use xtask::tasks::{bench, ci, demo, interop, soak, test_times};
use xtask::{diff, generate, update};

/// Tools of the Partner Center Ingestion SDK.
///
/// The SDK is generated from openapi/partner-ingestion.json. What is known to be wrong with that document stands in
/// openapi/overlays/, what things are called in openapi/names.toml.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 something is wrong (it is said what), 2 the arguments are not understood."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Regenerate the SDK from the document.
    ///
    /// Applies the corrections, checks every name, runs progenitor and writes what changed. Nothing is written when
    /// anything is wrong; all problems are listed at once.
    #[command(after_help = "Examples:
  cargo xtask generate                           after a change in openapi/
  cargo xtask generate --check                   in CI: is everything up to date?
  cargo xtask generate --document new.json       from the publisher's own copy
  cargo xtask generate --document new.json --out /tmp/try --allow-broken next-link")]
    Generate {
        /// Compare with the files on disk and change nothing.
        #[arg(long)]
        check: bool,
        /// Generate from this copy of the document instead of the committed one.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        /// Write below this folder instead of the project.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Go on without this correction; may be repeated.
        #[arg(long, value_name = "ID")]
        allow_broken: Vec<String>,
        /// Also write the document that progenitor gets.
        #[arg(long, value_name = "FILE")]
        emit_normalised: Option<PathBuf>,
        /// Also write the document as progenitor would get it without our companions, for the benchmark.
        #[arg(long, value_name = "FILE")]
        emit_plain: Option<PathBuf>,
    },
    /// Say what another document means, on the wire and for users of the crate.
    ///
    /// Compares by what the documents say, not by how they are written: each change with a rule, a place, a direction, and what it
    /// does. OLD and NEW are files, or git revisions of the committed document.
    #[command(after_help = "Examples:
  cargo xtask diff HEAD~1 HEAD                             what the last commit changed
  cargo xtask diff openapi/partner-ingestion.json new.json what a new document brings
  cargo xtask diff HEAD new.json --markdown                the same for a changelog
  cargo xtask diff HEAD new.json --fail-on source          in CI: fail when users' code may break

Exit codes: 0 done, 1 a change is at least as grave as --fail-on says or a document cannot be read.")]
    Diff {
        /// The document before.
        old: String,
        /// The document after.
        new: String,
        /// Print Markdown instead of a screen.
        #[arg(long)]
        markdown: bool,
        /// List also what is words alone and what nobody notices, however many they are.
        #[arg(long)]
        all: bool,
        /// Fail when a change is at least so much for users: source, behaviour, additive, doc, nothing.
        #[arg(long, value_name = "LEVEL")]
        fail_on: Option<String>,
    },
    /// Take a new edition of the document, up to the entry in the changelog.
    ///
    /// Shows what it means, reports every correction as applied, no longer needed or broken, names new operations, keeps what
    /// went as deprecated, regenerates and builds, all in a copy; then writes the document, its pin, the tables, the code and the
    /// changelog. When anything fails, nothing is changed, and it is said what to do.
    #[command(after_help = "Examples:
  cargo xtask update new.json --dry-run                    what it means, and what would be written
  cargo xtask update new.json                              take it, when the project builds with it
  curl -L <address> | cargo xtask update - --verify        take it from elsewhere, when the tests pass too")]
    Update {
        /// The new document: JSON or YAML, OpenAPI 3.0 or Swagger 2.0; `-` is standard input.
        document: PathBuf,
        /// Say what would be done, and write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Run the tests too.
        #[arg(long)]
        verify: bool,
    },
    /// Run a benchmark and print a table of ratios.
    ///
    /// `build` measures the project itself at two revisions; the others run beside peers, in a workspace of their own.
    Bench {
        /// Benchmark: `build`, `calls`, `compile`, `crypto`, `decode`, `generate` or `tokens`.
        #[arg(default_value = "decode")]
        name: String,
        /// Revision that `build` compares HEAD with.
        #[arg(long, value_name = "REVISION", default_value = "HEAD~1")]
        against: String,
    },
    /// Check that the generated crate matches the document, then publish an offer to the sandbox.
    Demo,
    /// Run everything that CI runs, in its order.
    ///
    /// Prints the time of each step and the slowest tests.
    Ci {
        /// Run only formatting, lints and the fast tests: under a minute once everything is built.
        #[arg(long)]
        quick: bool,
    },
    /// Test the tokens against a foreign OAuth server, where Node.js is there to run it.
    Interop,
    /// Run the tests of CI at full size, which takes minutes. Prints its figures.
    Soak {
        /// Which one: `types`, `tokens`, `clients`, `runtime`, `documents` or `model`. All of them if not given.
        name: Option<String>,
    },
    /// Run a test program so that it prints how long each test takes. `ci` uses it.
    #[command(hide = true)]
    RunTest {
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let report = Report::default();
    let root = project_root();
    let result = match Cli::parse().command {
        Command::Generate { check, document, out, allow_broken, emit_normalised, emit_plain } => {
            let options = generate::Options { root, document, out, check, allow_broken, emit_normalised, emit_plain };
            generate::run(&options, &report)
        }
        Command::Diff { old, new, markdown, all, fail_on } => {
            let options = diff::Options { old: &old, new: &new, markdown, all, fail_on: fail_on.as_deref() };
            diff::run(&root, &options, &report)
        }
        Command::Update { document, dry_run, verify } => {
            let day = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).date_naive().to_string();
            let proof = if verify { update::Proof::Tested } else { update::Proof::Compiles };
            update::run(&root, &update::Options { document: &document, dry_run, proof, day: &day }, &report)
        }
        Command::Bench { name, against } => bench::run(&root, &name, &against, &report),
        Command::Demo => demo::run(&root, &report),
        Command::Ci { quick } => ci::run(&root, quick, &report),
        Command::RunTest { program, args } => {
            return test_times::run(&program, &args).unwrap_or_else(|error| failed(&report, &error));
        }
        Command::Interop => interop::run(&root, &report),
        Command::Soak { name } => soak::run(&root, name.as_deref(), &report),
    };
    result.map_or_else(|error| failed(&report, &error), |()| ExitCode::SUCCESS)
}

fn failed(report: &Report, error: &anyhow::Error) -> ExitCode {
    report.fail(&format!("{error:#}"));
    ExitCode::FAILURE
}

/// The folder above this crate's, as cargo knows it when it runs us.
fn project_root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    manifest.parent().map(Path::to_path_buf).unwrap_or_default()
}
