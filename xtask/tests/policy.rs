//! Verifies claims of the project: the minimum Rust version, the commands in pages and workflows, and the changelogs.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the major and the minor version number.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap_or_default())
}

fn minimum_rust() -> String {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    manifest["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned()
}

/// Returns the packages of `cargo metadata` that need a newer Rust.
fn newer(metadata: &Value, minimum: (u32, u32)) -> Vec<&str> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    let newer =
        packages.filter(|package| package["rust_version"].as_str().is_some_and(|needs| version(needs) > minimum));
    newer.filter_map(|package| package["name"].as_str()).collect()
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["metadata", "--format-version", "1", "--locked"];
    let output = Command::new(cargo).args(args).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(metadata["packages"].as_array().unwrap().len() > 100);
    assert_eq!(newer(&metadata, version(&minimum_rust())), Vec::<&str>::new());
    // The check detects newer packages.
    let (major, minor) = version(&minimum_rust());
    assert!(!newer(&metadata, (major, minor - 1)).is_empty());
}

#[test]
fn the_workflow_checks_with_the_minimum_rust() {
    let workflow = read(".github/workflows/ci.yml");
    assert!(workflow.contains("cargo xtask gates minimum-rust\n"));
    for file in [".github/workflows/ci.yml", ".github/workflows/update.yml"] {
        let parsed: Value = serde_saphyr::from_str(&read(file)).unwrap();
        let jobs = parsed["jobs"].as_object().unwrap();
        assert!(jobs.values().all(|job| job["steps"].as_array().is_some_and(|steps| !steps.is_empty())), "{file}");
    }
}

/// Every `cargo xtask` command in the pages and workflows exists, with its options.
#[test]
fn commands_in_pages_and_workflows_exist() {
    let help = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).arg("--help").output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let pages = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "partner-ingestion-sdk/README.md",
        "tests/sandbox/README.md",
        ".github/workflows/ci.yml",
        ".github/workflows/update.yml",
    ];
    let mut commands = BTreeSet::new();
    for page in pages {
        let text = read(page);
        for (at, _) in text.match_indices("cargo xtask ") {
            let rest = &text[at + "cargo xtask ".len()..];
            let command: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            let flags = rest.lines().next().unwrap_or_default().split('`').next().unwrap_or_default();
            let flags = flags.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
            commands
                .extend(flags.map(|flag| (page, command.clone(), flag.trim_end_matches(['.', ',', ')']).to_owned())));
            if !command.is_empty() {
                commands.insert((page, command, String::new()));
            }
        }
    }
    assert!(commands.len() > 10, "{commands:?}");
    for (page, command, flag) in commands {
        let args: Vec<&str> = [command.as_str()].into_iter().filter(|command| !command.is_empty()).collect();
        let (known, help) = help(&args);
        assert!(known && help.contains(&flag), "{page}: cargo xtask {command} {flag}");
    }
}

#[test]
fn changelogs_name_the_committed_document() {
    let pin: toml::Table = read("openapi/source.toml").parse().unwrap();
    let (day, digest) = (pin["retrieved"].as_str().unwrap(), pin["sha256"].as_str().unwrap());
    let changelog = read("partner-ingestion-sdk/CHANGELOG.md");
    assert!(changelog.contains(&format!("### The document of {day}\n\nsha256 `{digest}`")), "{day}, {digest}");
    for page in ["partner-ingestion-sdk/CHANGELOG.md", "partner-auth/CHANGELOG.md", "tests/sandbox/CHANGELOG.md"] {
        assert!(read(page).contains("\n## Unreleased\n"), "{page}");
    }
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    assert!(deny["licenses"]["allow"].as_array().unwrap().len() > 5 && deny.contains_key("advisories"));
}

/// Lines of Rust samples that only rustdoc hides: GitHub and crates.io show them.
fn hidden_lines(page: &str) -> Vec<&str> {
    let mut language = None;
    let mut found = Vec::new();
    for line in page.lines() {
        let text = line.trim_start();
        match (language, text.strip_prefix("```")) {
            (None, Some(info)) => language = Some(info),
            (Some(_), Some(_)) => language = None,
            (Some(info), None) if info.is_empty() || info.starts_with("rust") || info.contains("no_run") => {
                found.extend(Some(line).filter(|_| text == "#" || text.starts_with("# ")));
            }
            _ => {}
        }
    }
    found
}

/// Links such as [`Error`] without an address: only rustdoc resolves them.
fn links_without_address(page: &str) -> Vec<&str> {
    let names = page.match_indices("[`").filter_map(|(at, _)| {
        let (name, rest) = page[at..].split_once("`]")?;
        (!rest.starts_with(['(', '[', ':'])).then_some(name)
    });
    names.filter(|name| !page.contains(&format!("\n{name}`]: https://"))).collect()
}

#[test]
fn pages_on_github_show_what_rustdoc_shows() {
    let pages = [
        "README.md",
        "partner-auth/GUIDE.md",
        "partner-auth/README.md",
        "partner-ingestion-sdk/README.md",
        "tests/sandbox/README.md",
    ];
    for page in pages {
        let text = read(page);
        assert_eq!(hidden_lines(&text), Vec::<&str>::new(), "{page}");
        // The guide is a page of the documentation; its links are checked by rustdoc.
        let links = if page.ends_with("GUIDE.md") { Vec::new() } else { links_without_address(&text) };
        assert_eq!(links, Vec::<&str>::new(), "{page}");
        assert!(text.contains("```rust"), "{page} has samples with a language");
    }
    let planted =
        "# Title\n```\n# hidden\nlet x;\n```\n```rust,no_run\n#\n#[tokio::main]\n```\n```yaml\n# a comment\n```\n";
    assert_eq!(hidden_lines(planted), ["# hidden", "#"]);
    assert_eq!(links_without_address("[`A`], [`B`](b.md), [`C`]\n[`C`]: https://c\n"), ["[`A"]);
}
