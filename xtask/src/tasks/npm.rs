//! Folders with packages from npm.

use crate::report::Report;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// The program; a script on Windows.
pub(super) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
const LOCK: &str = "package-lock.json";
/// npm writes it when all packages are installed. The copy of the lock file beside it is ours.
const INSTALLED: &str = "node_modules/.package-lock.json";
const COPY: &str = "installed-lock.json";

/// Copies these files, `package.json` and the lock file to a folder, and installs the packages unless it has these versions.
pub(super) fn install(folder: &Path, from: &Path, files: &[&str], report: &Report) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for file in files.iter().chain(&["package.json", LOCK]) {
        let from = from.join(file);
        std::fs::copy(&from, folder.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let lock = std::fs::read(folder.join(LOCK))?;
    if folder.join(INSTALLED).is_file() && std::fs::read(folder.join(COPY)).is_ok_and(|copy| copy == lock) {
        return Ok(());
    }
    report.step("interop", "npm ci");
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    let status = Command::new(NPM).args(args).current_dir(folder).status();
    let status = status.context("cannot start npm; install Node.js")?;
    if !status.success() {
        bail!("npm cannot install the packages ({status}); check access to the package registry");
    }
    std::fs::write(folder.join(COPY), lock)?;
    Ok(())
}
