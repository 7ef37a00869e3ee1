//! `cargo xtask soak [NAME]`: the tests of CI at full size.

use crate::process::cargo;
use crate::report::Report;
use anyhow::{Result, bail};
use std::path::Path;
use std::time::Instant;

/// A name, what it is, the test's filter, the environment that makes it large.
type Soak = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

pub const SOAKS: [Soak; 1] = [(
    "types",
    "1,000,000 random instances of every schema, decoded and encoded again",
    "property::",
    &[("PARTNER_CASES", "1000000")],
)];

pub fn run(root: &Path, name: Option<&str>, report: &Report) -> Result<()> {
    let chosen: Vec<&Soak> = SOAKS
        .iter()
        .filter(|soak| name.is_none_or(|name| name == soak.0))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SOAKS.iter().map(|soak| soak.0).collect();
        bail!("there is no soak of this name; there are: {}", names.join(", "));
    }
    for (name, what, filter, env) in chosen {
        report.step("soak", &format!("{name}: {what}"));
        let start = Instant::now();
        let args = [
            "test",
            "--release",
            "--package",
            "partner-tests",
            "--test",
            "all",
            "--",
            "--nocapture",
            filter,
        ];
        cargo(root, &args, env)?;
        report.step("ok", &format!("{name} ({:.0} s)", start.elapsed().as_secs_f64()));
    }
    Ok(())
}
