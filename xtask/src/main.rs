//! The maintainer's tools: `cargo xtask --help`.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::document::month::Age;
use xtask::report::Report;
use xtask::tasks::{bench, ci, demo, gates, interop, soak, test_times};
use xtask::{diff, generate, update};

/// Tools of the Partner Center Ingestion SDK.
///
/// The SDK is generated from openapi/partner-ingestion.json. Corrections of that document are in openapi/overlays/, reviewed
/// names in openapi/names.toml, and what an offer needs in openapi/publishing-rules.toml.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
#[command(after_help = "Exit codes: 0 success, 1 failure (the error is printed), 2 invalid arguments.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Regenerate the SDK from the document.
    ///
    /// Applies the corrections, checks every name, runs progenitor and writes the files that changed. Lists all problems at once
    /// and writes nothing if there is one.
    #[command(after_help = "Examples:
  cargo xtask generate                           after a change in openapi/
  cargo xtask generate --check                   in CI: check that the files are up to date
  cargo xtask generate --document new.json       from another copy of the document
  cargo xtask generate --stale 2y                list corrections to confirm again
  cargo xtask generate --document new.json --out /tmp/try --allow-broken next-link")]
    Generate {
        /// Compare with the files on disk without changing them.
        #[arg(long)]
        check: bool,
        /// Generate from this copy of the document instead of the committed one.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        /// Write below this folder instead of the project.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Skip this correction; may be repeated.
        #[arg(long, value_name = "ID")]
        allow_broken: Vec<String>,
        /// List the corrections whose last confirmation is older than that, as `2y` or `18m`, and do nothing else.
        #[arg(long, value_name = "AGE", conflicts_with = "check")]
        stale: Option<Age>,
        /// Also write the document that progenitor reads.
        #[arg(long, value_name = "FILE")]
        emit_normalised: Option<PathBuf>,
        /// Also write the document for plain progenitor, without the generated companions, for the benchmark.
        #[arg(long, value_name = "FILE")]
        emit_plain: Option<PathBuf>,
    },
    /// Compare two versions of the document.
    ///
    /// Compares what is generated from both, with their corrections: methods, types, fields, variants and setters, by their level for
    /// users of the crate. Then compares the interfaces on the wire, with rule, place and direction of each change. OLD and NEW are
    /// files, which the overlays of the project correct, or git revisions.
    #[command(after_help = "Examples:
  cargo xtask diff HEAD~1 HEAD                             what the last commit changed
  cargo xtask diff openapi/partner-ingestion.json new.json what a new document changes
  cargo xtask diff HEAD new.json --markdown                the same for a changelog
  cargo xtask diff HEAD new.json --fail-on source          in CI: fail if users' code may break

Exit codes: 0 success, 1 a change has at least the level of --fail-on, or a document cannot be read.")]
    Diff {
        /// The old document.
        old: String,
        /// The new document.
        new: String,
        /// Print Markdown.
        #[arg(long)]
        markdown: bool,
        /// List every change without consequences instead of counting them.
        #[arg(long)]
        all: bool,
        /// Fail if a change for users has at least this level: source, behaviour, additive or doc.
        #[arg(long, value_name = "LEVEL")]
        fail_on: Option<String>,
    },
    /// Update to a new version of the document.
    ///
    /// Prints the changes, reports each correction as applied, no longer needed or broken, names new operations, keeps removed items
    /// as deprecated, regenerates and builds, all in a copy. Then writes the document, its pin, the tables, the code and the changelog
    /// entry. If a step fails, the project is left unchanged.
    #[command(after_help = "Examples:
  cargo xtask update new.json --dry-run                    print the changes and the files to write
  cargo xtask update new.json                              update if the project builds
  curl -L <address> | cargo xtask update - --verify        update from standard input if the tests pass, too")]
    Update {
        /// The new document: JSON or YAML, OpenAPI 3.0 to 3.2 or Swagger 2.0; `-` is standard input.
        document: PathBuf,
        /// Generate the code below target/ and list all files that would change, without changing them.
        #[arg(long)]
        dry_run: bool,
        /// Remove this correction if it no longer applies; may be repeated.
        #[arg(long, value_name = "ID")]
        allow_broken: Vec<String>,
        /// Also run the tests.
        #[arg(long)]
        verify: bool,
    },
    /// Run a benchmark and print a table of ratios.
    ///
    /// `build` measures the project at two revisions. The others compare with peers and are in a separate workspace.
    Bench {
        /// Benchmark: `build`, `calls`, `compile`, `crypto`, `decode`, `generate`, `offers`, `sandbox` or `tokens`.
        #[arg(default_value = "decode")]
        name: String,
        /// Revision that `build` compares HEAD with.
        #[arg(long, value_name = "REVISION", default_value = "HEAD~1")]
        against: String,
    },
    /// Check that the generated crate matches the document, then publish an offer to the sandbox.
    Demo,
    /// Run everything that CI runs, in the same order.
    ///
    /// Prints the time of each step and the slowest tests.
    Ci {
        /// Run only formatting, lints and the fast tests: under a minute once everything is built.
        #[arg(long)]
        quick: bool,
    },
    /// Run the checks of the hosted workflow that need another tool or toolchain.
    ///
    /// Installs the tools at fixed versions in target/tools, and toolchains and targets with rustup. Runs all gates, and fails if one did.
    #[command(after_help = "Examples:
  cargo xtask gates              all gates; the first run takes about 15 minutes
  cargo xtask gates deny         licences, sources, versions and features of dependencies")]
    Gates {
        /// Gate: `advisories`, `deny`, `features`, `minimal-versions`, `minimum-rust`, `release`, `semver`, `wasm` or `workflows`.
        name: Option<String>,
    },
    /// Test with other people's programs: sign-in at an OAuth server, clients of the service on the sandbox, tests in other languages,
    /// the page of the sandbox in a browser, and the tools document with a validator, a generator and a mock.
    ///
    /// The OAuth server is the npm package `oidc-provider` and requires Node.js. The clients are the PyPI packages
    /// `az-partner-center-cli` and `azure-storage-blob` and require Python 3.10; they are installed in target/interop. The clients are not
    /// modified: their connections to Entra ID and the API are redirected to the sandbox (tests/interop/redirect/sitecustomize.py), and
    /// connections to other hosts fail. The browser is Chromium of this system, or that in BROWSER; the npm package `playwright-core`
    /// drives it, and writes pictures to target/interop/pictures.
    ///
    /// The PyPI packages `openapi-spec-validator` and `openapi-generator-cli` (which requires Java) and the npm package
    /// `@stoplight/prism-cli` read openapi/partner-ingestion.tools.json. The generated Python client brings an offer live on the sandbox.
    Interop {
        /// Part of the name of a test: `oauth`, `clients`, `languages`, `page`, `validator`, `generated` or `mock`. Default: all.
        name: Option<String>,
    },
    /// Run the tests of CI at full size, which takes minutes.
    Soak {
        /// Soak test: `types`, `tokens`, `clients`, `crashes`, `offers`, `limits`, `runtime`, `workflows`, `documents`, `editions` or `model`. Default: all.
        name: Option<String>,
    },
    /// Run a test program and print the time of each test; used by `ci`.
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
        Command::Generate { check, document, out, allow_broken, stale, emit_normalised, emit_plain } => {
            let stale = stale.zip(day().get(..7).and_then(|month| month.parse().ok())).map(|(age, month)| (month, age));
            let options =
                generate::Options { root, document, out, check, allow_broken, stale, emit_normalised, emit_plain };
            generate::run(&options, &report)
        }
        Command::Diff { old, new, markdown, all, fail_on } => {
            let options = diff::Options { old: &old, new: &new, markdown, all, fail_on: fail_on.as_deref() };
            diff::run(&root, &options, &report)
        }
        Command::Update { document, dry_run, allow_broken, verify } => {
            let day = day();
            let proof = if verify { update::Proof::Tested } else { update::Proof::Compiles };
            update::run(
                &root,
                &update::Options { document: &document, dry_run, allow_broken: &allow_broken, proof, day: &day },
                &report,
            )
        }
        Command::Bench { name, against } => bench::run(&root, &name, &against, &report),
        Command::Demo => demo::run(&root, &report),
        Command::Ci { quick } => ci::run(&root, quick, &report),
        Command::RunTest { program, args } => {
            return test_times::run(&program, &args).unwrap_or_else(|error| failed(&report, &error));
        }
        Command::Gates { name } => gates::run(&root, name.as_deref(), &report),
        Command::Interop { name } => interop::run(&root, name.as_deref(), &report),
        Command::Soak { name } => soak::run(&root, name.as_deref(), &report),
    };
    result.map_or_else(|error| failed(&report, &error), |()| ExitCode::SUCCESS)
}

/// Returns today's date, as `2025-04-01`.
fn day() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).date_naive().to_string()
}

fn failed(report: &Report, error: &anyhow::Error) -> ExitCode {
    report.fail(&format!("{error:#}"));
    ExitCode::FAILURE
}

/// Returns the parent of this crate's folder, which cargo sets at run time.
fn project_root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    manifest.parent().map(Path::to_path_buf).unwrap_or_default()
}
