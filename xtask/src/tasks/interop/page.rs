//! The page of the sandbox in a browser: Chromium, driven by the npm package `playwright-core`.

use super::oauth;
use crate::process::{Running, cargo, target};
use crate::report::Report;
use anyhow::{Context, Result, bail};
use std::env::consts::EXE_SUFFIX;
use std::fs::File;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names of Chromium on the systems of CI.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// The script and the options of the sandbox.
const SCRIPT: &str = "page.mjs";
const SANDBOX: [&str; 3] = ["--json", "--processing-delay", "100"];

/// Installs the npm packages. The browser is one of the system.
pub(super) fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let folder = oauth::install(root, report)?;
    browser()?;
    Ok(folder)
}

/// Returns the path of the browser in `BROWSER`, or of the first one that is installed.
fn browser() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("BROWSER").map(PathBuf::from).filter(|path| path.is_file()) {
        return Ok(path);
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let files =
        BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(format!("{name}{EXE_SUFFIX}"))));
    match files.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => bail!("no browser was found; install Chromium, or set BROWSER to its path"),
    }
}

pub(super) fn test(root: &Path, folder: &Path, report: &Report) -> Result<()> {
    // The third package selects the features of the other builds, so that nothing is compiled again.
    let packages = ["--package", "partner-sandbox", "--package", "workspace-hack-client"];
    cargo(root, &[&["build", "--quiet"], &packages[..]].concat(), &[])?;
    cargo(root, &["build", "--quiet", "--package", "partner-ingestion-sdk", "--example", "offer"], &[])?;
    let built = target(root).join("debug");
    let log = root.join("target/interop/page-sandbox.log");
    let mut command = Command::new(built.join(format!("partner-sandbox{EXE_SUFFIX}")));
    command.args(SANDBOX).stderr(File::create(&log)?);
    let mut sandbox = Running::start(&mut command).context("cannot start the sandbox")?;
    let mut ready = String::new();
    sandbox.output().read_line(&mut ready).context("cannot read the sandbox's output")?;
    if ready.is_empty() {
        bail!("the sandbox exited before it was ready; see {}", log.display());
    }
    report.step("interop", SCRIPT);
    let pictures = root.join("target/interop/pictures");
    let mut node = Command::new("node");
    node.arg(SCRIPT).arg(built.join(format!("examples/offer{EXE_SUFFIX}")));
    node.arg(root.join("partner-ingestion-sdk/examples/offer-sample")).arg(&pictures).current_dir(folder);
    // A proxy would be another host.
    node.env("READY", ready.trim()).env("BROWSER", browser()?).env("NO_PROXY", "*").env("no_proxy", "*");
    let status = node.status().context("cannot start node")?;
    if !status.success() {
        bail!("{SCRIPT} failed ({status}); {} has the calls", log.display());
    }
    Ok(())
}
