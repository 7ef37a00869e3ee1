//! Builds programs of this workspace for tests that start them.

use std::path::PathBuf;
use std::process::Command;

/// Builds programs in the profile of the running test, and returns their folder.
pub fn build(args: &[&str]) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap().to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(other) => other,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // `cargo xtask ci` sets this variable to measure tests. It would cause a complete rebuild here.
    build.args(["build", "--quiet", "--profile", profile]).args(args).env_remove("RUSTC_BOOTSTRAP");
    assert!(build.status().unwrap().success());
    folder
}
