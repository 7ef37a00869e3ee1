//! `cargo xtask soak [NAME]`: the tests of CI at full size.

use crate::process::cargo;
use crate::report::Report;
use anyhow::{Result, bail};
use std::path::Path;
use std::time::Instant;

struct Soak {
    name: &'static str,
    what: &'static str,
    /// The arguments after `cargo test --release`.
    args: &'static [&'static str],
    /// The environment variables that set the size.
    env: &'static [(&'static str, &'static str)],
}

const SOAKS: [Soak; 11] = [
    Soak {
        name: "types",
        what: "1,000,000 random instances of every schema, decoded and encoded again",
        args: &["--package", "partner-tests", "--test", "all", "--", "--nocapture", "round_trip::"],
        env: &[("PARTNER_CASES", "1000000")],
    },
    Soak {
        name: "tokens",
        what: "10,000 tasks on an empty, a refreshing, an expired and a failing token cache, 1,000 times",
        args: &["--package", "partner-auth", "--lib", "--", "--nocapture", "--test-threads=1", "thundering_herd::"],
        env: &[("PARTNER_ROUNDS", "1000")],
    },
    Soak {
        name: "clients",
        what: "64 clients on one sandbox for a minute without errors",
        args: &["--package", "partner-tests", "--test", "all", "--", "--nocapture", "sandbox::sixty_four"],
        env: &[("PARTNER_SECONDS", "60")],
    },
    Soak {
        name: "crashes",
        what: "a sandbox that is killed at 100 random moments, and continues with what it saved",
        args: &["--package", "partner-tests", "--test", "all", "--", "--nocapture", "sandbox_product::state::"],
        env: &[("PARTNER_CRASHES", "100")],
    },
    Soak {
        name: "offers",
        what: "300 random offers as files: applied, exported, applied to an empty account, exported the same; applied with a fault at every request",
        args: &["--package", "partner-tests", "--test", "all", "--", "--nocapture", "--test-threads=1", "manifest::"],
        env: &[("PARTNER_OFFERS", "300"), ("PARTNER_FAULTS", "all")],
    },
    Soak {
        name: "limits",
        what: "1,000 random schedules of calls against services with a rate limit, on a paused clock",
        args: &["--package", "partner-ingestion-sdk", "--lib", "rate_limiter::", "--", "--nocapture"],
        env: &[("PARTNER_SCHEDULES", "1000")],
    },
    Soak {
        name: "runtime",
        what: "100,000 calls with 5 % faults, 1,000 calls with a limit of 20 per second, uploads of 2 GiB to each host",
        args: &[
            "--package",
            "partner-tests",
            "--test",
            "all",
            "--",
            "--nocapture",
            "--test-threads=1",
            "concurrency::",
            "uploads::uploads_a_large_file",
        ],
        env: &[("PARTNER_CALLS", "100000"), ("PARTNER_LOAD", "1000/20"), ("PARTNER_UPLOAD_BYTES", "2147483648")],
    },
    Soak {
        name: "workflows",
        what: "100,000 runs of whole workflows with random faults between any two requests",
        args: &["--package", "partner-tests", "--test", "all", "--", "--nocapture", "simulation::"],
        env: &[("PARTNER_RUNS", "100000")],
    },
    Soak {
        name: "documents",
        what: "10,000 randomly edited documents give code or a located error; the code of 20 of them is compiled",
        args: &["--package", "xtask", "--lib", "--", "--nocapture", "mutation::"],
        env: &[("PARTNER_MUTATIONS", "10000"), ("PARTNER_COMPILES", "20")],
    },
    Soak {
        name: "editions",
        what: "every kind of change of the document, forth and back, with two forms of the overlays: the SDK and yesterday's user crate compile, or a message says what to do",
        args: &["--package", "xtask", "--lib", "--", "--nocapture", "walk_tests::"],
        env: &[("PARTNER_EDITIONS", "all")],
    },
    Soak {
        name: "model",
        what: "the token cache in a model checker: three threads, up to 2,000,000 schedules of each model",
        args: &[
            "--package",
            "partner-auth",
            "--lib",
            "--features",
            "shuttle",
            "--",
            "--nocapture",
            "--test-threads=2",
            "model::",
        ],
        env: &[("PARTNER_SCHEDULES", "2000000")],
    },
];

pub fn run(root: &Path, name: Option<&str>, report: &Report) -> Result<()> {
    let chosen: Vec<&Soak> = SOAKS.iter().filter(|soak| name.is_none_or(|name| name == soak.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SOAKS.iter().map(|soak| soak.name).collect();
        bail!("unknown soak test; expected one of: {}", names.join(", "));
    }
    for soak in chosen {
        report.step("soak", &format!("{}: {}", soak.name, soak.what));
        let start = Instant::now();
        cargo(root, &[&["test", "--release"], soak.args].concat(), soak.env)?;
        report.step("ok", &format!("{} ({:.0} s)", soak.name, start.elapsed().as_secs_f64()));
    }
    Ok(())
}
