//! Shared code of the examples: options, connection to the sandbox or the service, progress bars, tables and error output.

pub(crate) mod content;

use clap::{CommandFactory, FromArgMatches, Parser};
use console::{Alignment, measure_text_width, pad_str, style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::{Client, ClientBuilder, ErrorKind, Progress};
use partner_sandbox::Sandbox;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The default package: a small archive with a template.
pub(crate) const ARCHIVE: &[u8] = include_bytes!("assets/app.zip");

/// The options of the command line.
#[derive(Parser)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure, 2 invalid arguments.\n\nWithout --live the example starts a sandbox in its own \
                  process and needs no account."
)]
pub(crate) struct Options {
    /// Offer id.
    #[arg(long, value_name = "ID", default_value = "contoso-app")]
    pub(crate) offer: String,
    /// Zip archive with mainTemplate.json and createUiDefinition.json [default: a built-in archive]
    #[arg(long, value_name = "FILE")]
    pub(crate) package: Option<String>,
    /// Print what would be done without changing anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Use the real service with the account in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. Requires confirmation
    /// before any change.
    #[arg(long)]
    live: bool,
}

/// A client and its sandbox. `sandbox` is `None` for the real service.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) sandbox: Option<Sandbox>,
}

/// Parses the options, asks for confirmation if the example changes the real service, connects and runs the example.
pub(crate) async fn run(
    what: &str,
    changes: bool,
    example: impl AsyncFnOnce(&Connection, &Options) -> Outcome<()>,
) -> ExitCode {
    let matches = Options::command().about(what.to_owned()).get_matches();
    let options = Options::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = async {
        let needs_confirmation = changes && options.live && !options.dry_run;
        if needs_confirmation && !confirmed(&options.offer)? {
            return Err("not confirmed; nothing was changed".into());
        }
        let connection = connect(options.live).await?;
        let place = if options.live { "the real service" } else { "a sandbox in this process" };
        eprintln!("{what} Uses {place}.");
        example(&connection, &options).await
    };
    match outcome.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Connects to the real service if `live` is true, with the account in the environment, and to a new sandbox otherwise.
pub(crate) async fn connect(live: bool) -> Outcome<Connection> {
    connect_with(live, |builder| builder).await
}

/// Connects as [`connect`] does, after a function has changed the settings of a client of a sandbox.
pub(crate) async fn connect_with(
    live: bool,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Outcome<Connection> {
    if live {
        return Ok(Connection { client: Client::from_env()?, sandbox: None });
    }
    let sandbox = Sandbox::start().await?;
    let account = [sandbox.tenant(), sandbox.client_id(), sandbox.client_secret()];
    let client = loopback_client_with(&sandbox.url(), &sandbox.authority(), account, configure)?;
    Ok(Connection { client, sandbox: Some(sandbox) })
}

/// Returns a client of a sandbox, for an account of tenant, client id and secret. Fails if the sandbox is not on this machine.
pub(crate) fn loopback_client(url: &str, authority: &str, account: [String; 3]) -> Outcome<Client> {
    loopback_client_with(url, authority, account, |builder| builder)
}

/// Returns a client as [`loopback_client`] does, after a function has changed its settings.
pub(crate) fn loopback_client_with(
    url: &str,
    authority: &str,
    [tenant, id, secret]: [String; 3],
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Outcome<Client> {
    let tokens = TokenSource::builder(tenant, id, secret).authority(Authority::loopback(authority)?).build()?;
    Ok(configure(Client::builder().base_url(url).token_provider(tokens)).build()?)
}

/// Asks the user to type the offer id. Returns an error if there is no terminal.
pub(crate) fn confirmed(offer: &str) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err("--live requires confirmation at a terminal before any change".into());
    }
    eprint!("This changes {offer} in the real marketplace. Type the offer id to continue: ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == offer)
}

/// Prints what publishing would submit.
pub(crate) async fn plan(client: &Client, offer: &str) -> Outcome<()> {
    match client.product_by_offer_id(offer).await {
        Ok(product) => print!("{}", client.publish(&product).dry_run().await?),
        Err(error) if error.kind() == ErrorKind::NotFound => println!("would create and submit {offer}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Returns a callback that shows a progress bar. Hidden without a terminal.
pub(crate) fn bytes_bar() -> impl Fn(Progress) + Send + Sync + 'static {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    move |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.sent);
    }
}

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Returns a spinner with a message. Hidden without a terminal.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(message);
    spinner.enable_steady_tick(TURN);
    spinner
}

/// Adds a spinner with a name in front of its message, which is cut at the width of the terminal. Hidden without a terminal.
pub(crate) fn named_spinner(lines: &MultiProgress, name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = lines.add(ProgressBar::new_spinner().with_style(style).with_prefix(name.to_owned()));
    spinner.enable_steady_tick(TURN);
    spinner
}

/// Formats rows under a heading with aligned columns. Cells may be colored.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| measure_text_width(cell)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(heading.to_vec()) + &line(rule.iter().map(String::as_str).collect());
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

/// Prints an error with its sources and the hint.
pub(crate) fn print_error(error: &(dyn Error + 'static)) {
    eprintln!("{} {error}", style("error:").for_stderr().red().bold());
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  caused by: {error}");
        source = error.source();
    }
    if let Some(hint) =
        error.downcast_ref::<partner_ingestion_sdk::Error>().and_then(partner_ingestion_sdk::Error::hint)
    {
        eprintln!("  {hint}");
    }
}
