//! The errors of `Client::from_env`, in a process with other variables.

use partner_ingestion_sdk::{Client, ErrorKind};
use std::ffi::OsStr;
use std::process::Command;

const TEST: &str = "error_table::environment::prints_the_error_of_the_environment";
const ID: &str = "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1";
/// A complete environment.
pub(crate) const COMPLETE: [(&str, &str); 3] =
    [("AZURE_TENANT_ID", "contoso.example"), ("AZURE_CLIENT_ID", ID), ("AZURE_CLIENT_SECRET", "c4n4ry~s3cret")];

/// Runs in the child process of [`error_with`].
#[test]
#[ignore = "started by another test, with the variables of its case"]
#[allow(clippy::print_stdout, reason = "read by the other test")]
fn prints_the_error_of_the_environment() {
    let Err(error) = Client::from_env() else { return println!("[[no error]]") };
    let kind = if error.kind() == ErrorKind::Config { "Config" } else { "another kind" };
    println!("[[{kind}|{error}|{}|{error:?}{error:#?}]]", error.hint().unwrap_or_default());
}

/// The message and the hint of `Client::from_env` with these variables and no others.
pub(crate) fn error_with<V: AsRef<OsStr>>(variables: &[(&str, V)]) -> (String, String) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", TEST, "--ignored", "--nocapture"]).env_clear();
    child.envs(variables.iter().map(|(name, value)| (name, value)));
    if let Some(root) = std::env::var_os("SystemRoot") {
        child.env("SystemRoot", root);
    }
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    assert!(!output.contains("c4n4ry~s3cret"), "{output}");
    let error = output.split("[[").nth(1).and_then(|text| text.split("]]").next());
    let parts: Vec<&str> = error.unwrap_or_else(|| panic!("{output}")).split('|').collect();
    assert_eq!(parts[0], "Config", "{output}");
    (parts[1].to_owned(), parts[2].to_owned())
}

/// The complete environment with one more variable, or with another value of one.
pub(crate) fn complete_but(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let others = COMPLETE.into_iter().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

/// The client must not fall back to the public base URL.
#[cfg(unix)]
#[test]
fn a_base_url_that_is_not_unicode_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let mut variables: Vec<(&str, &OsStr)> = COMPLETE.iter().map(|(name, value)| (*name, OsStr::new(*value))).collect();
    variables.push(("PARTNER_INGESTION_URL", OsStr::from_bytes(b"http://\xff")));
    let (message, _) = error_with(&variables);
    assert_eq!(message, "PARTNER_INGESTION_URL: base URL must be valid Unicode");
}

/// A variable may contain a password by mistake.
#[test]
fn the_value_of_a_variable_is_not_printed() {
    let url = "https://user:c4n4ry~s3cret@partner.example/";
    let (message, _) = error_with(&complete_but("PARTNER_INGESTION_URL", url));
    assert!(message.contains("must consist of scheme, host and path"), "{message}");
    let (message, _) = error_with(&complete_but("AZURE_CLIENT_ID", "c4n4ry~s3cret"));
    assert!(message.contains("AZURE_CLIENT_ID"), "{message}");
}
