//! Starts other programs: what needs the SDK runs as a process, so that the tools build without it.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs `cargo` and shows what it says only when it fails.
pub fn cargo_quietly(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let output = command(root, args, env).output().context("cannot start cargo")?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("`cargo {}` failed ({}):\n{}", args.join(" "), output.status, String::from_utf8_lossy(&said).trim_end());
    }
    Ok(())
}

/// Runs `cargo` with these arguments and environment; its output goes straight to the terminal.
pub fn cargo(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let status = command(root, args, env).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed ({status})", args.join(" "));
    }
    Ok(())
}

fn command(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Set by the cargo that runs us; a nested one must find its own.
    command.env_remove("CARGO_MANIFEST_DIR");
    command.args(args).envs(env.iter().copied()).current_dir(root);
    command
}
