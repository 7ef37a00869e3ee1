//! `offer apply`: several offers at a time, with a progress line for each and a report at the end.

use crate::args::{self, Target};
use crate::common::{Connection, Outcome, confirmed, named_spinner};
use crate::report::Report;
use crate::{connection, show};
use console::style;
use futures_util::{StreamExt, stream};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use partner_ingestion_sdk::{
    Applied, AppliedOffer, Apply, ChangeKind, Client, Error, IfPending, LoadedOffer, OfferManifest, Stage,
};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Certification takes hours.
const HALF_DAY: Duration = Duration::from_secs(12 * 3600);

pub(crate) async fn apply(target: &Target, args: args::Apply) -> Outcome<ExitCode> {
    let offers = offers_in(&args.folders).await;
    if target.live && !args.dry_run && !args.yes {
        for manifest in offers.iter().filter_map(|offer| offer.manifest.as_ref().ok()) {
            if !confirmed(&manifest.offer_id)? {
                return Err("not confirmed; nothing was changed".into());
            }
        }
    }
    let Connection { client, sandbox: _sandbox } = &connection::open(target).await?;
    if args.dry_run {
        return dry_run(client, offers, args.at_a_time.into(), args.prune).await;
    }
    let (publish, lines) = (args.publish, Lines::new(offers.len()));
    let ended = lines.clone();
    let apply = client.apply_offers(offers).max_concurrent_offers(args.at_a_time.into());
    let apply = apply.configure(move |manifest, apply| {
        let apply = apply.prune(args.prune).check(publish.is_some());
        lines.begin(manifest, apply, publish)
    });
    let applied = apply.on_offer(move |offer| ended.end(offer)).await;
    let mut report = Report::default();
    for offer in &applied.offers {
        let changes = offer.applied().map_or(0, |applied| applied.steps.len());
        report.add(&offer.folder, changes, offer.result.as_ref().map(|applied| outcome(applied, publish.is_some())));
    }
    Ok(report.print())
}

/// Reads the offers of all folders. Each may be an offer, or have a folder for each offer.
pub(crate) async fn offers_in(folders: &[PathBuf]) -> Vec<LoadedOffer> {
    let mut offers = Vec::new();
    for folder in folders {
        offers.extend(OfferManifest::load_all(folder).await);
    }
    offers
}

/// The progress: a line that counts, and one for each offer that is being applied. Hidden without a terminal.
#[derive(Clone)]
struct Lines {
    all: MultiProgress,
    count: ProgressBar,
    running: Arc<Mutex<HashMap<String, ProgressBar>>>,
}

impl Lines {
    fn new(offers: usize) -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{pos} of {len} offers");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let count = if offers > 1 { all.add(ProgressBar::new(offers as u64)) } else { ProgressBar::hidden() };
        Self { all, count: count.with_style(style), running: Arc::default() }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the steps and the stages of an offer that begins, and sets how it is published.
    fn begin(&self, manifest: &OfferManifest, apply: Apply, publish: Option<args::Stage>) -> Apply {
        let offer = manifest.offer_id.clone();
        let line = named_spinner(&self.all, &offer);
        line.set_message("comparing");
        self.running().insert(offer.clone(), line.clone());
        let (all, of_stage) = (self.all.clone(), line.clone());
        let apply = apply.on_step(move |step| {
            line.set_message(step.to_string());
            all.suspend(|| println!("{offer}  {step}"));
        });
        let Some(stage) = publish else { return apply };
        apply.publish(move |publish| {
            // A preview with the same drafts is taken live, and an interrupted run continues.
            let publish = publish.max_wait(HALF_DAY).if_pending(IfPending::Adopt);
            let publish = publish.on_stage(move |stage| of_stage.set_message(stage.to_string()));
            if stage == args::Stage::Live { publish.to_live() } else { publish }
        })
    }

    fn end(&self, offer: &AppliedOffer) {
        self.count.inc(1);
        if let Some(line) = offer.offer_id.as_ref().and_then(|id| self.running().remove(id)) {
            line.finish_and_clear();
        }
    }
}

/// Prints what would be done.
async fn dry_run(client: &Client, offers: Vec<LoadedOffer>, at_a_time: usize, prune: bool) -> Outcome<ExitCode> {
    let compare = async |LoadedOffer { folder, manifest, .. }: LoadedOffer| {
        let compared = async {
            let manifest = manifest?;
            let diff = manifest.diff(client).await?;
            Ok::<_, Error>((manifest.offer_id, diff))
        };
        (folder, compared.await)
    };
    let compared: Vec<_> = stream::iter(offers).map(compare).buffered(at_a_time).collect().await;
    let mut report = Report::default();
    for (folder, outcome) in &compared {
        match outcome {
            Ok((offer, diff)) => {
                print!("{}\n{}", style(offer).bold(), show::text(diff, prune));
                let changes = diff.changes().iter().filter(|change| prune || change.kind != ChangeKind::Remove);
                report.add(folder, changes.count(), Ok("not applied".to_owned()));
            }
            Err(error) => report.add(folder, 0, Err(error)),
        }
    }
    Ok(report.print())
}

fn outcome(applied: &Applied, publish: bool) -> String {
    match &applied.submission {
        Some(submission) => Stage::of(submission).to_string(),
        None if publish => "nothing to publish".to_owned(),
        None if applied.steps.is_empty() => "no changes".to_owned(),
        None => "applied".to_owned(),
    }
}
