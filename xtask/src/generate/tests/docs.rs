//! The generated documentation builds without warnings for any descriptions in the document.

use super::document::add_descriptions;
use super::{Project, compiler};

/// Each operation builder has an example of ours, and so has the section on changes.
const OPERATIONS: usize = 78;

#[test]
fn hostile_descriptions_cause_no_rustdoc_warnings() {
    // Without the project's descriptions, which would replace those of the document.
    let project = Project::new();
    let mut document = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    add_descriptions(&mut document, "");
    let generated = project.other_document(document.to_string()).unwrap();
    let planted = generated.iter().filter(|(_, text)| text.contains("Returns \\<b\\>all")).count();
    assert!(planted >= 3, "{planted} files contain the planted descriptions");

    let rust = generated.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "rs"));
    let tests: Vec<&str> = rust.flat_map(|(_, text)| doctests(text)).collect();
    let examples = 1 + OPERATIONS;
    assert!(tests.len() == examples && tests.iter().all(|line| line.trim() == "/// ```no_run"), "{tests:?}");

    let out = project.path("out");
    compiler::copy_sdk(&out);
    // One broken link shows that rustdoc checks everything. It is the only warning.
    project.replace("out/partner-ingestion-sdk/src/generated/types.rs", "/// ", "/// [`Nowhere`] ");
    let warnings = compiler::document_sdk(&out, &["client"]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("unresolved link to `Nowhere`"), "{warnings:?}");
}

/// Returns the documentation lines that rustdoc would parse as the start of a test: a fence without `text`, or four spaces.
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
fn doctest_scan_finds_code_blocks() {
    assert_eq!(doctests("/// ```\n/// x\n/// ```\n").len(), 1);
    assert_eq!(doctests("/// ```json\n/// ```\n///     indented\n").len(), 2);
    assert!(doctests("/// ```text\n///     x\n/// ```\n/// plain\n").is_empty());
}
