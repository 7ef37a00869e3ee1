//! What a dependency on the published crates brings along.

use std::collections::BTreeSet;
use std::process::Command;

/// Names and versions in the tree of a package.
fn tree(args: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fixed = ["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package"];
    let output = Command::new(cargo).args(fixed).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

fn has(tree: &BTreeSet<String>, name: &str) -> bool {
    tree.iter().any(|line| line.starts_with(&format!("{name} ")))
}

#[test]
fn types_alone_are_light() {
    let tree = tree(&["partner-ingestion-sdk", "--no-default-features"]);
    assert!(tree.len() <= 20, "{} packages: {tree:?}", tree.len());
    for absent in ["tokio", "reqwest", "partner-auth"] {
        assert!(!has(&tree, absent), "{absent}");
    }
}

#[test]
fn the_default_tree_has_one_reqwest_and_no_openssl() {
    let tree = tree(&["partner-ingestion-sdk"]);
    assert!(tree.len() <= 130, "{} packages: {tree:?}", tree.len());
    assert_eq!(tree.iter().filter(|line| line.starts_with("reqwest ")).collect::<Vec<_>>().len(), 1);
    assert!(tree.iter().any(|line| line.starts_with("reqwest v0.13.")));
    for absent in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!has(&tree, absent), "{absent}");
    }
}

#[test]
fn the_trait_alone_has_neither_exchange_nor_client() {
    let tree = tree(&["partner-auth", "--no-default-features"]);
    assert!(!has(&tree, "oauth2") && !has(&tree, "reqwest") && tree.len() <= 8, "{tree:?}");
}

#[test]
fn without_auth_the_client_has_no_exchange() {
    let tree = tree(&["partner-ingestion-sdk", "--no-default-features", "--features", "client,rustls"]);
    assert!(!has(&tree, "oauth2") && has(&tree, "reqwest"));
}

#[test]
fn json_features_that_break_flattened_decoding_are_off() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["tree", "--locked", "--workspace", "--edges", "features", "--invert", "serde_json"];
    let output = Command::new(cargo).args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("float_roundtrip") && text.contains("raw_value"));
    assert!(!text.contains("preserve_order") && !text.contains("arbitrary_precision"));
}
