//! Virtual environments with packages from PyPI.

use crate::report::Report;
use anyhow::{Context, Result, bail};
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const REQUIREMENTS: &str = "requirements.txt";

/// Installs packages in a virtual environment, unless it has these versions. `requirements` has the format of pip.
pub(super) fn install(environment: &Path, requirements: &str, report: &Report) -> Result<()> {
    let installed = environment.join(REQUIREMENTS);
    if std::fs::read_to_string(&installed).is_ok_and(|versions| versions == requirements) {
        return Ok(());
    }
    report.step("python", "pip install");
    let python = Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(environment).status();
    if !python.context("cannot start Python")?.success() {
        bail!("Python cannot create a virtual environment; install its module venv");
    }
    // Written under another name until everything is installed.
    let wanted = environment.join("wanted.txt");
    std::fs::write(&wanted, requirements).with_context(|| format!("cannot write {}", wanted.display()))?;
    let mut pip = Command::new(program(environment, "python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--requirement"]);
    let status = pip.arg(&wanted).status().context("cannot start pip")?;
    if !status.success() {
        bail!("pip cannot install the packages ({status}); check access to the package registry");
    }
    std::fs::rename(&wanted, &installed)?;
    Ok(())
}

/// Returns a program of the virtual environment.
pub(super) fn program(environment: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    environment.join(folder).join(format!("{name}{EXE_SUFFIX}"))
}
