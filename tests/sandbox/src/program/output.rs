//! What the program prints: how to reach the sandbox on standard output, and calls on standard error.

use partner_sandbox::{CallRecord, Sandbox};
use serde_json::json;
use std::io::{IsTerminal, Write};

/// Whether lines are coloured.
#[derive(Clone, Copy)]
pub(crate) struct Colour(bool);

impl Colour {
    pub(crate) fn of_stderr() -> Self {
        Self(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }
}

/// Returns the environment variables of clients. Plain HTTP to another host than this machine must be allowed.
fn variables(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("AZURE_AUTHORITY_HOST", sandbox.authority()),
        ("PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY", "1".to_owned()),
        ("AZURE_TENANT_ID", sandbox.tenant()),
        ("AZURE_CLIENT_ID", sandbox.client_id()),
        ("AZURE_CLIENT_SECRET", sandbox.client_secret()),
        ("PARTNER_INGESTION_URL", sandbox.url()),
    ];
    let authority = sandbox.authority();
    let host = authority.trim_start_matches("http://").rsplit_once(':').map_or("", |(host, _)| host);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&host) {
        let names = ["PARTNER_AUTH_ALLOW_PLAIN_HTTP", "PARTNER_INGESTION_ALLOW_PLAIN_HTTP"];
        variables.extend(names.map(|name| (name, host.to_owned())));
    }
    variables
}

/// Returns the environment variables to export, and a command that requests a token.
pub(crate) fn environment(sandbox: &Sandbox) -> String {
    let exports =
        variables(sandbox).iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect::<String>();
    let (client, secret) = (quoted(&sandbox.client_id()), quoted(&sandbox.client_secret()));
    let (authority, tenant) = (sandbox.authority(), sandbox.tenant());
    let page = sandbox.page_url().unwrap_or_default();
    format!(
        "{exports}\n\
         # Open in a browser: calls, offers and controls\n\
         # {page}\n\n\
         # Request a token:\n\
         curl -d grant_type=client_credentials -d client_id={client} --data-urlencode client_secret={secret} \
         -d resource=https://api.partner.microsoft.com {authority}/{tenant}/oauth2/token\n\n"
    )
}

/// Returns a value for a shell. Usual values are not quoted.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

/// Returns one line of JSON.
pub(crate) fn ready_line(sandbox: &Sandbox) -> String {
    let environment: serde_json::Map<_, _> =
        variables(sandbox).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let line = json!({
        "status": "ready",
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "page": sandbox.page_url(),
        "url": sandbox.url(),
        "authority": sandbox.authority(),
        "tenant": sandbox.tenant(),
        "clientId": sandbox.client_id(),
        "clientSecret": sandbox.client_secret(),
        "environment": environment,
    });
    format!("{line}\n")
}

pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout();
    // Ignore a closed pipe.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

pub(crate) fn print_error(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints one line per call: green for success, yellow for a closed connection, red for an error with its reason.
pub(crate) fn log(call: &CallRecord, colour: Colour) {
    let (on, off) = match (colour.0, call.status) {
        (false, _) => ("", ""),
        (true, 200..=299) => ("\x1b[32m", "\x1b[0m"),
        (true, 0) => ("\x1b[33m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
    };
    let status = if call.status == 0 { "---".to_owned() } else { call.status.to_string() };
    let time = chrono::DateTime::<chrono::Utc>::from(call.time).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let duration = call.duration.as_secs_f64() * 1000.0;
    let id = call.request_id.as_deref().unwrap_or("-");
    let note = call.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    print_error(&format!("{time} {on}{status}{off} {duration:>7.1} ms {:<6} {} {id}{note}\n", call.method, call.path));
}
