//! Creates an Azure application offer with one plan and publishes it to live.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{ARCHIVE, Connection, Options, Outcome, bytes_bar, plan, run, spinner};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, FileSource};
use std::process::ExitCode;
use std::time::Duration;

#[tokio::main]
async fn main() -> ExitCode {
    run("Publishes an Azure application offer with one plan.", true, publish).await
}

async fn publish(Connection { client, .. }: &Connection, options: &Options) -> Outcome<()> {
    if options.dry_run {
        return plan(client, &options.offer).await;
    }
    let offer = client.ensure_product(AzureProduct::application(&options.offer, &options.offer)).await?;
    let plan = client.ensure_variant(&offer, AzureSkuVariant::solution_template("standard", "Standard")).await?;
    describe(client, &offer, &plan).await?;
    let file = options.package.as_deref().map_or_else(|| FileSource::bytes("app.zip", ARCHIVE), FileSource::from);
    let package = client.upload_package(&offer, file).on_progress(bytes_bar()).send().await?;
    client.package_configuration_draft(&offer, &plan).modify(|c| c.set_package(&package)).await?;
    let line = spinner();
    let progress = line.clone();
    let publish = client.publish(&offer).to_live().on_stage(move |stage| progress.set_message(stage.to_string()));
    let live = publish.max_wait(Duration::from_secs(12 * 3600)).send().await?;
    line.finish_and_clear();
    println!("{offer} is live: submission {}", live.id.map(|id| id.to_string()).unwrap_or_default());
    Ok(())
}

/// Sets texts, terms, preview audience and markets.
async fn describe(client: &Client, offer: &AzureProduct, plan: &AzureSkuVariant) -> Outcome<()> {
    let categories = LeveledCategories::default().set_compute_azure_apps([ComputeCategory::ApplicationInfrastructure]);
    let property = |p: AzureProperty| {
        p.set_leveled_categories(categories.clone()).set_app_version("1.0.0").set_use_enterprise_contract(true)
    };
    client.property_draft(offer).modify(property).await?;
    let text = |l: AzureListing| {
        l.set_title("Contoso").set_summary("An app").set_short_description("An app").set_description("<p>An app</p>")
    };
    client.listing_draft(offer).modify(text).await?;
    client.listing_draft(offer).plan(plan).modify(text).await?;
    let preview = AudienceMember::default().set_id("11111111-2222-3333-4444-555555555555");
    client.product_availability_draft(offer).modify(|a| a.set_subscription_audiences([preview.clone()])).await?;
    let market = MarketState::default().set_market_code("US").set_state(MarketSaleState::Enabled);
    let sale = |a: FeatureAvailability| a.set_visibility(Visibility::Public).set_market_states([market.clone()]);
    client.feature_availability_draft(offer, plan).modify(sale).await?;
    Ok(())
}
