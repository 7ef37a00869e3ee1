//! Changes the summary of a listing and preserves all other fields.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{Connection, Options, Outcome, run};
use partner_ingestion_sdk::types::AzureProduct;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run("Changes the summary of an offer's listing.", true, update).await
}

async fn update(Connection { client, sandbox }: &Connection, options: &Options) -> Outcome<()> {
    if sandbox.is_some() {
        client.ensure_product(AzureProduct::application(&options.offer, "Contoso")).await?;
    }
    let offer = client.product_by_offer_id(&options.offer).await?;
    let listing = client.listing_draft(&offer);
    let before = listing.get().await?.into_inner();
    println!("before: {}", before.summary.as_deref().unwrap_or("(none)"));
    if options.dry_run {
        return Ok(());
    }
    // Concurrent changes of other texts are kept: on a conflict, the listing is read and changed again.
    let after = listing.modify(|listing| listing.set_summary("Now faster")).await?;
    println!("after:  {} (etag {})", after.summary.as_deref().unwrap_or("(none)"), after.etag().unwrap_or("(none)"));
    Ok(())
}
