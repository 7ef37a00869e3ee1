//! Lists the offers of an account. Read-only.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{Connection, Options, Outcome, run, table};
use futures_util::TryStreamExt;
use partner_ingestion_sdk::Filter;
use partner_ingestion_sdk::types::{AzureProduct, ProductType};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run("Lists the Azure applications of an account.", false, list).await
}

async fn list(Connection { client, sandbox }: &Connection, _: &Options) -> Outcome<()> {
    // A new sandbox has no offers.
    for name in ["contoso-app", "contoso-db", "contoso-ai"].iter().filter(|_| sandbox.is_some()) {
        client.ensure_product(AzureProduct::application(*name, name.to_uppercase())).await?;
    }
    let mut offers = client.list_products().filter(Filter::resource_type("AzureApplication")).stream();
    let mut rows = Vec::new();
    while let Some(offer) = offers.try_next().await? {
        rows.push(row(&offer));
    }
    print!("{}", table(&["offer", "name", "type", "product id"], &rows));
    Ok(())
}

fn row(offer: &AzureProduct) -> Vec<String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    vec![
        text(offer.offer_id()),
        text(offer.name.as_deref()),
        text(offer.resource_type.as_ref().map(ProductType::as_str)),
        text(offer.id.as_ref().map(|id| id.as_str())),
    ]
}
