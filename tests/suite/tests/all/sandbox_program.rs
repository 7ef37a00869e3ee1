//! The sandbox as a program: its output, its options, and a client in another language.

use partner_tests::process::build;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

/// Built with the same features as in `cargo test`, so that it is not compiled again.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    build(&["--package", "partner-sandbox", "--package", "workspace-hack-client"]).join("partner-sandbox")
});

fn run(args: &[&str]) -> Output {
    Command::new(&*PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

/// A sandbox process that runs until this is dropped, and the environment variables that it printed.
pub(crate) struct Running {
    child: Child,
    pub(crate) exports: Vec<(String, String)>,
    curl: String,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(&*PROGRAM);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (mut exports, mut curl) = (Vec::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) {
                exports.push((name.to_owned(), value.to_owned()));
            }
            if line.starts_with("curl ") {
                curl = line;
                break;
            }
        }
        Self { child, exports, curl }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn rejects_invalid_options() {
    for (args, expected) in [
        (&["--unknown"][..], "unknown option --unknown"),
        (&["--port"], "option --port requires a value"),
        (&["--port", "many"], "invalid value \"many\" for --port: expected a number"),
        (&["--incident", "rain"], "unknown incident \"rain\"; expected one of: next-link-not-found"),
        (&["--without-rule", "rain"], "unknown rule \"rain\"; expected one of: offer-id-length"),
    ] {
        let output = run(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.starts_with(expected) && text.contains("Usage:"), "{text}");
    }
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    let options = [
        "--port",
        "--processing-delay",
        "--page-size",
        "--token-lifetime",
        "--incident",
        "--without-rule ID",
        "--without-rules",
        "--control",
        "Exit codes",
    ];
    assert!(options.iter().all(|option| text.contains(option)), "{text}");
}

#[test]
fn port_in_use_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&["--port", &taken.local_addr().unwrap().port().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("cannot listen: "));
}

#[test]
fn prints_the_environment_variables_of_the_sdk() {
    let running = Running::start(&["--token-lifetime", "60"]);
    let names: Vec<&str> = running.exports.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "AZURE_AUTHORITY_HOST",
        "PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "PARTNER_INGESTION_URL",
    ];
    assert_eq!(names, expected);
    assert!(running.curl.ends_with("/oauth2/token"), "{}", running.curl);
}

/// Skipped with a message if python3 is not installed.
#[test]
fn python_client_can_use_the_sandbox() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/sandbox.py");
    let running = Running::start(&["--control"]);
    let mut python = Command::new("python3");
    // Python would write its cache of the shared module into the source folder.
    python.arg(script).envs(running.exports.clone()).env("PYTHONDONTWRITEBYTECODE", "1");
    let python = python.output();
    let output = match python {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: python3 cannot be started: {error}");
            return;
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(&output.stdout), "ok\n", "{}", text(&output.stderr));
}
