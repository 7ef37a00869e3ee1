//! Lists the offers of an account. Read-only.
//!
//! `cargo run --example list_offers` shows those of a sandbox that it fills first; with `-- --live` those of the account in
//! the environment.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to the person who runs it"
)]

#[allow(dead_code, reason = "each example uses a part of it")]
mod common;

use common::{Outcome, complain, connect, table};
use futures_util::TryStreamExt;
use partner_ingestion_sdk::Client;
use partner_ingestion_sdk::types::{AzureProduct, ProductType, TypeValuePair};
use std::process::ExitCode;

const HELP: &str = "\
Lists the offers of an account.

usage: cargo run --example list_offers [-- --live]

  --live   the account in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET instead of a sandbox
";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let live = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--live"] => true,
        _ => {
            print!("{HELP}");
            return if args == ["--help"] {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match run(live).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(live: bool) -> Outcome<()> {
    let connection = connect(live).await?;
    if connection.sandbox.is_some() {
        fill(&connection.client).await?;
    }
    let mut offers = connection.client.list_products().stream();
    let mut rows = Vec::new();
    while let Some(offer) = offers.try_next().await? {
        rows.push(row(&offer));
    }
    print!("{}", table(&["offer", "name", "type", "product id"], &rows));
    Ok(())
}

fn row(offer: &AzureProduct) -> Vec<String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let ids = offer.external_ids.as_deref().unwrap_or_default();
    let offer_id = ids.iter().find(|id| id.type_.as_deref() == Some("AzureOfferId"));
    vec![
        text(offer_id.and_then(|id| id.value.as_deref())),
        text(offer.name.as_deref()),
        text(offer.resource_type.as_ref().map(ProductType::as_str)),
        text(offer.id.as_ref().map(|id| id.as_str())),
    ]
}

/// A sandbox starts empty.
async fn fill(client: &Client) -> Outcome<()> {
    for (offer, name) in [
        ("contoso-app", "Contoso App"),
        ("contoso-db", "Contoso Database"),
        ("contoso-ai", "Contoso AI"),
    ] {
        let id = TypeValuePair::default().set_type("AzureOfferId").set_value(offer);
        let product = AzureProduct::default()
            .set_resource_type(ProductType::AzureApplication)
            .set_name(name);
        client.create_product(product.set_external_ids([id])).send().await?;
    }
    Ok(())
}
