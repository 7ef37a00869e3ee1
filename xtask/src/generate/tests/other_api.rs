//! Documents of other APIs in separate projects: the generated code compiles with the runtime of the SDK and works.

use super::inlined::inline;
use super::{Options, compiler, files, run};
use crate::document::load;
use crate::document::pin::sha256;
use crate::report::Report;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SDK: &str = "partner-ingestion-sdk";

/// The parts of the SDK that work for any document. What knows the Ingestion API is below `ingestion`.
const RUNTIME: [&str; 5] = ["client", "client.rs", "error", "http", "model"];

fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other-api")
}

/// A project with a document of the test inputs.
fn project(document: &str, version: &str, names: &str) -> TempDir {
    project_of(&std::fs::read(inputs().join(document)).unwrap(), document, version, names)
}

/// A project with this document and nothing else below `openapi/` than its pin and these names.
fn project_of(text: &[u8], document: &str, version: &str, names: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let openapi = root.join("openapi");
    std::fs::create_dir_all(&openapi).unwrap();
    let pin = format!(
        "description = \"A test input.\"\nurl = \"https://example.com\"\nretrieved = \"2026-11-30\"\nversion = \"{version}\"\n\
         sha256 = \"{}\"\n",
        sha256(text)
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

/// Without components, names come from the places. Equal objects have one name.
#[test]
fn a_document_without_components_gives_code() {
    let text = std::fs::read_to_string(inputs().join("fulfilment.yaml")).unwrap();
    let document: Value = load::yaml(&text).unwrap();
    let mut inlined = inline(&document, &document, &["/components/"]);
    inlined.as_object_mut().unwrap().remove("components");
    let project = project_of(inlined.to_string().as_bytes(), "fulfilment.yaml", "v2", "");
    generate(project.path(), false);
    let sdk = project.path().join(SDK).join("src/generated");
    let types = std::fs::read_to_string(sdk.join("types.rs")).unwrap();
    let file = syn::parse_file(&types).unwrap();
    let mut structs = BTreeSet::new();
    for item in file.items {
        let syn::Item::Struct(item) = item else { continue };
        let fields: Vec<String> = item.fields.iter().map(|field| field.ident.as_ref().unwrap().to_string()).collect();
        assert!(structs.insert(fields), "{} is a second name for a structure", item.ident);
    }
    // As many as with components: the bodies of two operations are equal.
    assert_eq!(structs.len(), 13, "{types}");
    compiler::check_sdk(project.path(), &["client"]).unwrap_or_else(|error| panic!("{error}"));
}
