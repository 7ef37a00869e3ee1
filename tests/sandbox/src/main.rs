//! The sandbox as a program: `cargo run -p partner-sandbox`.

use partner_sandbox::{CallRecord, Incident, Sandbox, SandboxBuilder};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
Run Entra ID, the Partner Center Ingestion API and a blob store on loopback, with all state in memory.

Usage: partner-sandbox [OPTIONS]

Options:
  --port PORT              port to listen on (default: a free port)
  --processing-delay MS    milliseconds per processing step of a package or a submission (default: 1000)
  --page-size N            products per page (default: 2)
  --token-lifetime S       lifetime of access tokens in seconds (default: 3600)
  --incident NAME          start with this incident; may be repeated
  --without-rule ID        do not check this rule of publishing; may be repeated
  --without-rules          do not check any rule of publishing
  --control                enable the HTTP control API under /sandbox/
  --help                   print this help

Prints the environment variables and an example request to standard output, and every call to standard error.
Exit codes: 0 stopped, 1 cannot listen, 2 invalid option.
";

#[tokio::main]
async fn main() -> ExitCode {
    let builder = match parse_args(std::env::args().skip(1)) {
        Ok(Some(builder)) => builder,
        Ok(None) => return print(HELP, ExitCode::SUCCESS),
        Err(error) => return print_error(&format!("{error}\n\n{HELP}"), ExitCode::from(2)),
    };
    let colour = std::io::stderr().is_terminal();
    let sandbox = match builder.on_call(move |call| log(call, colour)).start().await {
        Ok(sandbox) => sandbox,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            return print_error(&format!("{error}\n\n{HELP}"), ExitCode::from(2));
        }
        Err(error) => return print_error(&format!("cannot listen: {error}\n"), ExitCode::FAILURE),
    };
    print(&environment(&sandbox), ExitCode::SUCCESS);
    tokio::select! {
        _ = sandbox.run() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}

/// Parses the options. `None` if help is requested.
fn parse_args(mut args: impl Iterator<Item = String>) -> Result<Option<SandboxBuilder>, String> {
    let mut builder = Sandbox::builder().processing_delay(Duration::from_secs(1));
    while let Some(option) = args.next() {
        if option == "--help" || option == "-h" {
            return Ok(None);
        }
        if option == "--control" {
            builder = builder.control(true);
            continue;
        }
        if option == "--without-rules" {
            builder = builder.without_rules();
            continue;
        }
        let known = ["--port", "--without-rule", "--processing-delay", "--page-size", "--token-lifetime", "--incident"];
        if !known.contains(&option.as_str()) {
            return Err(format!("unknown option {option}"));
        }
        let value = args.next().ok_or_else(|| format!("option {option} requires a value"))?;
        builder = match option.as_str() {
            "--port" => builder.port(number(&option, &value)?),
            "--processing-delay" => builder.processing_delay(Duration::from_millis(number(&option, &value)?)),
            "--without-rule" => builder.without_rule(value),
            "--page-size" => builder.page_size(number(&option, &value)?),
            "--token-lifetime" => builder.token_lifetime(Duration::from_secs(number(&option, &value)?)),
            _ => builder.incident(value.parse::<Incident>().map_err(|unknown| unknown.to_string())?),
        };
    }
    Ok(Some(builder))
}

fn number<N: std::str::FromStr>(option: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("invalid value {value:?} for {option}: expected a number"))
}

/// Returns the environment variables to export, and a command that requests a token.
fn environment(sandbox: &Sandbox) -> String {
    let (authority, tenant) = (sandbox.authority(), sandbox.tenant());
    let (client, secret, url) = (sandbox.client_id(), sandbox.client_secret(), sandbox.url());
    format!(
        "export AZURE_AUTHORITY_HOST={authority}\n\
         export PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1\n\
         export AZURE_TENANT_ID={tenant}\n\
         export AZURE_CLIENT_ID={client}\n\
         export AZURE_CLIENT_SECRET={secret}\n\
         export PARTNER_INGESTION_URL={url}\n\n\
         # Request a token:\n\
         curl -d grant_type=client_credentials -d client_id={client} -d client_secret={secret} \
         -d resource=https://api.partner.microsoft.com {authority}/{tenant}/oauth2/token\n\n"
    )
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    // Ignore a closed pipe.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn print_error(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}

/// Prints one line per call: green for success, yellow for a closed connection, red for an error with its reason.
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
