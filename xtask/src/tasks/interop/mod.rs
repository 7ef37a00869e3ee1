//! `cargo xtask interop`: tests partner-auth against another server, the sandbox with other clients and in a browser, and the tools
//! document with other tools.

mod clients;
mod languages;
mod oauth;
mod page;
mod tools;

use crate::report::Report;
use crate::tasks::{npm, python};
use anyhow::{Result, bail};
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

const PARTS: [Part; 7] = [
    Part { name: "OAuth server", programs: &["node", npm::NPM], install: oauth::install, test: oauth::test },
    Part { name: "clients", programs: &[python::PYTHON], install: clients::install, test: clients::test },
    Part {
        name: "tests in other languages",
        programs: &[python::PYTHON, "node"],
        install: clients::install,
        test: languages::test,
    },
    Part { name: "page", programs: &["node", npm::NPM], install: page::install, test: page::test },
    Part {
        name: "validator of the tools document",
        programs: &[python::PYTHON],
        install: tools::install,
        test: tools::validate,
    },
    Part {
        name: "generated client",
        programs: &[python::PYTHON, "java"],
        install: tools::install,
        test: tools::generated_client,
    },
    Part { name: "mock", programs: &["node", npm::NPM], install: tools::install_mock, test: tools::mock },
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

/// Runs the tests whose name contains `name`, or all. A missing program is an error.
pub fn run(root: &Path, name: Option<&str>, report: &Report) -> Result<()> {
    let wanted = |part: &&Part| name.is_none_or(|name| part.name.to_lowercase().contains(&name.to_lowercase()));
    if PARTS.iter().find(wanted).is_none() {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!("no test has the name {:?}; the names are: {}", name.unwrap_or_default(), known.join(", "));
    }
    for part in PARTS.iter().filter(wanted) {
        let folder = (part.install)(root, report)?;
        (part.test)(root, &folder, report)?;
    }
    Ok(())
}

fn works(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
