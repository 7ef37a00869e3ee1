//! Tests in other languages that start the sandbox, as its page `protocol` shows: with pytest and with `node:test`.

use crate::process::{cargo, target};
use crate::report::Report;
use crate::tasks::python::program;
use anyhow::{Context, Result, bail};
use std::env::consts::EXE_SUFFIX;
use std::path::Path;
use std::process::Command;

pub(super) fn test(root: &Path, environment: &Path, report: &Report) -> Result<()> {
    // The second package selects the features of the other builds, so that nothing is compiled again.
    cargo(root, &["build", "--quiet", "--package", "partner-sandbox", "--package", "workspace-hack-client"], &[])?;
    let sandbox = target(root).join(format!("debug/partner-sandbox{EXE_SUFFIX}"));
    let mut pytest = Command::new(program(environment, "python"));
    // Its cache would be in the source folder.
    pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "pytest"]).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut node = Command::new("node");
    node.args(["--test", "node/offers.test.mjs"]);
    for (name, mut tests) in [("pytest", pytest), ("node:test", node)] {
        report.step("interop", name);
        tests.env("PARTNER_SANDBOX_PROGRAM", &sandbox).current_dir(root.join("tests/interop"));
        // A proxy would be another host.
        tests.env("NO_PROXY", "*").env("no_proxy", "*");
        let status = tests.status().with_context(|| format!("cannot start {name}"))?;
        if !status.success() {
            bail!("the tests with {name} failed ({status})");
        }
    }
    Ok(())
}
