//! Sign-in of partner-auth at an independent OAuth server, the npm package `oidc-provider`.

use crate::process::{Running, cargo};
use crate::report::Report;
use crate::tasks::npm;
use anyhow::{Context, Result, bail};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The scripts of this test and of the page.
const FILES: [&str; 2] = ["server.mjs", "page.mjs"];

/// Installs the npm packages in a separate folder.
pub(super) fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let folder = root.join("target/interop");
    npm::install(&folder, &root.join("tests/interop"), &FILES, report)?;
    Ok(folder)
}

pub(super) fn test(root: &Path, folder: &Path, report: &Report) -> Result<()> {
    let key = root.join("partner-auth/src/credential/testdata/public.pem");
    let mut command = Command::new("node");
    // The server exits when its standard input is closed, so that it does not outlive this process.
    command.arg("server.mjs").arg(key).current_dir(folder).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running::start(&mut command).context("cannot start node")?;
    let addresses = addresses(&mut server)?;
    report.step("interop", "oidc-provider is ready; cargo test");
    let args = ["test", "--package", "partner-auth", "--lib", "--", "--ignored", "interop"];
    cargo(root, &args, &[("PARTNER_INTEROP", &addresses)])
}

/// Returns the first line of the server's output.
fn addresses(server: &mut Running) -> Result<String> {
    let mut line = String::new();
    server.output().read_line(&mut line).context("cannot read the server's output")?;
    if line.trim().is_empty() {
        bail!("the server exited before it was ready; run `node server.mjs` in target/interop to see the error");
    }
    Ok(line.trim().to_owned())
}
