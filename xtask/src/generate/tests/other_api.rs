//! Documents of other APIs in separate projects: the generated code compiles with the runtime of the SDK and works.

use super::{Options, compiler, files, run};
use crate::document::pin::sha256;
use crate::report::Report;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SDK: &str = "partner-ingestion-sdk";

/// The parts of the SDK that work for any document. What knows the Ingestion API is below `ingestion`.
const RUNTIME: [&str; 5] = ["client", "client.rs", "error", "http", "model"];

fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other-api")
}

/// A project with this document and nothing else below `openapi/` than its pin and these names.
fn project(document: &str, version: &str, names: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let openapi = root.join("openapi");
    std::fs::create_dir_all(&openapi).unwrap();
    let text = std::fs::read(inputs().join(document)).unwrap();
    let pin = format!(
        "description = \"A test input.\"\nurl = \"https://example.com\"\nretrieved = \"2026-11-30\"\nversion = \"{version}\"\n\
         sha256 = \"{}\"\n",
        sha256(&text)
    );
    std::fs::write(openapi.join("partner-ingestion.json"), text).unwrap();
    std::fs::write(openapi.join("source.toml"), pin).unwrap();
    if !names.is_empty() {
        std::fs::write(openapi.join("names.toml"), names).unwrap();
    }
    let source = inputs().parent().unwrap().join("../..").join(SDK).join("src");
    let sdk = root.join(SDK);
    for part in RUNTIME {
        compiler::copy(&source.join(part), &sdk.join("src").join(part), "ingestion");
    }
    compiler::copy(&inputs().join("src"), &sdk.join("src"), "");
    std::fs::write(sdk.join("Cargo.toml"), format!("[package]\nname = \"{}\"\n", document.replace(".yaml", "-sdk")))
        .unwrap();
    folder
}

fn generate(root: &Path, check: bool) {
    let options = Options { root: root.to_owned(), check, ..Options::default() };
    run(&options, &Report::quiet()).unwrap_or_else(|error| panic!("{error:#}"));
}

fn metering() -> TempDir {
    project("metering.yaml", "2018-08-31", "")
}

fn fulfilment() -> TempDir {
    project("fulfilment.yaml", "v2", "[schemas]\nOperation = \"PendingOperation\"\n")
}

#[test]
fn code_of_other_documents_compiles_and_works() {
    for (name, project) in [("metering", metering()), ("fulfilment", fulfilment())] {
        generate(project.path(), false);
        generate(project.path(), true);
        let program = inputs().join("programs").join(format!("{name}.rs"));
        if let Err(error) = compiler::run_program(project.path(), &["client"], &format!("{name}_sdk"), &program) {
            panic!("{error}");
        }
        for (path, text) in files(project.path()) {
            let path = path.to_string_lossy().into_owned();
            let is_generated = path.contains("/generated/") || path.starts_with("openapi/");
            let foreign = ["Ingestion API", "partner_ingestion_sdk", "offer-manifest", "modify_listing"];
            let found = foreign.iter().find(|word| is_generated && text.contains(*word));
            assert!(found.is_none() && !path.starts_with("tests/"), "{path} has {found:?}");
        }
    }
}
