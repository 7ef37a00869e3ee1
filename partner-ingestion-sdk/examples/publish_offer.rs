//! Creates an Azure application offer with one plan and publishes it to live.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::content::describe;
use common::{ARCHIVE, Connection, Options, Outcome, bytes_bar, plan, run, spinner};
use partner_ingestion_sdk::FileSource;
use partner_ingestion_sdk::types::*;
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
    let configuration = client.package_configuration_draft(&offer, &plan);
    let configured = configuration.modify(|c| match c.set_package(&package) {
        PackageConfiguration::AzureSolutionTemplate(c) => c.set_version("1.0.0").into(),
        other => other,
    });
    configured.await?;
    for finding in client.publish(&offer).check().await? {
        eprintln!("{finding}");
    }
    let line = spinner();
    let progress = line.clone();
    let publish = client.publish(&offer).to_live().on_stage(move |stage| progress.set_message(stage.to_string()));
    let live = publish.max_wait(Duration::from_secs(12 * 3600)).send().await?;
    line.finish_and_clear();
    println!("{offer} is live: submission {}", live.id.map(|id| id.to_string()).unwrap_or_default());
    Ok(())
}
