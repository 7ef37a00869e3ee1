//! `cargo run -p partner-sandbox`: the sandbox as a program, for any language.

use partner_sandbox::{CallRecord, Incident, Sandbox, SandboxBuilder};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
Partner Center on loopback: sign-in, Ingestion API and blob store, with the state in memory.

usage: partner-sandbox [OPTIONS]

  --port PORT              listen on this port (a free one if not given)
  --pace MS                how long each step of a package or a submission takes (1000 if not given)
  --page-size N            how many products a page has (2 if not given)
  --token-lifetime S       how many seconds tokens live (3600 if not given)
  --incident NAME          begin with an incident of the service under way; may be given more than once
  --control                faults, incidents, time and the log of calls over HTTP, under /sandbox/
  --help                   this text

It prints the environment to export and a curl line to standard output, and every call to standard error.
Exit codes: 0 when it was stopped, 1 when it cannot listen, 2 when an option is not understood.
";

#[tokio::main]
async fn main() -> ExitCode {
    let builder = match configured(std::env::args().skip(1)) {
        Ok(Some(builder)) => builder,
        Ok(None) => return print(HELP, ExitCode::SUCCESS),
        Err(error) => return complain(&format!("{error}\n\n{HELP}"), ExitCode::from(2)),
    };
    let colour = std::io::stderr().is_terminal();
    let sandbox = match builder.on_call(move |call| log(call, colour)).start().await {
        Ok(sandbox) => sandbox,
        Err(error) => return complain(&format!("cannot listen: {error}\n"), ExitCode::FAILURE),
    };
    print(&introduction(&sandbox), ExitCode::SUCCESS);
    tokio::select! {
        _ = sandbox.run() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}

/// What the options say; none when they ask for help.
fn configured(mut args: impl Iterator<Item = String>) -> Result<Option<SandboxBuilder>, String> {
    let mut builder = Sandbox::builder().pace(Duration::from_secs(1));
    while let Some(option) = args.next() {
        if option == "--help" || option == "-h" {
            return Ok(None);
        }
        if option == "--control" {
            builder = builder.control(true);
            continue;
        }
        let known = ["--port", "--pace", "--page-size", "--token-lifetime", "--incident"];
        if !known.contains(&option.as_str()) {
            return Err(format!("{option} is not understood"));
        }
        let value = args.next().ok_or_else(|| format!("{option} takes a value"))?;
        builder = match option.as_str() {
            "--port" => builder.port(number(&option, &value)?),
            "--pace" => builder.pace(Duration::from_millis(number(&option, &value)?)),
            "--page-size" => builder.page_size(number(&option, &value)?),
            "--token-lifetime" => builder.token_lifetime(Duration::from_secs(number(&option, &value)?)),
            _ => builder.incident(value.parse::<Incident>().map_err(|unknown| unknown.to_string())?),
        };
    }
    Ok(Some(builder))
}

fn number<N: std::str::FromStr>(option: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{option} takes a number, not {value:?}"))
}

/// What to export, and how to get a token by hand.
fn introduction(sandbox: &Sandbox) -> String {
    let (authority, tenant) = (sandbox.authority(), sandbox.tenant());
    let (client, secret, url) = (sandbox.client_id(), sandbox.client_secret(), sandbox.url());
    format!(
        "export AZURE_AUTHORITY_HOST={authority}\n\
         export PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1\n\
         export AZURE_TENANT_ID={tenant}\n\
         export AZURE_CLIENT_ID={client}\n\
         export AZURE_CLIENT_SECRET={secret}\n\
         export PARTNER_INGESTION_URL={url}\n\n\
         # a token:\n\
         curl -d grant_type=client_credentials -d client_id={client} -d client_secret={secret} \
         -d resource=https://api.partner.microsoft.com {authority}/{tenant}/oauth2/token\n\n"
    )
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    // A closed pipe is the reader's choice.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn complain(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}

/// One line a call: green for a success, yellow for a broken connection, red for a refusal with its reason.
fn log(call: &CallRecord, colour: bool) {
    let (on, off) = match (colour, call.status) {
        (false, _) => ("", ""),
        (true, 200..=299) => ("\x1b[32m", "\x1b[0m"),
        (true, 0) => ("\x1b[33m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
    };
    let status = if call.status == 0 { "---".to_owned() } else { call.status.to_string() };
    let note = call.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    let line = format!("{on}{status}{off} {:<6} {}{note}\n", call.method, call.path);
    let _ = std::io::stderr().write_all(line.as_bytes());
}
