//! Starts other programs: what needs the SDK runs as a process, so that the tools build without it.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs `cargo` with these arguments and environment; its output goes straight to the terminal.
pub fn cargo(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Set by the cargo that runs us; a nested one must find its own.
    command.env_remove("CARGO_MANIFEST_DIR");
    let status =
        command.args(args).envs(env.iter().copied()).current_dir(root).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed ({status})", args.join(" "));
    }
    Ok(())
}
