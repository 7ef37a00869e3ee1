//! What the examples share: the sandbox unless `--live` is given, and a table that lines up.

use partner_ingestion_sdk::partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::{Client, Resource};
use partner_sandbox::Sandbox;
use std::error::Error;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A client, and the sandbox that it talks to: the real service has none.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) sandbox: Option<Sandbox>,
}

/// Connects to the real service if `live`, else to a sandbox in this process. The environment alone never selects the real
/// service, and with `live` it says which account.
pub(crate) async fn connect(live: bool) -> Outcome<Connection> {
    if live {
        return Ok(Connection {
            client: Client::from_env()?,
            sandbox: None,
        });
    }
    let sandbox = Sandbox::start().await?;
    let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    let client = Client::builder()
        .base_url(sandbox.url())
        .token_provider(tokens)
        .build()?;
    Ok(Connection {
        client,
        sandbox: Some(sandbox),
    })
}

/// The id that the service gave to what it just created.
pub(crate) fn id_of(resource: &impl Resource) -> Outcome<String> {
    Ok(resource
        .id()
        .ok_or("the service created something without an id")?
        .to_owned())
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

/// Prints an error with its sources and, where one is known, the next step.
pub(crate) fn complain(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  caused by: {error}");
        source = error.source();
    }
    if let Some(hint) = error
        .downcast_ref::<partner_ingestion_sdk::Error>()
        .map(|error| error.hint())
        .filter(|hint| !hint.is_empty())
    {
        eprintln!("  {hint}");
    }
}
