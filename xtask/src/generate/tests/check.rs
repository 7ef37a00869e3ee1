//! `--check` and `--out`: the files on disk are compared with the document byte by byte.

use super::{Project, files};

const TYPES: &str = "partner-ingestion-sdk/src/generated/types.rs";

#[test]
fn check_passes_without_changing_files() {
    let project = Project::generated();
    let path = project.path(TYPES);
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    project.check().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    // A second run writes nothing.
    project.run(|_| {}).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[test]
fn output_is_deterministic() {
    let project = Project::documented();
    let [first, second] = ["first", "second"].map(|name| {
        let out = project.path(name);
        project.run(|options| options.out = Some(out.clone())).unwrap();
        files(&out)
    });
    assert_eq!(first, second);
    assert_eq!(first.len(), 22);
}

#[test]
fn check_reports_a_changed_byte_with_file_and_command() {
    let project = Project::generated();
    project.replace(TYPES, "pub struct AzureListing {", "pub struct AzureListinG {");
    let error = project.check().unwrap_err();
    assert!(error.contains(TYPES) && error.contains("cargo xtask generate"), "{error}");
    assert!(error.contains("-pub struct AzureListinG {") && error.contains("+pub struct AzureListing {"), "{error}");
}

#[test]
fn check_reports_missing_and_extra_files() {
    let project = Project::generated();
    std::fs::remove_file(project.path("openapi/CORRECTIONS.md")).unwrap();
    project.write("partner-ingestion-sdk/src/generated/old.rs", "");
    let error = project.check().unwrap_err();
    assert!(error.contains("missing: openapi/CORRECTIONS.md"), "{error}");
    assert!(error.contains("extra:   partner-ingestion-sdk/src/generated/old.rs"), "{error}");
    project.run(|_| {}).unwrap();
    assert!(!project.path("partner-ingestion-sdk/src/generated/old.rs").exists());
    project.check().unwrap();
}

#[test]
fn check_accepts_crlf_line_endings() {
    let project = Project::generated();
    project.write(TYPES, project.read(TYPES).replace('\n', "\r\n"));
    project.check().unwrap();
}

#[test]
fn edited_document_is_rejected_with_both_digests() {
    let project = Project::generated();
    project.replace("openapi/partner-ingestion.json", "Bad Request", "Bad request");
    let error = project.check().unwrap_err();
    let pinned = project.read("openapi/source.toml").lines().last().unwrap().to_owned();
    let pinned = pinned.trim_start_matches("sha256 = \"").trim_end_matches('"').to_owned();
    assert!(error.contains(&pinned) && error.matches("sha256").count() >= 1, "{error}");
    assert!(error.contains("openapi/overlays/"), "{error}");
}
