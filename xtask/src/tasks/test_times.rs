//! Measures each test of `cargo test`. The test harness reports times only with an unstable option. Cargo therefore starts the test
//! programs through `cargo xtask run-test`, which enables the option.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The environment variable that makes cargo start test programs through this program. `None` if the path
/// has a space, because cargo splits the variable at spaces.
pub fn runner() -> Option<(String, String)> {
    let program = std::env::current_exe().ok()?.into_os_string().into_string().ok()?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().ok()?.stdout;
    let version = String::from_utf8(version).ok()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "))?;
    let variable = format!("CARGO_TARGET_{}_RUNNER", host.replace('-', "_").to_uppercase());
    (!program.contains(char::is_whitespace)).then(|| (variable, format!("{program} run-test")))
}

/// Runs a test program with the option that prints times. Other programs, such as documentation tests, run without it.
pub fn run(program: &Path, args: &[String]) -> Result<ExitCode> {
    let mut command = Command::new(program);
    command.args(args);
    if is_test(program) {
        command.args(["-Z", "unstable-options", "--report-time"]).env("RUSTC_BOOTSTRAP", "1");
    }
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn is_test(program: &Path) -> bool {
    program.parent().is_some_and(|folder| folder.ends_with("deps"))
}

/// Parses the name and the time of a test from a line of its program's output.
pub fn parse(line: &str) -> Option<(String, Duration)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let (_, time) = outcome.strip_suffix("s>")?.rsplit_once('<')?;
    Some((name.to_owned(), Duration::try_from_secs_f64(time.parse().ok()?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_time_of_each_test() {
        let (name, time) = parse("test update::tests::it_works ... ok <1.250s>").unwrap();
        assert_eq!((name.as_str(), time), ("update::tests::it_works", Duration::from_millis(1250)));
        assert_eq!(parse("test slow ... FAILED <0.001s>").unwrap().1, Duration::from_millis(1));
        for other in ["test quick ... ok", "running 3 tests", "", "test a ... ok <long s>"] {
            assert!(parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn only_test_programs_get_the_option() {
        assert!(is_test(Path::new("/project/target/debug/deps/all-0123456789abcdef")));
        assert!(!is_test(Path::new("/tmp/rustdoctest/rust_out")));
    }
}
