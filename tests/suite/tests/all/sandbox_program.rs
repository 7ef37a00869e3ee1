//! The sandbox as a program: its output, its options, and a client in another language.

use partner_ingestion_sdk::reqwest;
use partner_tests::process::build;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

/// Built with the same features as in `cargo test`, so that it is not compiled again.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    build(&["--package", "partner-sandbox", "--package", "workspace-hack-client"]).join("partner-sandbox")
});

/// Returns a command without the options in the environment of this test.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(&*PROGRAM);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PARTNER_SANDBOX_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// A sandbox process that runs until this is dropped, and the environment variables that it printed.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) exports: Vec<(String, String)>,
    curl: String,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::of(program(args))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
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

    pub(crate) fn export(&self, name: &str) -> &str {
        let found = self.exports.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
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
    let file = Folder::new();
    let (wrong_name, wrong_type) = (file.with("name.toml", "prot = 1"), file.with("type.toml", "port = \"many\""));
    for (args, expected) in [
        (&["--unknown"][..], "error: unexpected argument '--unknown' found"),
        (&["--port"], "error: a value is required for '--port <PORT>'"),
        (&["--port", "many"], "error: invalid value 'many' for '--port <PORT>'"),
        (&["--incident", "rain"], "error: invalid value 'rain' for '--incident <NAME>': unknown incident"),
        (&["--without-rule", "rain"], "error: unknown rule \"rain\"; expected one of: offer-id-length"),
        (&["--port", "1", "--blob-port", "1"], "error: --blob-port is the port of --port"),
        (&["--host", "0.0.0.0"], "error: host 0.0.0.0 can be reached from other machines"),
        (&["--host", "host.invalid"], "error: unknown host \"host.invalid\""),
        (&["--config", "missing.toml"], "error: cannot read missing.toml"),
        (&["--config", &wrong_name], "unknown field `prot`"),
        (&["--config", &wrong_type], "invalid type: string"),
        (&["--seed", "missing.json"], "cannot read missing.json"),
        (&["--seed", &wrong_name], "is neither a state file nor a recording"),
    ] {
        let output = run(args);
        let text = String::from_utf8(output.stderr).unwrap();
        let code = if args[1..] == ["missing.json"] { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
        assert!(text.lines().count() <= 12, "a usage error is short: {text}");
    }
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    let options = ["--port", "--processing-delay", "--incident", "--without-rules", "--state", "--seed", "Exit codes"];
    assert!(options.iter().all(|option| text.contains(option)), "{text}");
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert_eq!(version.trim(), concat!("partner-sandbox ", env!("CARGO_PKG_VERSION")));
}

/// The command line has precedence over the environment, and the environment over the file.
#[test]
fn options_come_from_three_places() {
    let folder = Folder::new();
    let file = folder.with(
        "a.toml",
        "tenant = \"file\"\nclient-id = \"file\"\nclient-secret = \"file\"\nincident = [\"list-empty\"]",
    );
    let mut command = program(&["--tenant", "line", "--config", &file]);
    command.env("PARTNER_SANDBOX_TENANT", "environment").env("PARTNER_SANDBOX_CLIENT_ID", "environment");
    let running = Running::of(command);
    let values = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"].map(|name| running.export(name));
    assert_eq!(values, ["line", "environment", "file"]);
    let fixed = |running: &Running| running.exports[2..5].to_vec();
    assert_eq!(fixed(&Running::start(&[])), fixed(&Running::start(&[])), "credentials are the same at each start");
}

#[test]
fn readiness_is_one_line_of_json() {
    let mut child = program(&["--json", "--control"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&ready["status"], &ready["pid"]), (&"ready".into(), &child.id().into()));
    assert_eq!(ready["environment"]["PARTNER_INGESTION_URL"], ready["url"]);
    let authority = ready["authority"].as_str().unwrap();
    assert_eq!(get(&format!("{authority}/healthz")).0, 200);
    let (status, document) = get(&format!("{authority}/sandbox/openapi.json"));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((status, document["openapi"].as_str().map(|version| &version[..2])), (200, Some("3.")));
    assert_eq!(get(&format!("{}/products", ready["url"].as_str().unwrap())).0, 401);
    stop(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "it stops on a signal");
    let log = String::from_utf8(output.stderr).unwrap();
    let line = log.lines().next().unwrap();
    assert!(line.contains("Z 401 ") && line.contains(" ms GET ") && line.ends_with("  no valid token"), "{line}");
    assert_eq!(log.lines().count(), 1, "requests to the sandbox itself are not logged: {log}");
}

#[cfg(unix)]
fn stop(child: &Child) {
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
}

#[cfg(not(unix))]
fn stop(child: &Child) {
    let _ = Command::new("taskkill").args(["/F", "/PID", &child.id().to_string()]).status();
}

/// Sends a GET request and returns status and body.
fn get(url: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = reqwest::get(url).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    })
}

/// A folder for files of one test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("partner-sandbox-test-{}", fastrand::u64(..)));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and returns its path.
    pub(crate) fn with(&self, name: &str, content: &str) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn port_in_use_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&["--port", &taken.local_addr().unwrap().port().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot start: "));
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
    for run in ["new", "used"] {
        let output = match python.output() {
            Ok(output) => output,
            Err(error) => {
                println!("skipped: python3 cannot be started: {error}");
                return;
            }
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&output.stdout), "ok\n", "{run} sandbox: {}", text(&output.stderr));
    }
}

/// Returns the text of a file of the repository.
fn repository(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn the_page_for_other_languages_has_the_tested_files() {
    let page = repository("tests/sandbox/PROTOCOL.md");
    for file in ["tests/interop/pytest/conftest.py", "tests/interop/node/sandbox.mjs"] {
        assert!(page.contains(&repository(file)), "copy {file} into PROTOCOL.md");
    }
}

/// No container is built in the tests, but its file has only options and versions that exist.
#[test]
fn the_container_file_matches_the_program() {
    let file = repository("tests/sandbox/Containerfile");
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let variables: Vec<(&str, &str)> =
        file.split_whitespace().filter_map(|word| word.strip_prefix("PARTNER_SANDBOX_")?.split_once('=')).collect();
    assert_eq!(variables.len(), 4);
    for (name, _) in &variables {
        assert!(help.contains(&format!("[env: PARTNER_SANDBOX_{name}=")), "{name}");
    }
    let command = file.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    let flags: Vec<String> = serde_json::from_str(command).unwrap();
    assert!(flags.iter().all(|flag| help.contains(flag.as_str())), "{flags:?}");
    let program = "/usr/local/bin/partner-sandbox";
    assert!(
        file.contains(&format!("partner-sandbox {program}\n")) && file.contains(&format!("ENTRYPOINT [\"{program}\"]"))
    );
    assert!(file.contains(concat!("ARG VERSION=", env!("CARGO_PKG_VERSION"), "\n")));
    // As in the container, apart from the port.
    let mut command = self::program(&["--json", "--control", "--port", "0"]);
    command.envs(variables.iter().map(|(name, value)| (format!("PARTNER_SANDBOX_{name}"), value)));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert!(ready["url"].as_str().unwrap().starts_with("http://sandbox:"), "{ready}");
    assert_eq!(ready["environment"]["PARTNER_INGESTION_ALLOW_PLAIN_HTTP"], "sandbox");
    stop(&child);
    let output = child.wait_with_output().unwrap();
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(warning.starts_with("warning: other machines may reach the sandbox"), "{warning}");
}
