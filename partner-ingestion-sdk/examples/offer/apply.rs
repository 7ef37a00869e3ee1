//! `offer apply`: several offers at a time, with a progress line for each and a report at the end.

use crate::args::{self, Target};
use crate::common::{Connection, Outcome, confirmed, named_spinner, print_error, table};
use crate::{connection, show};
use console::style;
use futures_util::{StreamExt, stream};
use indicatif::{MultiProgress, ProgressBar};
use partner_ingestion_sdk::types::ProductId;
use partner_ingestion_sdk::{Client, Error, IfPending, OfferManifest, Stage};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The names of a manifest in its folder.
const MANIFESTS: [&str; 3] = ["offer.yaml", "offer.yml", "offer.json"];
/// Certification takes hours.
const HALF_DAY: Duration = Duration::from_secs(12 * 3600);

/// What was done with an offer.
struct Report {
    changes: usize,
    outcome: String,
}

pub(crate) async fn apply(target: &Target, args: args::Apply) -> Outcome<ExitCode> {
    let folders = offers_in(&args.folders)?;
    let mut manifests = Vec::new();
    for folder in &folders {
        manifests.push((folder, OfferManifest::load(folder).await));
    }
    refuse_twins(&manifests)?;
    if target.live && !args.dry_run && !args.yes {
        for manifest in manifests.iter().filter_map(|(_, manifest)| manifest.as_ref().ok()) {
            if !confirmed(&manifest.offer_id)? {
                return Err("not confirmed; nothing was changed".into());
            }
        }
    }
    let Connection { client, sandbox: _sandbox } = &connection::open(target).await?;
    let lines = MultiProgress::new();
    let work = manifests.into_iter().map(|(folder, manifest)| {
        let line = named_spinner(&lines, &folder.display().to_string());
        let (args, lines) = (&args, &lines);
        async move {
            let result = match manifest {
                Ok(manifest) => one(client, &manifest, args, &line, lines).await,
                Err(error) => Err(error.into()),
            };
            line.finish_and_clear();
            (folder, result)
        }
    });
    let results: Vec<_> = stream::iter(work).buffered(usize::from(args.at_a_time)).collect().await;
    Ok(report(&results))
}

/// Returns the folders of offers. A folder without a manifest is replaced by its subfolders that have one, in the order of their names.
pub(crate) fn offers_in(folders: &[PathBuf]) -> Outcome<Vec<PathBuf>> {
    let has_manifest = |folder: &Path| MANIFESTS.iter().any(|name| folder.join(name).is_file());
    let mut found = Vec::new();
    for folder in folders {
        let mut below = Vec::new();
        if folder.is_dir() && !has_manifest(folder) {
            for entry in std::fs::read_dir(folder)? {
                below.extend(Some(entry?.path()).filter(|path| has_manifest(path)));
            }
            below.sort();
        }
        // One that has none is reported when it is read.
        if below.is_empty() {
            below.push(folder.clone());
        }
        found.extend(below);
    }
    Ok(found)
}

/// Two folders must not describe the same offer.
fn refuse_twins(manifests: &[(&PathBuf, Result<OfferManifest, Error>)]) -> Outcome<()> {
    let mut folders: BTreeMap<&str, &Path> = BTreeMap::new();
    for (folder, manifest) in manifests {
        let Ok(manifest) = manifest else { continue };
        if let Some(other) = folders.insert(&manifest.offer_id, folder) {
            let (other, folder) = (other.display(), folder.display());
            return Err(format!("{other} and {folder} have the same offer id {:?}", manifest.offer_id).into());
        }
    }
    Ok(())
}

async fn one(
    client: &Client,
    manifest: &OfferManifest,
    args: &args::Apply,
    line: &ProgressBar,
    lines: &MultiProgress,
) -> Outcome<Report> {
    if args.dry_run {
        let diff = manifest.diff(client).await?;
        lines.suspend(|| print!("{}\n{}", style(&manifest.offer_id).bold(), show::text(&diff)));
        return Ok(Report { changes: diff.changes().len(), outcome: "not applied".to_owned() });
    }
    let (offer, step_line, step_lines) = (manifest.offer_id.clone(), line.clone(), lines.clone());
    let apply = client.apply_offer(manifest).prune(args.prune).check(args.publish.is_some()).on_step(move |step| {
        step_line.set_message(step.to_string());
        step_lines.suspend(|| println!("{offer}  {step}"));
    });
    let applied = apply.await?;
    let changes = applied.steps.len();
    let outcome = match (args.publish, &applied.product) {
        (Some(stage), Some(product)) => publish(client, product, stage, line).await?,
        _ if changes == 0 => "no changes".to_owned(),
        _ => "applied".to_owned(),
    };
    Ok(Report { changes, outcome })
}

async fn publish(client: &Client, product: &ProductId, stage: args::Stage, line: &ProgressBar) -> Outcome<String> {
    if !client.has_unpublished_changes(product).await? {
        return Ok("nothing to publish".to_owned());
    }
    let line = line.clone();
    let publish = client.publish(product).max_wait(HALF_DAY).on_stage(move |stage| line.set_message(stage.to_string()));
    // A preview with the same drafts is taken live, and an interrupted run continues.
    let publish = publish.if_pending(IfPending::Adopt);
    let publish = if stage == args::Stage::Live { publish.to_live() } else { publish };
    Ok(Stage::of(&publish.await?).to_string())
}

/// Prints a line for each folder, and the errors.
fn report(results: &[(&PathBuf, Outcome<Report>)]) -> ExitCode {
    let row = |(folder, result): &(&PathBuf, Outcome<Report>)| {
        let (changes, outcome) = match result {
            Ok(report) => (report.changes.to_string(), style(report.outcome.clone()).green()),
            Err(error) => {
                let applied = error.downcast_ref::<Error>().and_then(Error::applied);
                (applied.map_or(0, |applied| applied.steps.len()).to_string(), style("failed".to_owned()).red())
            }
        };
        vec![folder.display().to_string(), changes, outcome.to_string()]
    };
    print!("{}", table(&["folder", "changes", "result"], &results.iter().map(row).collect::<Vec<_>>()));
    let failures: Vec<_> =
        results.iter().filter_map(|(folder, result)| Some((folder, result.as_ref().err()?))).collect();
    for (folder, error) in &failures {
        eprintln!("\n{}", style(folder.display()).for_stderr().bold());
        print_error(&***error);
        for resource in error.downcast_ref::<Error>().and_then(Error::applied).iter().flat_map(|a| &a.remaining) {
            eprintln!("  not done: {resource}");
        }
    }
    if failures.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("\n{} of {} offers failed. Apply again to continue.", failures.len(), results.len());
    ExitCode::FAILURE
}
