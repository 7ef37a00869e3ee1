//! Uploads a package and assigns it to a plan.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{ARCHIVE, Connection, Options, Outcome, bytes_bar, run};
use partner_ingestion_sdk::FileSource;
use partner_ingestion_sdk::types::{AzureProduct, AzureSkuVariant};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run("Uploads a package of an offer and assigns it to the plan `standard`.", true, upload).await
}

async fn upload(Connection { client, sandbox }: &Connection, options: &Options) -> Outcome<()> {
    if sandbox.is_some() {
        let offer = client.ensure_product(AzureProduct::application(&options.offer, "Contoso")).await?;
        client.ensure_variant(&offer, AzureSkuVariant::managed_app("standard", "Standard")).await?;
    }
    let offer = client.product_by_offer_id(&options.offer).await?;
    let plan = client.variant_by_plan_id(&offer, "standard").await?;
    let file = options.package.as_deref().map_or_else(|| FileSource::bytes("app.zip", ARCHIVE), FileSource::from);
    println!("{} for {offer}, plan {plan}", file.name().unwrap_or("a file"));
    if options.dry_run {
        return Ok(());
    }
    let package = client.upload_package(&offer, file).on_progress(bytes_bar()).send().await?;
    let changed = client.package_configuration_draft(&offer, &plan).modify(|c| c.set_package(&package)).await?;
    println!(
        "package {} is processed and assigned to the plan (request id {})",
        package.id.as_ref().map_or("", |id| id.as_str()),
        changed.request_id().unwrap_or_default()
    );
    Ok(())
}
