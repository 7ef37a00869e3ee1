//! Programs of this workspace that tests start.

use std::path::PathBuf;
use std::process::Command;

/// Builds a package's programs in the profile of the test that runs, by the cargo that runs it; the folder that they are in.
pub fn build(args: &[&str]) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap().to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(other) => other,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // `cargo xtask ci` sets it to measure tests, and a build with it would build everything anew.
    build.args(["build", "--quiet", "--profile", profile]).args(args).env_remove("RUSTC_BOOTSTRAP");
    assert!(build.status().unwrap().success());
    folder
}
