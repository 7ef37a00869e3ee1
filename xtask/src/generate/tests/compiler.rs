//! Compiles the SDK with other generated code, and crates that use it.
//!
//! Calls rustc and rustdoc directly with the dependencies that the workspace has already built. A crate takes seconds instead of
//! minutes, and no second target folder is needed.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const SDK: &str = "partner-ingestion-sdk";

/// What the workspace has built: the direct dependencies of the SDK by the names of their crates, and the SDK. Metadata; the code is
/// beside it.
static BUILT: LazyLock<(BTreeMap<String, PathBuf>, PathBuf)> = LazyLock::new(|| {
    let graph = json(&["metadata", "--format-version", "1", "--locked"]);
    let packages = graph[0]["packages"].as_array().unwrap();
    let sdk = packages.iter().find(|package| package["name"] == SDK).unwrap()["id"].clone();
    let nodes = graph[0]["resolve"]["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["id"] == sdk).unwrap();
    // Includes the packages that enable the features of `cargo test`, so that nothing is rebuilt.
    let packages = ["--package", SDK, "--package", "partner-auth", "--package", "workspace-hack-client"];
    let messages = json(&[&["build", "--lib", "--message-format", "json"], &packages[..]].concat());
    let built = |package: &Value| {
        let of_package = |message: &&Value| message["package_id"] == *package && message["filenames"].is_array();
        let files = messages.iter().filter(of_package).flat_map(|message| message["filenames"].as_array().unwrap());
        files.filter_map(Value::as_str).find(|file| file.ends_with(".rmeta")).map(PathBuf::from)
    };
    let dependencies = node["deps"].as_array().unwrap().iter();
    let dependencies = dependencies.filter_map(|dep| Some((dep["name"].as_str()?.to_owned(), built(&dep["pkg"])?)));
    (dependencies.collect(), built(&sdk).unwrap())
});

/// The metadata of the current SDK.
pub fn sdk() -> &'static Path {
    &BUILT.1
}

/// Runs cargo in the project and returns the JSON values that it prints, one per line.
fn json(args: &[&str]) -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Set while `ci` measures tests. It would cause a rebuild.
    let mut command = Command::new(cargo);
    let output = command.args(args).current_dir(project()).env_remove("RUSTC_BOOTSTRAP").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Copies the hand-written files of the SDK. The generated files are those of the test.
pub fn copy_sdk(root: &Path) {
    copy(&project().join(SDK), &root.join(SDK), "generated");
}

/// Copies a file, or a folder without the folders of this name.
pub fn copy(from: &Path, to: &Path, left_out: &str) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    if from.is_file() {
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if left_out.is_empty() || !path.ends_with(left_out) {
            copy(&path, &to, left_out);
        }
    }
}

/// Compiles the SDK below this folder with these features and returns its metadata. The error lists the compiler's messages, one
/// per line.
pub fn check_sdk(root: &Path, features: &[&str]) -> Result<PathBuf, String> {
    let mut command = compiler("RUSTC", "rustc", root);
    of_the_sdk(&mut command, features);
    command.args(["--crate-type", "lib", "--emit", "metadata", "--error-format", "short", "--out-dir", "."]);
    run(command)?;
    Ok(root.join("libpartner_ingestion_sdk.rmeta"))
}

/// Compiles the SDK below this folder as [`check_sdk`] does, with its code, and returns the library.
pub fn build_sdk(root: &Path, features: &[&str]) -> Result<PathBuf, String> {
    let build = |hints: &[&str]| {
        let mut command = compiler("RUSTC", "rustc", root);
        of_the_sdk(&mut command, features);
        command.args(["--crate-type", "lib", "--emit", "metadata,link", "--error-format", "short", "--out-dir", "."]);
        // Another identity than that of the workspace's SDK, which the same program can use.
        command.args(["-C", "metadata=edited", "-C", "debuginfo=0"]).args(hints);
        if !hints.is_empty() {
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        run(command)
    };
    // Programs use few functions. The option generates code for those only, in half of the time, and is not stable yet.
    match build(&["-Z", "hint-mostly-unused"]) {
        Err(error) if error.contains("unknown unstable option") => build(&[])?,
        outcome => outcome?,
    }
    Ok(root.join("libpartner_ingestion_sdk.rlib"))
}

/// Runs a program that uses crates under these names, and returns its output. It can also use `serde_json` and `tokio`.
pub fn run_user(crates: &[(&str, &Path)], code: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("user.rs"), code).unwrap();
    let mut command = compiler("RUSTC", "rustc", folder.path());
    command.args(["user.rs", "--crate-type", "bin", "-C", "debuginfo=0", "-o", "user"]);
    let others = ["serde_json", "tokio"].map(|name| (name, BUILT.0[name].as_path()));
    for (name, file) in crates.iter().copied().chain(others) {
        command.arg("--extern").arg(external(name, &file.with_extension("rlib")));
    }
    run(command)?;
    let output = Command::new(folder.path().join("user")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout).unwrap())
}

/// Compiles a crate that uses the SDK.
pub fn check_user(sdk: &Path, code: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("user.rs"), code).unwrap();
    let mut command = compiler("RUSTC", "rustc", folder.path());
    command.arg("user.rs").args(["--crate-type", "lib", "--emit", "metadata", "--extern"]);
    command.arg(external("partner_ingestion_sdk", sdk));
    run(command)
}

/// Compiles the SDK below this folder and a program that calls it by this name, and runs the program.
pub fn run_program(root: &Path, features: &[&str], name: &str, program: &Path) -> Result<(), String> {
    let mut command = compiler("RUSTC", "rustc", root);
    of_the_sdk(&mut command, features);
    command.args(["--crate-type", "lib", "--emit", "link", "--error-format", "short", "--out-dir", "."]);
    run(command)?;
    let mut command = compiler("RUSTC", "rustc", root);
    command.arg(program).args(["--error-format", "short", "-o", "program", "--extern"]);
    command.arg(external(name, &root.join("libpartner_ingestion_sdk.rlib")));
    for dependency in ["futures_util", "tokio"] {
        command.arg("--extern").arg(external(dependency, &library(&BUILT.0[dependency])));
    }
    run(command)?;
    run(Command::new(root.join("program")))
}

/// The library beside its metadata.
fn library(metadata: &Path) -> PathBuf {
    metadata.with_extension("rlib")
}

/// Renders the documentation of the SDK below this folder and returns the warnings, one per line.
pub fn document_sdk(root: &Path, features: &[&str]) -> Vec<String> {
    let mut command = compiler("RUSTDOC", "rustdoc", root);
    of_the_sdk(&mut command, features);
    command.args(["--error-format", "short", "--out-dir", "doc"]);
    let output = command.output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{messages}");
    messages.lines().filter(|line| line.contains(": warning: ")).map(str::to_owned).collect()
}

fn compiler(variable: &str, program: &str, root: &Path) -> Command {
    let program = std::env::var_os(variable).unwrap_or_else(|| program.into());
    let mut command = Command::new(program);
    let folder = BUILT.0.values().next().and_then(|file| file.parent()).unwrap();
    command
        .args(["--edition", "2024", "-L"])
        .arg(folder)
        .current_dir(root)
        .envs([("CARGO_PKG_NAME", SDK), ("CARGO_PKG_VERSION", "0.0.0")]);
    command
}

fn of_the_sdk(command: &mut Command, features: &[&str]) {
    command.args(["partner-ingestion-sdk/src/lib.rs", "--crate-name", "partner_ingestion_sdk"]);
    for feature in features {
        command.arg("--cfg").arg(format!("feature=\"{feature}\""));
    }
    for (name, file) in &BUILT.0 {
        let library = library(file);
        // A macro has another kind of library.
        let file = if library.exists() { &library } else { file };
        command.arg("--extern").arg(external(name, file));
    }
}

fn external(name: &str, file: &Path) -> OsString {
    let mut argument = OsString::from(format!("{name}="));
    argument.push(file);
    argument
}

fn run(mut command: Command) -> Result<(), String> {
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
