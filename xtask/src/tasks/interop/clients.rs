//! Other people's clients on the sandbox, unmodified, from the PyPI packages of `tests/interop/requirements.txt`: the command line client
//! `azpc` brings an offer live, and Microsoft's storage client uploads packages.
//!
//! Their code names the hosts of the service. Only connections are redirected, from outside: Python loads
//! `tests/interop/redirect/sitecustomize.py` at start, and it sends connections to Entra ID and the API to the sandbox over plain HTTP.
//! Upload addresses are used as the sandbox issues them. Connections to any other host fail.

use crate::process::{Running, cargo, target};
use crate::report::Report;
use anyhow::{Context, Result, bail};
use std::env::consts::EXE_SUFFIX;
use std::fs::File;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const REQUIREMENTS: &str = "requirements.txt";

/// `azpc` compares the visibility with `Private` before it adds the audience of a private plan. Its samples have `private`, so that it
/// sends a private plan without an audience.
const SANDBOX: [&str; 5] = ["--control", "--processing-delay", "100", "--without-rule", "private-audience-count"];

/// Installs the clients in a virtual environment, unless it has these versions.
pub(super) fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let environment = root.join("target/interop/python");
    let required = root.join("tests/interop").join(REQUIREMENTS);
    let installed = environment.join(REQUIREMENTS);
    let wanted = std::fs::read(&required).with_context(|| format!("cannot read {}", required.display()))?;
    if std::fs::read(&installed).is_ok_and(|versions| versions == wanted) {
        return Ok(environment);
    }
    report.step("interop", "pip install");
    let python = Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&environment).status();
    if !python.context("cannot start Python")?.success() {
        bail!("Python cannot create a virtual environment; install its module venv");
    }
    let mut pip = Command::new(program(&environment, "python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--requirement"]);
    let status = pip.arg(&required).status().context("cannot start pip")?;
    if !status.success() {
        bail!("pip cannot install the clients ({status}); check access to the package registry");
    }
    std::fs::write(&installed, wanted)?;
    Ok(environment)
}

pub(super) fn test(root: &Path, environment: &Path, report: &Report) -> Result<()> {
    // The second package selects the features of the other builds, so that nothing is compiled again.
    cargo(root, &["build", "--quiet", "--package", "partner-sandbox", "--package", "workspace-hack-client"], &[])?;
    let log = root.join("target/interop/sandbox.log");
    let mut command = Command::new(target(root).join(format!("debug/partner-sandbox{EXE_SUFFIX}")));
    command.args(SANDBOX).stderr(File::create(&log)?);
    let mut sandbox = Running::start(&mut command).context("cannot start the sandbox")?;
    let exports = exports(sandbox.output())?;
    let azpc = program(environment, "azpc");
    for (script, args) in [("blob.py", vec![]), ("azpc.py", vec![azpc])] {
        report.step("interop", script);
        let folder = root.join("target/interop/files");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut client = Command::new(program(environment, "python"));
        client.arg(root.join("tests/interop").join(script)).args(args).current_dir(folder);
        client.envs(exports.iter().map(|(name, value)| (name, value)));
        client.env("PYTHONPATH", root.join("tests/interop/redirect")).env("PYTHONDONTWRITEBYTECODE", "1");
        // A proxy would be another host.
        client.env("NO_PROXY", "*").env("no_proxy", "*");
        let status = client.status().context("cannot start Python")?;
        if !status.success() {
            bail!("{script} failed ({status}); {} has the calls", log.display());
        }
    }
    Ok(())
}

/// Returns a program of the virtual environment.
pub(super) fn program(environment: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    environment.join(folder).join(format!("{name}{EXE_SUFFIX}"))
}

/// Returns the environment variables that the sandbox prints when it is ready.
fn exports(output: impl BufRead) -> Result<Vec<(String, String)>> {
    let mut exports = Vec::new();
    for line in output.lines() {
        let line = line.context("cannot read the sandbox's output")?;
        match line.strip_prefix("export ").and_then(|line| line.split_once('=')) {
            Some((name, value)) => exports.push((name.to_owned(), value.to_owned())),
            None if line.is_empty() => return Ok(exports),
            None => {}
        }
    }
    bail!("the sandbox exited before it was ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_variables_up_to_the_empty_line() {
        let output = "export A=1\nexport B=http://127.0.0.1:1\n\ncurl x\n";
        let expected =
            [("A", "1"), ("B", "http://127.0.0.1:1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(exports(output.as_bytes()).unwrap(), expected);
        assert!(exports("export A=1\n".as_bytes()).is_err());
    }

    #[test]
    fn every_client_has_one_version() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let requirements = std::fs::read_to_string(root.join("tests/interop").join(REQUIREMENTS)).unwrap();
        let lines: Vec<&str> = requirements.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.iter().all(|line| line.contains("==") && !line.contains("://")), "{lines:?}");
        for client in ["az-partner-center-cli==", "azure-storage-blob=="] {
            assert!(lines.iter().any(|line| line.starts_with(client)), "{client}");
        }
    }
}
