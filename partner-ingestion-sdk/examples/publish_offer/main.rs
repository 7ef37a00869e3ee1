//! Publishes an Azure application offer with one plan: from nothing to live, by typed calls.
//!
//! `cargo run --example publish_offer` publishes to a sandbox in this process; `-- --live` to the real service, after asking.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to the person who runs it"
)]

#[allow(dead_code, reason = "each example uses a part of it")]
#[path = "../common/mod.rs"]
mod common;
mod flow;
mod wait;

use common::{Outcome, complain, connect, table};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

const HELP: &str = "\
Publishes an Azure application offer with one plan.

usage: cargo run --example publish_offer [-- OPTIONS]

  --offer ID       the offer id (contoso-app if not given)
  --package FILE   the zip archive with mainTemplate.json and createUiDefinition.json (a small one if not given)
  --dry-run        say what would be done, and change nothing
  --live           the real service, with the account in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET;
                   asks before it changes anything
  --help           this text

Exit codes: 0 published, 1 failed, 2 the arguments are not understood.
";

pub(crate) struct Options {
    pub(crate) offer: String,
    pub(crate) package: Option<String>,
    pub(crate) live: bool,
    pub(crate) dry_run: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprint!("{message}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        offer: "contoso-app".to_owned(),
        package: None,
        live: false,
        dry_run: false,
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
        match arg.as_str() {
            "--offer" => options.offer = value()?,
            "--package" => options.package = Some(value()?),
            "--live" => options.live = true,
            "--dry-run" => options.dry_run = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is not understood")),
        }
    }
    Ok(Some(options))
}

async fn run(options: &Options) -> Outcome<()> {
    // A wrong path is noticed before anything is changed.
    let package = match &options.package {
        Some(path) => std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?,
        None => include_bytes!("assets/app.zip").to_vec(),
    };
    let connection = connect(options.live).await?;
    let where_to = if options.live {
        "the real service"
    } else {
        "a sandbox in this process"
    };
    if options.dry_run {
        let plan = flow::plan(&connection.client, &options.offer, package.len()).await?;
        print!(
            "would publish {} to {where_to}:\n\n{}",
            options.offer,
            table(&["step", "what"], &plan)
        );
        return Ok(());
    }
    if options.live && !confirmed(&options.offer)? {
        return Err("not confirmed; nothing was changed".into());
    }
    eprintln!("publishing {} to {where_to}", options.offer);
    let steps = flow::publish(&connection.client, &options.offer, package).await?;
    print!("\n{}", table(&["step", "result", "request id"], &steps));
    Ok(())
}

/// The real service is changed only after somebody at a terminal typed the offer's id.
fn confirmed(offer: &str) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err("--live asks before it changes anything, and there is no terminal to ask at".into());
    }
    eprint!("This publishes {offer} to the real marketplace. Type its id to go on: ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == offer)
}
