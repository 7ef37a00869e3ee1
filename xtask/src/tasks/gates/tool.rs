//! Installs the tools of the gates at fixed versions below `target/tools`.

use crate::process::target;
use crate::report::Report;
use crate::tasks::python;
use anyhow::{Context, Result, ensure};
use std::env::consts::EXE_SUFFIX;
use std::path::Path;
use std::process::Command;

pub(super) const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
pub(super) const CARGO_HACK: Tool = Tool { name: "cargo-hack", version: "0.6.46" };
pub(super) const CARGO_SEMVER_CHECKS: Tool = Tool { name: "cargo-semver-checks", version: "0.51.0" };
/// From PyPI, because its build takes minutes.
const ZIZMOR: &str = "zizmor==1.32.0";

/// A subcommand of cargo.
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// Installs the tool unless this version is there. The command runs in the project.
    pub(super) fn command(&self, root: &Path, report: &Report) -> Result<Command> {
        let Self { name, version } = self;
        let folder = target(root).join("tools").join(format!("{name}-{version}"));
        let program = folder.join("bin").join(format!("{name}{EXE_SUFFIX}"));
        if !program.exists() {
            report.step("gate", &format!("cargo install {name} {version}"));
            let mut install = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            install.args(["install", "--quiet", "--locked", "--version", version, "--root"]).arg(&folder).arg(name);
            let status = install.status().context("cannot start cargo")?;
            ensure!(status.success(), "cargo cannot install {name} ({status}); check access to the package registry");
        }
        let mut command = Command::new(program);
        command.current_dir(root);
        Ok(command)
    }
}

/// Checks workflows.
pub(super) fn zizmor(root: &Path, report: &Report) -> Result<Command> {
    let environment = target(root).join("tools").join("python");
    python::install(&environment, &format!("{ZIZMOR}\n"), report)?;
    Ok(Command::new(python::program(&environment, "zizmor")))
}
