//! `openapi/partner-ingestion.tools.json` in the hands of other tools: a validator, the Python client of openapi-generator, which brings
//! an offer live on the sandbox, and Prism, which imitates the service from the document alone.

use super::clients;
use crate::generate::TOOLS_DOCUMENT;
use crate::report::Report;
use crate::tasks::{npm, python};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "tests/interop/tools-requirements.txt";

/// The generated package. Its documentation and empty tests are not written.
const PACKAGE: &str = "ingestion";
const PARTS: &str = "models,apis,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false,apiTests=false";

/// Installs the validator and the generator.
pub(super) fn install(root: &Path, report: &Report) -> Result<PathBuf> {
    let environment = root.join("target/interop/tools");
    let required = root.join(REQUIREMENTS);
    let required = std::fs::read_to_string(&required).with_context(|| format!("cannot read {}", required.display()))?;
    python::install(&environment, &required, report)?;
    Ok(environment)
}

/// Installs the mock.
pub(super) fn install_mock(root: &Path, report: &Report) -> Result<PathBuf> {
    let folder = root.join("target/interop/mock");
    npm::install(&folder, &root.join("tests/interop/mock"), &["mock.mjs"], report)?;
    Ok(folder)
}

/// Validates the document.
pub(super) fn validate(root: &Path, environment: &Path, report: &Report) -> Result<()> {
    report.step("interop", "openapi-spec-validator");
    let mut validator = Command::new(python::program(environment, "openapi-spec-validator"));
    succeeds(validator.arg(TOOLS_DOCUMENT).current_dir(root), "the validator")
}

/// Generates the Python client, and runs it on the sandbox.
pub(super) fn generated_client(root: &Path, environment: &Path, report: &Report) -> Result<()> {
    let folder = root.join("target/interop/generated");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    report.step("interop", "openapi-generator");
    let mut generator = Command::new(python::program(environment, "openapi-generator-cli"));
    generator.args(["generate", "--generator-name", "python", "--input-spec", TOOLS_DOCUMENT, "--output"]).arg(&folder);
    generator.args(["--additional-properties", &format!("packageName={PACKAGE}"), "--global-property", PARTS]);
    let output = generator.current_dir(root).output().context("cannot start openapi-generator-cli")?;
    if !output.status.success() {
        bail!("the generator failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    // The generator warns about discriminators that it ignores, and about names that it had to invent.
    let messages = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if let Some(line) = messages.lines().find(|line| line.contains("discriminator") || line.contains("Inline schema")) {
        bail!("{TOOLS_DOCUMENT} is not complete for the generator: {line}");
    }
    clients::on_sandbox(root, &["--control", "--processing-delay", "100"], |exports, log| {
        let script = "generated_client.py";
        report.step("interop", script);
        let mut client = Command::new(python::program(environment, "python"));
        client.arg(root.join("tests/interop").join(script)).envs(exports.iter().map(|(name, value)| (name, value)));
        client.env("PYTHONPATH", &folder).env("PYTHONDONTWRITEBYTECODE", "1");
        // A proxy would be another host.
        client.env("NO_PROXY", "*").env("no_proxy", "*");
        succeeds(&mut client, script).with_context(|| format!("{} has the calls", log.display()))
    })
}

/// Calls the mock.
pub(super) fn mock(root: &Path, folder: &Path, report: &Report) -> Result<()> {
    report.step("interop", "Prism");
    let mut node = Command::new("node");
    node.arg("mock.mjs").arg(root.join(TOOLS_DOCUMENT)).current_dir(folder);
    node.env("NO_PROXY", "*").env("no_proxy", "*");
    succeeds(&mut node, "mock.mjs")
}

fn succeeds(command: &mut Command, name: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_one_version() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let requirements = std::fs::read_to_string(root.join(REQUIREMENTS)).unwrap();
        let lines: Vec<&str> = requirements.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.iter().all(|line| line.contains("==") && !line.contains("://")), "{lines:?}");
        for tool in ["openapi-generator-cli==", "openapi-spec-validator==", "pydantic=="] {
            assert!(lines.iter().any(|line| line.starts_with(tool)), "{tool}");
        }
        let lock = std::fs::read_to_string(root.join("tests/interop/mock/package-lock.json")).unwrap();
        assert!(lock.contains("node_modules/@stoplight/prism-cli") && !lock.contains("\"resolved\""));
    }
}
