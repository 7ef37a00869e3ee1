//! What the examples share: their options, the sandbox unless `--live` is given, progress bars, tables and errors.

pub(crate) mod content;

use indicatif::{ProgressBar, ProgressStyle};
use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::{Client, ErrorKind, Progress};
use partner_sandbox::Sandbox;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// An archive with a template, for who has none at hand.
pub(crate) const ARCHIVE: &[u8] = include_bytes!("assets/app.zip");

const SHARED: &str = "\
  --offer ID       the offer id (contoso-app if not given)
  --package FILE   the zip archive with mainTemplate.json and createUiDefinition.json (a small one if not given)
  --dry-run        say what would be done, and change nothing
  --live           the real service, with the account in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET;
                   asks before it changes anything. Without it a sandbox in this process
  --help           this text

Exit codes: 0 done, 1 failed, 2 the arguments are not understood.
";

/// What was asked for.
pub(crate) struct Options {
    pub(crate) offer: String,
    pub(crate) package: Option<String>,
    pub(crate) dry_run: bool,
    live: bool,
}

/// A client, and the sandbox that it talks to: the real service has none.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) sandbox: Option<Sandbox>,
}

/// Reads the options, connects, asks where something is to be changed, and runs the example.
pub(crate) async fn run(
    what: &str,
    changes: bool,
    example: impl AsyncFnOnce(&Connection, &Options) -> Outcome<()>,
) -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{what}\n\n{SHARED}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprint!("{message}\n\n{what}\n\n{SHARED}");
            return ExitCode::from(2);
        }
    };
    let outcome = async {
        let asks = changes && options.live && !options.dry_run;
        if asks && !confirmed(&options.offer)? {
            return Err("not confirmed; nothing was changed".into());
        }
        let connection = connect(options.live).await?;
        let place = if options.live { "the real service" } else { "a sandbox in this process" };
        eprintln!("{what} ({place})");
        example(&connection, &options).await
    };
    match outcome.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { offer: "contoso-app".to_owned(), package: None, dry_run: false, live: false };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
        match arg.as_str() {
            "--offer" => options.offer = value()?,
            "--package" => options.package = Some(value()?),
            "--dry-run" => options.dry_run = true,
            "--live" => options.live = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is not understood")),
        }
    }
    Ok(Some(options))
}

/// The real service only if `live`: the environment alone never selects it, and with `live` it says which account.
async fn connect(live: bool) -> Outcome<Connection> {
    if live {
        return Ok(Connection { client: Client::from_env()?, sandbox: None });
    }
    let sandbox = Sandbox::start().await?;
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    Ok(Connection { client, sandbox: Some(sandbox) })
}

/// The real service is changed only after the offer's id was typed at a terminal.
fn confirmed(offer: &str) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err("--live asks before it changes anything, and there is no terminal to ask at".into());
    }
    eprint!("This changes {offer} in the real marketplace. Type its id to go on: ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == offer)
}

/// What publishing would submit, or that there is nothing to submit yet.
pub(crate) async fn plan(client: &Client, offer: &str) -> Outcome<()> {
    match client.product_by_offer_id(offer).await {
        Ok(product) => print!("{}", client.publish(&product).dry_run().await?),
        Err(error) if error.kind() == ErrorKind::NotFound => println!("would create {offer}, and submit it"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A bar for bytes on their way; without a terminal there is none.
pub(crate) fn bytes_bar() -> impl Fn(Progress) + Send + Sync + 'static {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    move |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.sent);
    }
}

/// A line that turns while something is waited for; without a terminal there is none.
pub(crate) fn spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// Rows under a heading, every column as wide as its widest cell.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(heading.to_vec()) + &line(rule.iter().map(String::as_str).collect());
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

/// Prints an error with its sources, what the service found, and the next step.
fn complain(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  caused by: {error}");
        source = error.source();
    }
    if let Some(error) = error.downcast_ref::<partner_ingestion_sdk::Error>() {
        for validation in error.validations() {
            eprintln!("  {validation}");
        }
        if let Some(hint) = error.hint() {
            eprintln!("  {hint}");
        }
    }
}
