//! The examples as a person runs them: output, exit codes, and no way to the real service by accident.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// Where cargo put the examples; built once, by the cargo that runs the tests.
static EXAMPLES: LazyLock<PathBuf> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["build", "--quiet", "--package", "partner-ingestion-sdk", "--examples"];
    assert!(Command::new(cargo).args(args).status().unwrap().success());
    let binary = std::env::current_exe().unwrap();
    binary.parent().unwrap().parent().unwrap().join("examples")
});

fn run(example: &str, args: &[&str]) -> Output {
    let mut command = Command::new(EXAMPLES.join(example));
    // An account in the environment must not matter without `--live`.
    command.env("AZURE_TENANT_ID", "real.example");
    command.env("AZURE_CLIENT_ID", "11111111-0000-0000-0000-000000000000");
    command.env("AZURE_CLIENT_SECRET", "real");
    command.env(
        "PARTNER_INGESTION_URL",
        "https://api.partner.microsoft.com/v1.0/ingestion",
    );
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
    assert!(
        err.contains("publishing fabrikam to a sandbox in this process"),
        "{err}"
    );
    assert!(
        out.contains("live") && out.contains("InStore") && out.contains("request id"),
        "{out}"
    );
    assert!(
        !err.contains('\r') && !err.contains('\x1b'),
        "no progress line where there is no terminal"
    );
}

#[test]
fn publish_offer_fails_with_the_reason() {
    let dir = std::env::temp_dir().join(format!("partner-tests-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let bad = dir.join("bad.zip");
    for (content, expected) in [
        ("PK no template", "failed in certification"),
        ("not a zip", "not a zip archive"),
    ] {
        std::fs::write(&bad, content).unwrap();
        let output = run("publish_offer", &["--package", bad.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    let output = run("publish_offer", &["--package", "/nowhere.zip"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot read /nowhere.zip"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn publish_offer_explains_itself() {
    let help = run("publish_offer", &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("--dry-run"));
    let wrong = run("publish_offer", &["--frobnicate"]);
    assert_eq!(wrong.status.code(), Some(2));
    let dry = run("publish_offer", &["--dry-run"]);
    assert_eq!(dry.status.code(), Some(0));
    assert!(
        text(&dry.stdout).contains("create the product"),
        "{}",
        text(&dry.stdout)
    );
}

#[test]
fn live_asks_first_and_needs_a_terminal() {
    let output = run("publish_offer", &["--live"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("asks before it changes anything"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn list_offers_lists() {
    let output = run("list_offers", &[]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(out.contains("contoso-db") && out.contains("AzureApplication"), "{out}");
    assert_eq!(run("list_offers", &["--wrong"]).status.code(), Some(2));
}
