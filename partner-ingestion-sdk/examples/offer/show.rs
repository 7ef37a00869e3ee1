//! The commands that change nothing in the service: `export`, `diff` and `check`.

use crate::apply::offers_in;
use crate::args::{Diff, Export, Format};
use crate::common::{Connection, Outcome, connect, print_error, spinner};
use console::style;
use partner_ingestion_sdk::types::ValidationItem;
use partner_ingestion_sdk::{ChangeKind, OfferDiff, OfferManifest};
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code of `diff` if there are changes.
const CHANGES: u8 = 3;

pub(crate) async fn export(Connection { client, .. }: &Connection, args: Export) -> Outcome<ExitCode> {
    let product = client.product_by_offer_id(&args.id).await?;
    let line = spinner("exporting");
    let progress = line.clone();
    let export = client.export_offer(&product).to(&args.folder);
    let export = export.on_file(move |path| progress.suspend(|| println!("  {path}")));
    let export = match (args.live_state, args.preview) {
        (true, _) => export.live(),
        (_, true) => export.preview(),
        _ => export,
    };
    let exported = export.await?;
    line.finish_and_clear();
    for path in &exported.missing {
        eprintln!("{} {path} is not in the service and was not downloaded", style("warning:").for_stderr().yellow());
    }
    let plans = exported.manifest.plans.len();
    let s = if plans == 1 { "" } else { "s" };
    println!("{}: {plans} plan{s} written to {}", args.id, args.folder.display());
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn diff(Connection { client, .. }: &Connection, args: Diff) -> Outcome<ExitCode> {
    let manifest = OfferManifest::load(&args.folder).await?;
    let diff = manifest.diff(client).await?;
    match args.format {
        Format::Text => print!("{}", text(&diff, false)),
        Format::Markdown => print!("{}", diff.to_markdown()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&diff)?),
    }
    Ok(if diff.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(CHANGES) })
}

/// Returns changes for standard output, with color only in a terminal.
pub(crate) fn text(diff: &OfferDiff, prune: bool) -> String {
    if diff.is_empty() {
        return "No changes.\n".to_owned();
    }
    let text = if console::colors_enabled() { diff.to_terminal() } else { diff.to_string() };
    let removes = diff.changes().iter().any(|change| change.kind == ChangeKind::Remove);
    if removes && !prune { text + "What is removed (-) is only deleted with `apply --prune`.\n" } else { text }
}

pub(crate) async fn check(folders: &[PathBuf]) -> Outcome<ExitCode> {
    let mut failed = false;
    for offer in offers_in(folders).await {
        let outcome = match offer.manifest {
            Ok(manifest) => findings(&manifest).await,
            Err(error) => Err(error.into()),
        };
        let folder = offer.folder.display();
        match outcome {
            Ok(findings) if findings.is_empty() => println!("{folder}: {}", style("no findings").green()),
            Ok(findings) => {
                failed = true;
                let s = if findings.len() == 1 { "" } else { "s" };
                println!("{folder}: {}", style(format!("{} finding{s}", findings.len())).red());
                findings.iter().for_each(|finding| println!("  {finding}"));
            }
            Err(error) => {
                failed = true;
                println!("{folder}: {}", style("failed").red());
                print_error(&*error);
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Checks the manifest, and then an offer that is created from it in a sandbox, which shows what the manifest does not mention.
async fn findings(manifest: &OfferManifest) -> Outcome<Vec<ValidationItem>> {
    let found = manifest.check().await?;
    if !found.is_empty() {
        return Ok(found);
    }
    // The sandbox stops when it is dropped.
    let Connection { client, sandbox: _sandbox } = connect(false).await?;
    let applied = client.apply_offer(manifest).await?;
    let product = applied.product.ok_or("the offer was not created")?;
    Ok(client.publish(&product).check().await?)
}
