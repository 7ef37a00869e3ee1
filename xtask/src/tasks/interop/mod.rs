//! `cargo xtask interop`: tests partner-auth against another server, and the sandbox with other clients and in a browser.

mod clients;
mod languages;
mod oauth;
mod page;

use crate::report::Report;
use crate::tasks::python;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One test: installs its packages, and runs with what was installed.
struct Part {
    name: &'static str,
    /// The programs that it needs.
    programs: &'static [&'static str],
    install: fn(&Path, &Report) -> Result<PathBuf>,
    test: fn(&Path, &Path, &Report) -> Result<()>,
}

const PARTS: [Part; 4] = [
    Part { name: "OAuth server", programs: &["node", "npm"], install: oauth::install, test: oauth::test },
    Part { name: "clients", programs: &[python::PYTHON], install: clients::install, test: clients::test },
    Part {
        name: "tests in other languages",
        programs: &[python::PYTHON, "node"],
        install: clients::install,
        test: languages::test,
    },
    Part { name: "page", programs: &["node", "npm"], install: page::install, test: page::test },
];

/// Runs the tests in CI. Prints a warning and succeeds if a program or its package registry is not available.
pub fn run_if_possible(root: &Path, report: &Report) -> Result<()> {
    for part in &PARTS {
        if let Some(missing) = part.programs.iter().find(|program| !works(program)) {
            report.warn(&format!("interop: {} skipped, {missing} was not found", part.name));
            continue;
        }
        match (part.install)(root, report) {
            Ok(folder) => (part.test)(root, &folder, report)?,
            Err(error) => report.warn(&format!("interop: {} skipped, {error:#}", part.name)),
        }
    }
    Ok(())
}

pub fn run(root: &Path, report: &Report) -> Result<()> {
    for part in &PARTS {
        let folder = (part.install)(root, report)?;
        (part.test)(root, &folder, report)?;
    }
    Ok(())
}

fn works(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
