//! Whatever prose a publisher writes, the generated crate's documentation builds without a warning.

use super::Project;
use super::document::dress;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies a folder without what was built in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && name != "target" && name != ".git" {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn planted_prose_gives_documentation_without_warnings() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let project = Project::new();
    // Our own descriptions would take the place of the publisher's.
    std::fs::remove_file(project.path("openapi/overlays/docs.overlay.yaml")).unwrap();
    let mut document = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    dress(&mut document, "");
    let generated = project.other_document(document.to_string()).unwrap();
    let planted = generated.iter().filter(|(_, text)| text.contains("Returns \\<b\\>all")).count();
    assert!(planted >= 3, "{planted} files hold the planted prose");

    for (path, text) in generated.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "rs")) {
        let tests = doctests(text);
        assert!(tests.is_empty(), "{} would be tested as code: {tests:?}", path.display());
    }

    let copied = project.path("copy");
    copy(&root, &copied);
    for (path, text) in &generated {
        std::fs::write(copied.join(path), text).unwrap();
    }
    // A folder that stays, so that the dependencies are built once.
    let target = root.join("target/planted");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "doc",
        "--no-deps",
        "--package",
        "partner-ingestion-sdk",
        "--no-default-features",
        "--features",
        "client",
    ]);
    command.env("CARGO_TARGET_DIR", &target).env("RUSTDOCFLAGS", "--deny warnings").current_dir(&copied);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Lines of documentation that rustdoc would take for the start of a test: a fence without `text`, or four spaces.
fn doctests(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in code.lines() {
        let Some(text) = line.trim_start().strip_prefix("///") else {
            fenced = false;
            continue;
        };
        let text = text.strip_prefix(' ').unwrap_or(text);
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
            if fenced && text.trim() != "```text" {
                found.push(line);
            }
        } else if !fenced && text.starts_with("    ") {
            found.push(line);
        }
    }
    found
}

#[test]
fn the_scan_for_tests_finds_them() {
    assert_eq!(doctests("/// ```\n/// x\n/// ```\n").len(), 1);
    assert_eq!(doctests("/// ```json\n/// ```\n///     indented\n").len(), 2);
    assert!(doctests("/// ```text\n///     x\n/// ```\n/// plain\n").is_empty());
}
