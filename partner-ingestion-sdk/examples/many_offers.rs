//! Publishes several offers concurrently, with a progress line for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{Connection, Options, Outcome, run, spinner, table};
use futures_util::{StreamExt, stream};
use indicatif::MultiProgress;
use partner_ingestion_sdk::types::{AzureProduct, AzureSkuVariant};
use partner_ingestion_sdk::{Client, Error, Stage};
use partner_sandbox::SubmissionOutcome;
use std::process::ExitCode;

/// Maximum number of concurrent submissions. The client limits concurrent requests separately.
const MAX_CONCURRENT_OFFERS: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    run("Publishes three offers concurrently to preview. In the sandbox, one of them fails.", true, publish_all).await
}

async fn publish_all(Connection { client, sandbox }: &Connection, options: &Options) -> Outcome<()> {
    let offers: Vec<String> = (1..=3).map(|number| format!("{}-{number}", options.offer)).collect();
    if options.dry_run {
        println!("would publish {}", offers.join(", "));
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
        let line = lines.add(spinner().with_prefix(offer.clone()));
        async move {
            let outcome = publish(client, offer, move |stage| line.set_message(stage.to_string())).await;
            vec![offer.clone(), outcome.map_or_else(|error| error.to_string(), |stage| stage.to_string())]
        }
    });
    let rows: Vec<Vec<String>> = stream::iter(work).buffered(MAX_CONCURRENT_OFFERS).collect().await;
    print!("{}", table(&["offer", "outcome"], &rows));
    Ok(())
}

async fn publish(
    client: &Client,
    offer: &str,
    on_stage: impl Fn(Stage) + Send + Sync + 'static,
) -> Result<Stage, Error> {
    let product = client.ensure_product(AzureProduct::application(offer, offer)).await?;
    client.ensure_variant(&product, AzureSkuVariant::managed_app("standard", "Standard")).await?;
    let submission = client.publish(&product).on_stage(on_stage).send().await?;
    Ok(Stage::of(&submission))
}
