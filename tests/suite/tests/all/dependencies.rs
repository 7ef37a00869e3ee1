//! The dependencies of the published crates, and the features that builds of the workspace select.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Runs `cargo tree` with these arguments and returns its output.
fn cargo_tree(args: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["tree", "--locked", "--prefix", "none"]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns names and versions of the dependencies of a package.
fn tree(args: &[&str]) -> BTreeSet<String> {
    let text = cargo_tree(&[&["--edges", "normal", "--package"], args].concat());
    text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

fn has(tree: &BTreeSet<String>, name: &str) -> bool {
    tree.iter().any(|line| line.starts_with(&format!("{name} ")))
}

#[test]
fn types_only_build_has_at_most_20_packages() {
    let tree = tree(&["partner-ingestion-sdk", "--no-default-features"]);
    assert!(tree.len() <= 20, "{} packages: {tree:?}", tree.len());
    for absent in ["tokio", "reqwest", "partner-auth"] {
        assert!(!has(&tree, absent), "{absent}");
    }
}

#[test]
fn default_build_has_one_reqwest_and_no_openssl() {
    let tree = tree(&["partner-ingestion-sdk"]);
    assert!(tree.len() <= 135, "{} packages: {tree:?}", tree.len());
    assert_eq!(tree.iter().filter(|line| line.starts_with("reqwest ")).collect::<Vec<_>>().len(), 1);
    assert!(tree.iter().any(|line| line.starts_with("reqwest v0.13.")));
    for absent in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!has(&tree, absent), "{absent}");
    }
}

#[test]
fn trait_only_build_has_neither_oauth2_nor_reqwest() {
    let tree = tree(&["partner-auth", "--no-default-features"]);
    assert!(!has(&tree, "oauth2") && !has(&tree, "reqwest") && tree.len() <= 8, "{tree:?}");
}

#[test]
fn client_without_auth_has_no_oauth2() {
    let tree = tree(&["partner-ingestion-sdk", "--no-default-features", "--features", "client,rustls"]);
    assert!(!has(&tree, "oauth2") && has(&tree, "reqwest"));
}

/// Returns each package that a selection of members builds, with its feature sets. Cargo builds a package once for each set.
fn features(selection: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let text = cargo_tree(&[&["--no-dedupe", "--format", "{p}|{f}"], selection].concat());
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (package, features) in text.lines().filter_map(|line| line.split_once('|')) {
        let name = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
        found.entry(name).or_default().insert(features.trim_end_matches(" (*)").to_owned());
    }
    found
}

/// Returns the packages that a selection would rebuild after a build of the whole workspace.
fn built_again(workspace: &BTreeMap<String, BTreeSet<String>>, selection: &[&str]) -> Vec<String> {
    let differs = features(selection).into_iter().filter(|(package, sets)| !sets.is_subset(&workspace[package]));
    differs.map(|(package, sets)| format!("{package} with {sets:?} instead of {:?}", workspace[&package])).collect()
}

/// If this fails, add the features to `tests/workspace-hack`.
#[test]
fn every_package_selection_uses_the_same_features() {
    let workspace = features(&["--workspace"]);
    let twice: Vec<_> = workspace.iter().filter(|(_, sets)| sets.len() > 1).collect();
    assert!(twice.is_empty(), "macros and programs need different features: {twice:?}");
    // The tests enable the SDK's feature `yaml`; the SDK alone is built without it, and its dependencies are the same.
    let own =
        |packages: Vec<String>| packages.into_iter().filter(|package| !package.starts_with("partner-ingestion-sdk "));
    for member in ["partner-auth", "partner-ingestion-sdk", "partner-sandbox", "partner-tests", "xtask"] {
        let again: Vec<String> = own(built_again(&workspace, &["--package", member])).collect();
        assert_eq!(again, Vec::<String>::new(), "{member}");
    }
    // The check detects a selection without the tests, which has fewer features.
    let alone = ["--package", "partner-auth", "--edges", "normal,build"];
    assert!(built_again(&workspace, &alone).iter().any(|package| package.starts_with("tokio ")));
}

/// Returns the packages with more than one version.
fn duplicates(packages: &BTreeSet<String>) -> BTreeSet<&str> {
    let names: Vec<&str> = packages.iter().filter_map(|package| package.split(' ').next()).collect();
    names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

#[test]
fn duplicate_packages_have_a_documented_reason() {
    // The oauth2 crate 5.0 is the latest: base64 0.22, sha2 0.10 and thiserror 1 with their own dependencies.
    let oauth2 = [
        "base64",
        "block-buffer",
        "cpufeatures",
        "crypto-common",
        "digest",
        "getrandom",
        "sha2",
        "thiserror",
        "thiserror-impl",
    ];
    // Derives of schemars 0.8 (typify), enumset (roas-overlay), serde_json_path and thiserror 1.
    let derives = ["syn"];
    let known: BTreeSet<&str> = oauth2.into_iter().chain(derives).collect();
    for member in ["partner-ingestion-sdk", "xtask"] {
        let text = cargo_tree(&["--edges", "normal,build", "--package", member]);
        let packages: BTreeSet<String> =
            text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        let found = duplicates(&packages);
        assert!(found.is_subset(&known), "{member}: found {found:?}, known are {known:?}");
    }
    let planted = ["a v1.0.0", "a v2.0.0", "b v1.0.0"].map(str::to_owned).into();
    assert_eq!(duplicates(&planted), BTreeSet::from(["a"]));
}

#[test]
fn serde_json_features_that_break_decoding_are_disabled() {
    let text = cargo_tree(&["--workspace", "--edges", "features", "--invert", "serde_json"]);
    assert!(text.contains("float_roundtrip") && text.contains("raw_value"));
    assert!(!text.contains("preserve_order") && !text.contains("arbitrary_precision"));
}
