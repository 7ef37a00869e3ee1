//! Publishes several offers concurrently, with a progress line for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::content::describe;
use common::{ARCHIVE, Connection, Options, Outcome, named_spinner, plan, print_error, run, table};
use console::style;
use futures_util::{StreamExt, stream};
use indicatif::MultiProgress;
use partner_ingestion_sdk::types::{AzureProduct, AzureSkuVariant};
use partner_ingestion_sdk::{Client, Error, FileSource, Response, Stage};
use partner_sandbox::SubmissionOutcome;
use std::process::ExitCode;

/// Maximum number of concurrent submissions. The client limits concurrent requests separately.
const MAX_CONCURRENT_OFFERS: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    run("Publishes three offers to preview; one fails in the sandbox.", true, publish_all).await
}

async fn publish_all(Connection { client, sandbox }: &Connection, options: &Options) -> Outcome<()> {
    let offers: Vec<String> = (1..=3).map(|number| format!("{}-{number}", options.offer)).collect();
    if options.dry_run {
        for offer in &offers {
            // A new sandbox is empty.
            if sandbox.is_some() {
                create(client, offer).await?;
            }
            plan(client, offer).await?;
        }
        return Ok(());
    }
    // In a sandbox, two pass and one fails in certification.
    if let Some(sandbox) = sandbox {
        for outcome in [SubmissionOutcome::Pass, SubmissionOutcome::FailCertification, SubmissionOutcome::Pass] {
            sandbox.set_next_outcome(outcome);
        }
    }
    let lines = MultiProgress::new();
    let work = offers.iter().map(|offer| {
        let line = named_spinner(&lines, offer);
        async move { (offer, publish(client, offer, move |stage| line.set_message(stage.to_string())).await) }
    });
    let results: Vec<_> = stream::iter(work).buffered(MAX_CONCURRENT_OFFERS).collect().await;
    let row = |(offer, result): &(&String, Result<Stage, Error>)| {
        let stage = match result {
            Ok(stage) => style(stage.to_string()).green(),
            Err(_) => style("failed".to_owned()).red(),
        };
        vec![offer.to_string(), stage.to_string()]
    };
    print!("{}", table(&["offer", "stage"], &results.iter().map(row).collect::<Vec<_>>()));
    let failures: Vec<_> = results.iter().filter_map(|(offer, result)| Some((offer, result.as_ref().err()?))).collect();
    for (offer, error) in &failures {
        eprintln!("\n{}", style(offer).for_stderr().bold());
        print_error(*error);
    }
    match failures.len() {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} offers failed", offers.len()).into()),
    }
}

async fn publish(
    client: &Client,
    offer: &str,
    on_stage: impl Fn(Stage) + Send + Sync + 'static,
) -> Result<Stage, Error> {
    let product = create(client, offer).await?;
    let submission = client.publish(&product).on_stage(on_stage).await?;
    Ok(Stage::of(&submission))
}

async fn create(client: &Client, offer: &str) -> Result<Response<AzureProduct>, Error> {
    let product = client.ensure_product(AzureProduct::application(offer, offer)).await?;
    let plan = client.ensure_variant(&product, AzureSkuVariant::solution_template("standard", "Standard")).await?;
    describe(client, &product, &plan).await?;
    let package = client.ensure_package(&product, FileSource::bytes("app.zip", ARCHIVE)).await?;
    let configuration = client.package_configuration_draft(&product, &plan);
    configuration.modify(|c| c.set_version("1.0.0").set_package(&package)).await?;
    Ok(product)
}
