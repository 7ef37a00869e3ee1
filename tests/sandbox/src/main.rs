//! `cargo run -p partner-sandbox`: the sandbox as a program, for any language.

use partner_sandbox::{CallRecord, Sandbox};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
Partner Center on loopback: sign-in, Ingestion API and blob store, with the state in memory.

usage: partner-sandbox [--port PORT] [--pace MILLISECONDS] [--control]

  --port PORT    listen on this port (a free one if not given)
  --pace MS      how long each step of a package or a submission takes (1000 if not given)
  --control      faults, time and the log of calls over HTTP, under /sandbox/
  --help         this text
";

#[tokio::main]
async fn main() -> ExitCode {
    let mut builder = Sandbox::builder().pace(Duration::from_secs(1));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let number = || args.next().and_then(|value| value.parse::<u16>().ok());
        builder = match arg.as_str() {
            "--help" | "-h" => return print(HELP, ExitCode::SUCCESS),
            "--control" => builder.control(true),
            "--port" => match { number }() {
                Some(port) => builder.port(port),
                None => return print("--port takes a number\n", ExitCode::from(2)),
            },
            "--pace" => match { number }() {
                Some(pace) => builder.pace(Duration::from_millis(pace.into())),
                None => return print("--pace takes a number of milliseconds\n", ExitCode::from(2)),
            },
            other => return print(&format!("{other} is not understood\n\n{HELP}"), ExitCode::from(2)),
        };
    }
    let colour = std::io::stderr().is_terminal();
    let sandbox = match builder.on_call(move |call| log(call, colour)).start().await {
        Ok(sandbox) => sandbox,
        Err(error) => return print(&format!("cannot listen: {error}\n"), ExitCode::FAILURE),
    };
    let (authority, tenant) = (sandbox.authority(), sandbox.tenant());
    let (client, secret, url) = (sandbox.client_id(), sandbox.client_secret(), sandbox.url());
    let text = format!(
        "export AZURE_AUTHORITY_HOST={authority}\nexport PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY=1\nexport AZURE_TENANT_ID={tenant}\nexport AZURE_CLIENT_ID={client}\n\
         export AZURE_CLIENT_SECRET={secret}\nexport PARTNER_INGESTION_URL={url}\n\n\
         # a token:\ncurl -d grant_type=client_credentials -d client_id={client} -d client_secret={secret} \
         -d resource=https://api.partner.microsoft.com {authority}/{tenant}/oauth2/token\n\n"
    );
    print(&text, ExitCode::SUCCESS);
    tokio::select! {
        _ = sandbox.run() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    // A closed pipe is the reader's choice.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

/// One line a call: green for a success, red for a refusal with its reason.
fn log(call: &CallRecord, colour: bool) {
    let (on, off) = match (colour, call.status) {
        (false, _) => ("", ""),
        (true, 200..=299) => ("\x1b[32m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
    };
    let note = call.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    let line = format!("{on}{}{off} {:<6} {}{note}\n", call.status, call.method, call.path);
    let _ = std::io::stderr().write_all(line.as_bytes());
}
