//! Runs the examples and checks output and exit codes. Without `--live` they never reach the real service.

use partner_tests::process::build;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// The folder of the built examples.
static EXAMPLES: LazyLock<PathBuf> =
    LazyLock::new(|| build(&["--package", "partner-ingestion-sdk", "--examples"]).join("examples"));

fn run(example: &str, args: &[&str]) -> Output {
    let mut command = Command::new(EXAMPLES.join(example));
    // Without `--live`, an account in the environment is ignored.
    command.env("AZURE_TENANT_ID", "real.example");
    command.env("AZURE_CLIENT_ID", "11111111-0000-0000-0000-000000000000");
    command.env("AZURE_CLIENT_SECRET", "real");
    command.env("PARTNER_INGESTION_URL", "https://api.partner.microsoft.com/v1.0/ingestion");
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn publish_offer_publishes() {
    let output = run("publish_offer", &["--offer", "fabrikam"]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(err.contains("Uses a sandbox in this process."), "{err}");
    assert!(out.contains("fabrikam (AzureApplication): fabrikam: submission 1") && out.contains("(live)"), "{out}");
    assert!(!err.contains('\r') && !err.contains('\x1b'), "no progress bar without a terminal");
}

#[test]
fn publish_offer_prints_why_it_failed() {
    let dir = std::env::temp_dir().join(format!("partner-tests-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let bad = dir.join("bad.zip");
    for (content, expected, hint) in [
        ("PK no template", "bad.zip is not a zip archive", "publish again"),
        ("not a zip", "not a zip archive", "upload it again"),
    ] {
        std::fs::write(&bad, content).unwrap();
        let output = run("publish_offer", &["--package", bad.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        let err = text(&output.stderr);
        assert!(err.contains(expected) && err.contains(hint), "{err}");
    }
    let output = run("publish_offer", &["--package", "/nowhere.zip"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/nowhere.zip cannot be read"));
    std::fs::remove_dir_all(dir).unwrap();
}

/// Checks the output of every example: normal, with `--dry-run`, with `--help` and with an unknown option.
#[test]
fn every_example_runs_without_an_account() {
    let table = [
        ("list_offers", "contoso-db", "contoso-db"),
        ("update_listing", "after:  Now faster", "before: (none)"),
        ("upload_package", "is processed and assigned to the plan", "app.zip for contoso-app"),
        ("publish_offer", "(live)", "Listing"),
        ("many_offers", "  failed", "Listing"),
    ];
    for (example, done, planned) in table {
        let output = run(example, &[]);
        let out = text(&output.stdout);
        // One of the offers of `many_offers` fails.
        let code = if example == "many_offers" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{example}: {}", text(&output.stderr));
        assert!(out.contains(done), "{example}: {out}");
        let dry = run(example, &["--dry-run"]);
        assert!(text(&dry.stdout).contains(planned), "{example}: {}", text(&dry.stdout));
        let help = run(example, &["--help"]);
        assert!(help.status.success() && text(&help.stdout).contains("Exit codes"), "{example}");
        let wrong = run(example, &["--unknown"]);
        assert_eq!(wrong.status.code(), Some(2), "{example}");
        let wrong = text(&wrong.stderr);
        assert!(wrong.contains("unexpected argument '--unknown'") && wrong.contains("Usage: "), "{example}: {wrong}");
    }
    let output = run("many_offers", &[]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out.matches("in preview").count(), 2, "{out}");
    assert!(err.contains("failed in certification") && err.contains("1 of 3 offers failed"), "{err}");
}

/// The names of OpenTelemetry's conventions, with a retried POST and a call that fails.
#[test]
fn metrics_records_calls_with_the_names_of_the_conventions() {
    let output = run("metrics", &[]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = |metric: &str, operation: &str, status: &str| {
        let rows = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = rows.into_iter().find(|cells| cells.starts_with(&[metric, operation, status]));
        found.unwrap_or_else(|| panic!("{metric} {operation} {status}: {out}"))[3..].join(" ")
    };
    assert!(row("http.client.request.duration", "create_product", "429").starts_with("1 "));
    assert!(row("http.client.request.duration", "create_product", "201").starts_with("1 "));
    assert!(row("http.client.request.duration", "get_product", "200").starts_with("10 "));
    assert!(row("http.client.request.duration", "get_product", "404").starts_with("1 "));
    assert!(row("http.client.request.body.size", "create_product", "201").ends_with(" By"));
    assert!(row("http.client.response.body.size", "get_product", "200").starts_with("10 "));
    let call = row("partner_ingestion.call.duration", "create_product", "201");
    // With the delay that the 429 response asked for.
    assert!(call.starts_with("1 1.") || call.starts_with("1 2."), "{call}");
}

/// A process that starts while others are limited knows the rate from the store.
#[test]
fn shared_rate_lets_later_processes_start_at_the_rate_of_the_first() {
    let refused_later = |args: &[&str]| {
        let output = run("shared_rate", args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let out = text(&output.stdout);
        let rows = out.lines().skip(3).take(2).map(|row| row.split_whitespace().last().unwrap().parse::<usize>());
        rows.map(Result::unwrap).sum::<usize>()
    };
    let (together, alone) = (refused_later(&[]), refused_later(&["--alone"]));
    assert!(together < alone, "{together} calls with a store, {alone} without");
    assert!(run("shared_rate", &["--help"]).status.success());
}

#[test]
fn publish_offer_has_at_most_60_lines() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partner-ingestion-sdk/examples/publish_offer.rs");
    let lines = std::fs::read_to_string(path).unwrap().lines().count();
    assert!(lines <= 60, "{lines} lines");
}

#[test]
fn live_requires_confirmation_at_a_terminal() {
    for example in ["publish_offer", "update_listing", "upload_package", "many_offers"] {
        let output = run(example, &["--live"]);
        assert_eq!(output.status.code(), Some(1));
        let err = text(&output.stderr);
        assert!(err.contains("requires confirmation at a terminal"), "{err}");
    }
}
