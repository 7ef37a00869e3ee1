//! `cargo xtask interop`: tests partner-auth against an independent server, the npm package `oidc-provider`.

use crate::process::cargo;
use crate::report::Report;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const FILES: [&str; 3] = ["package.json", "package-lock.json", "server.mjs"];

/// Runs the test in CI. Prints a warning and succeeds if Node.js or its package registry is not available.
pub fn run_if_possible(root: &Path, report: &Report) -> Result<()> {
    if !(works("node") && works("npm")) {
        report.warn("interop: skipped, Node.js or npm was not found");
        return Ok(());
    }
    match install(root, report) {
        Ok(folder) => test(root, &folder, report),
        Err(error) => {
            report.warn(&format!("interop: skipped, {error:#}"));
            Ok(())
        }
    }
}

pub fn run(root: &Path, report: &Report) -> Result<()> {
    let folder = install(root, report)?;
    test(root, &folder, report)
}

/// Installs the server in a separate folder.
fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let folder = root.join("target/interop");
    std::fs::create_dir_all(&folder)?;
    for file in FILES {
        let from = root.join("tests/interop").join(file);
        std::fs::copy(&from, folder.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    report.step("interop", "npm ci");
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    let status = Command::new("npm").args(args).current_dir(&folder).status();
    let status = status.context("cannot start npm; install Node.js")?;
    if !status.success() {
        bail!("npm cannot install the server ({status}); check access to the package registry");
    }
    Ok(folder)
}

fn test(root: &Path, folder: &Path, report: &Report) -> Result<()> {
    let key = root.join("partner-auth/src/credential/testdata/public.pem");
    let mut server = Server::start(folder, &key)?;
    let addresses = server.addresses()?;
    report.step("interop", "oidc-provider is ready; cargo test");
    let args = ["test", "--package", "partner-auth", "--lib", "--", "--ignored", "interop"];
    cargo(root, &args, &[("PARTNER_INTEROP", &addresses)])
}

fn works(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Starts the server. It exits when its standard input is closed, so that it does not outlive this process.
struct Server(Child);

impl Server {
    fn start(folder: &Path, key: &Path) -> Result<Self> {
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(key).current_dir(folder);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        Ok(Self(child.context("cannot start node")?))
    }

    /// Returns the first line of the server's output.
    fn addresses(&mut self) -> Result<String> {
        let output = self.0.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("cannot read the server's output")?;
        if line.trim().is_empty() {
            bail!("the server exited before it was ready; run `node server.mjs` in target/interop to see the error");
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
