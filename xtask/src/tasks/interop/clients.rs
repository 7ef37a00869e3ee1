//! Other people's clients on the sandbox, unmodified, from the PyPI packages of `tests/interop/requirements.txt`: the command line client
//! `azpc` brings an offer live, and Microsoft's storage client uploads packages.
//!
//! Their code names the hosts of the service. Only connections are redirected, from outside: Python loads
//! `tests/interop/redirect/sitecustomize.py` at start, and it sends connections to Entra ID and the API to the sandbox over plain HTTP.
//! Upload addresses are used as the sandbox issues them. Connections to any other host fail.

use crate::process::{Running, cargo, target};
use crate::report::Report;
use crate::tasks::python;
use anyhow::{Context, Result, bail};
use std::env::consts::EXE_SUFFIX;
use std::fs::File;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "requirements.txt";

/// `azpc` compares the visibility with `Private` before it adds the audience of a private plan. Its samples have `private`, so that it
/// sends a private plan without an audience.
const SANDBOX: [&str; 5] = ["--control", "--processing-delay", "100", "--without-rule", "private-audience-count"];

/// Installs the clients in a virtual environment, unless it has these versions.
pub(super) fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let environment = root.join("target/interop/python");
    let required = root.join("tests/interop").join(REQUIREMENTS);
    let required = std::fs::read_to_string(&required).with_context(|| format!("cannot read {}", required.display()))?;
    python::install(&environment, &required, report)?;
    Ok(environment)
}

pub(super) fn test(root: &Path, environment: &Path, report: &Report) -> Result<()> {
    let azpc = python::program(environment, "azpc");
    on_sandbox(root, &SANDBOX, |exports, log| {
        for (script, args) in [("blob.py", vec![]), ("azpc.py", vec![azpc])] {
            report.step("interop", script);
            let folder = root.join("target/interop/files");
            if folder.exists() {
                std::fs::remove_dir_all(&folder)?;
            }
            std::fs::create_dir_all(&folder)?;
            let mut client = Command::new(python::program(environment, "python"));
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
    })
}

/// Runs a test on a new sandbox, with the environment variables that it prints and the path of its log.
pub(super) fn on_sandbox(
    root: &Path,
    options: &[&str],
    test: impl FnOnce(&[(String, String)], &Path) -> Result<()>,
) -> Result<()> {
    // The second package selects the features of the other builds, so that nothing is compiled again.
    cargo(root, &["build", "--quiet", "--package", "partner-sandbox", "--package", "workspace-hack-client"], &[])?;
    let log = root.join("target/interop/sandbox.log");
    let mut command = Command::new(target(root).join(format!("debug/partner-sandbox{EXE_SUFFIX}")));
    command.args(options).stderr(File::create(&log)?);
    let mut sandbox = Running::start(&mut command).context("cannot start the sandbox")?;
    let exports = exports(sandbox.output())?;
    test(&exports, &log)
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
