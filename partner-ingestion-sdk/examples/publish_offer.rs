//! Creates an Azure application offer with one plan and publishes it to live.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::content::describe;
use common::{ARCHIVE, Connection, Options, Outcome, bytes_bar, plan, run, spinner};
use partner_ingestion_sdk::FileSource;
use partner_ingestion_sdk::types::*;
use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

#[tokio::main]
async fn main() -> ExitCode {
    run("Publishes an Azure application offer with one plan.", true, publish).await
}

async fn publish(Connection { client, sandbox }: &Connection, options: &Options) -> Outcome<()> {
    let new = AzureProduct::application(&options.offer, &options.offer);
    if options.dry_run && sandbox.is_none() {
        return plan(client, &options.offer).await;
    }
    let offer = client.ensure_product(new).await?;
    step("offer", &offer);
    let sku = client.ensure_variant(&offer, AzureSkuVariant::solution_template("standard", "Standard")).await?;
    step("plan", &sku);
    if options.dry_run {
        return plan(client, &options.offer).await;
    }
    describe(client, &offer, &sku).await?;
    step("content", "category, texts, contacts, logos, preview audience and market");

    let file = options.package.as_deref().map_or_else(|| FileSource::bytes("app.zip", ARCHIVE), FileSource::from);
    let package = client.ensure_package(&offer, file).on_progress(bytes_bar()).await?;
    step("package", package.file_name.as_deref().unwrap_or("uploaded"));
    let configuration = client.package_configuration_draft(&offer, &sku);
    configuration.modify(|c| c.set_version("1.0.0").set_package(&package)).await?;
    for finding in client.publish(&offer).check().await? {
        step("check", finding);
    }

    let line = spinner("waiting for the next stage");
    let progress = line.clone();
    let publish = client.publish(&offer).to_live().max_wait(Duration::from_secs(12 * 3600));
    let live = publish.on_stage(move |stage| progress.suspend(|| step("stage", stage))).await?;
    line.finish_and_clear();
    println!("{offer}: submission {live}");
    Ok(())
}

/// Prints what was done.
fn step(name: &str, what: impl Display) {
    println!("  {name:<8} {what}");
}
