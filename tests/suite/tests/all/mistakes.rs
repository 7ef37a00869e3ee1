//! Mistakes of new users, and what the compiler says. Each file in `mistakes/` lists the texts after `//! >`.

use partner_tests::process::build;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/mistakes");

/// The newest build of the SDK, and the folder of its dependencies.
fn sdk() -> (PathBuf, PathBuf) {
    let folder = build(&["--package", "partner-ingestion-sdk"]).join("deps");
    let is_sdk = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libpartner_ingestion_sdk-") && name.ends_with(".rlib")
    };
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_sdk);
    let modified = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    (files.max_by_key(modified).unwrap(), folder)
}

/// Compiles a file as a library that depends on the SDK. Returns what the compiler prints if it fails.
fn compile(sdk: &Path, dependencies: &Path, source: &Path) -> Option<String> {
    let name = source.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("partner-tests-mistakes-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--color", "never", "--out-dir"]);
    rustc.arg(&folder).arg("--extern").arg(format!("partner_ingestion_sdk={}", sdk.display()));
    rustc.arg("-L").arg(format!("dependency={}", dependencies.display())).arg(source);
    let output = rustc.output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_first_error_of_each_mistake_leads_on() {
    let (sdk, dependencies) = sdk();
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//! > ")).collect();
        assert!(!expected.is_empty(), "{}", file.display());
        // Some versions of the compiler print the paths of types.
        let Some(printed) =
            compile(&sdk, &dependencies, &file).map(|text| text.replace("partner_ingestion_sdk::types::", ""))
        else {
            wrong.push(format!("{} compiles", file.display()));
            continue;
        };
        // A second error would mean that the file has another mistake.
        let errors = printed.matches("error[").count() + printed.matches("error: ").count();
        let missing = expected.into_iter().filter(|text| !printed.contains(text)).collect::<Vec<_>>();
        if !missing.is_empty() || errors > 2 {
            wrong.push(format!("{}: {missing:?} not in\n{printed}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same check must not pass for every file.
#[test]
fn a_file_without_a_mistake_compiles() {
    let (sdk, dependencies) = sdk();
    let file = std::env::temp_dir().join(format!("partner-tests-no-mistake-{}.rs", std::process::id()));
    let text = "pub fn price() -> partner_ingestion_sdk::types::Price { partner_ingestion_sdk::types::Price::new(\"USD\", 9) }";
    std::fs::write(&file, text).unwrap();
    let printed = compile(&sdk, &dependencies, &file);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(printed, None);
}
