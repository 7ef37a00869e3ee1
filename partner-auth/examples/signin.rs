//! Acquires a token and prints its status.
//!
//! Without arguments it uses a scripted Entra ID in this process, and needs no account. With `--live` it uses Entra ID and the
//! credential in the environment.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints to the terminal")]

use partner_auth::testing::{FakeEntra, Reply};
use partner_auth::{Error, TokenProvider, TokenSource};
use std::process::ExitCode;

const HELP: &str = "Acquires a token and prints its status.

Usage: signin [--live]

Options:
  --live   use Entra ID instead of the scripted server; requires AZURE_TENANT_ID, AZURE_CLIENT_ID and one of
           AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE

Exit codes: 0 success, 1 no token could be acquired, 2 invalid arguments.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => scripted().await,
        ["--live"] => match TokenSource::from_env() {
            Ok(source) => show(&source).await,
            Err(error) => Err(error),
        },
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The message, the hint and the cause.
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn show(source: &TokenSource) -> Result<(), Error> {
    let token = source.token().await?;
    let status = source.status();
    println!("signed in         {source:?}");
    println!("token             {token:?}");
    println!("expires in        {:?}", status.expires_in.unwrap_or_default());
    println!("refreshes in      {:?}", status.refreshes_in.unwrap_or_default());
    Ok(())
}

/// Shows an outage, a token, an error response and a new secret.
async fn scripted() -> Result<(), Error> {
    let entra =
        FakeEntra::start().map_err(|error| Error::other(partner_auth::ErrorKind::Network, "no free port", error))?;
    entra.script([
        Reply::status(503),
        Reply::token("eyJ0eXAiOiJKV1QifQ"),
        Reply::oauth_error(401, "invalid_client", 7_000_222),
    ]);
    let source = TokenSource::builder("contoso.com", entra.client_id(), "the old secret")
        .authority(entra.authority())
        .build()?;
    show(&source).await?;
    println!("requests          {}, of which the first failed\n", entra.requests().len());

    let graph = source.for_audience("https://graph.microsoft.com")?;
    if let Err(error) = graph.token().await {
        println!("another audience  {error}\n                  {}\n", error.hint().unwrap_or_default());
    }
    source.set_credential("the new secret")?;
    show(&graph).await
}
