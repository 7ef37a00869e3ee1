//! Checks that the published crates can be packaged and that they compile from their packages.
//!
//! `cargo package` compiles each package with all its dependencies in its own folder, which takes minutes. Here the packages are
//! unpacked into a workspace that uses the target folder, the lock file and the profiles of this one, so that compiled
//! dependencies are reused.

use crate::process::{cargo, target};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The published crates.
const PUBLISHED: [&str; 3] = ["partner-auth", "partner-ingestion-sdk", "partner-sandbox"];

/// Packages the published crates and checks each of them alone.
pub fn run(root: &Path, report: &Report) -> Result<()> {
    report.step("ci", "package: cargo package --no-verify, then cargo check of the unpacked packages");
    let mut args = vec!["package", "--allow-dirty", "--no-verify", "--quiet"];
    args.extend(PUBLISHED.iter().flat_map(|name| ["-p", name]));
    cargo(root, &args, &[]).context("packaging failed")?;
    let target = target(root);
    let unpacked = unpack(root, &target)?;
    check(&unpacked, &target)
}

/// Unpacks the packages into a workspace and returns its folder.
fn unpack(root: &Path, target: &Path) -> Result<PathBuf> {
    let manifest: toml_edit::DocumentMut = std::fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let version = manifest["workspace"]["package"]["version"].as_str().context("the workspace has no version")?;
    let folder = target.join("packages");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    for name in PUBLISHED {
        let package = target.join("package").join(format!("{name}-{version}.crate"));
        let status = Command::new("tar").arg("-xzf").arg(&package).arg("-C").arg(&folder).status();
        ensure!(status.context("cannot start tar")?.success(), "cannot unpack {}", package.display());
    }
    std::fs::write(folder.join("Cargo.toml"), workspace(&manifest, version))?;
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

/// Returns the manifest of a workspace of the unpacked packages, which depend on each other and not on published versions.
fn workspace(manifest: &toml_edit::DocumentMut, version: &str) -> String {
    let members = PUBLISHED.map(|name| format!("\"{name}-{version}\""));
    let patches = PUBLISHED.map(|name| format!("{name} = {{ path = \"{name}-{version}\" }}\n"));
    let mut profiles = toml_edit::DocumentMut::new();
    profiles["profile"] = manifest["profile"].clone();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{}\n{profiles}",
        members.join(", "),
        patches.concat()
    )
}

/// Checks each package with its default features.
fn check(folder: &Path, target: &Path) -> Result<()> {
    let target = target.to_str().context("the path of the target folder is not UTF-8")?;
    for name in PUBLISHED {
        cargo(folder, &["check", "--quiet", "--target-dir", target, "-p", name], &[])
            .with_context(|| format!("the package of {name} does not compile"))?;
    }
    Ok(())
}
