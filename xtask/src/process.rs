//! Starts cargo and other programs. Commands that need the SDK run as a process, so that the tools build without it.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// Runs `cargo` with these arguments and environment variables; its output goes to the terminal.
pub fn cargo(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let status = command(root, args, env).status().context("cannot start cargo")?;
    succeeded(args, status)
}

/// Runs `cargo` and passes each line of its standard output to `line`; standard error goes to the terminal.
pub fn cargo_lines(root: &Path, args: &[&str], env: &[(&str, &str)], mut line: impl FnMut(&str)) -> Result<()> {
    let mut child = command(root, args, env).stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    if let Some(stdout) = child.stdout.take() {
        for_each_line(stdout, &mut line)?;
    }
    let status = child.wait().context("cannot wait for cargo")?;
    succeeded(args, status)
}

/// Runs a build and calls `built` with the name of each crate that is ready. Prints nothing; the error has the compiler's messages.
pub fn cargo_build(root: &Path, args: &[&str], env: &[(&str, &str)], mut built: impl FnMut(&str)) -> Result<()> {
    let mut command = command(root, args, env);
    command.args(["--quiet", "--message-format", "json-render-diagnostics"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot start cargo")?;
    // Read concurrently with standard output, because cargo blocks if the pipe is full.
    let stderr = child.stderr.take();
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
        read.transpose().map(|_| String::from_utf8_lossy(&text).into_owned())
    });
    if let Some(stdout) = child.stdout.take() {
        for_each_line(stdout, |line| {
            let message: Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(name) = message["target"]["name"].as_str() {
                built(name);
            }
        })?;
    }
    let status = child.wait().context("cannot wait for cargo")?;
    let messages = messages.join().ok().and_then(|text| text.ok()).unwrap_or_default();
    succeeded(args, status).map_err(|error| anyhow!("{error}:\n{}", messages.trim_end()))
}

/// The program and its arguments, for messages.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ")
}

fn succeeded(args: &[&str], status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`cargo {}` failed ({status})", args.join(" "));
    }
    Ok(())
}

fn for_each_line(output: impl Read, mut line: impl FnMut(&str)) -> Result<()> {
    let mut reader = BufReader::new(output);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).context("cannot read the output of cargo")? > 0 {
        line(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
    Ok(())
}

fn command(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Set by the cargo that runs this program. The nested one must set its own value.
    command.env_remove("CARGO_MANIFEST_DIR");
    command.args(args).envs(env.iter().copied()).current_dir(root);
    command
}

/// Returns the folder of build results.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// A program that is stopped when this is dropped. Its standard output is read by this process.
pub struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the program has no output")?;
        Ok(Self { child, output: BufReader::new(output) })
    }

    pub fn output(&mut self) -> &mut BufReader<ChildStdout> {
        &mut self.output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
