//! Applies every correction and every entry of documentation, and reports the outcome of each.

use super::correction::{self, Correction, NotApplied, State};
use super::finding::{Finding, Findings};
use super::overlay::OverlayFile;
use crate::report::Report;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;

/// The corrected document and the outcome of every correction.
pub struct Corrected {
    pub document: Value,
    pub corrections: Vec<(Correction, State)>,
    pub not_applied: Vec<NotApplied>,
    /// Corrections that were skipped as requested.
    pub left_out: Vec<Correction>,
    /// The file and the line of each correction.
    places: BTreeMap<String, String>,
    documented: usize,
    /// Targets of documentation that match nothing.
    undocumented: Vec<String>,
}

/// Applies the overlays of a folder.
pub fn correct(mut document: Value, overlays: &[OverlayFile], allow_broken: &[String]) -> Result<Corrected> {
    let mut corrections = Vec::new();
    let mut not_applied: Vec<NotApplied> = Vec::new();
    let mut docs = None;
    for file in overlays {
        if let Some(facts) = file.extensions.get("x-not-applied") {
            let facts: Vec<NotApplied> =
                serde_json::from_value(facts.clone()).with_context(|| format!("{}: x-not-applied", file.name))?;
            not_applied.extend(facts);
        }
        match file.name.as_str() {
            "docs.overlay.yaml" => docs = Some(file),
            name => corrections.extend(correction::group(name, file.actions.clone())?),
        }
    }
    let ids = corrections.iter().map(|c| c.fact.id.as_str());
    correction::check_ids(ids.chain(not_applied.iter().map(|fact| fact.id.as_str())))?;

    let known = |id: &&String| !corrections.iter().any(|correction| correction.fact.id == **id);
    if let Some(id) = allow_broken.iter().find(known) {
        let ids: Vec<&str> = corrections.iter().map(|correction| correction.fact.id.as_str()).collect();
        bail!("--allow-broken {id}: no correction has this id; the ids are {}", ids.join(", "));
    }
    let (left_out, corrections): (Vec<_>, Vec<_>) =
        corrections.into_iter().partition(|correction| allow_broken.contains(&correction.fact.id));
    let mut outcome = Vec::new();
    for correction in corrections {
        let state = correction.apply(&mut document)?;
        outcome.push((correction, state));
    }
    let (documented, undocumented) = match docs {
        Some(docs) => {
            let unmatched = docs.apply_all(&mut document);
            (docs.actions.len() - unmatched.len(), unmatched)
        }
        None => (0, Vec::new()),
    };
    let all = outcome.iter().map(|(correction, _)| correction).chain(&left_out);
    let file = |name: &str| overlays.iter().find(|file| file.name == name);
    let places = all.filter_map(|correction| {
        Some((correction.fact.id.clone(), file(&correction.file)?.place_of(&correction.fact.id)))
    });
    let places = places.collect();
    Ok(Corrected { document, corrections: outcome, not_applied, left_out, places, documented, undocumented })
}

impl Corrected {
    /// Returns the corrections that stop generation. In the committed document every correction has to be needed.
    pub fn findings(&self, is_committed: bool) -> Findings {
        let mut findings = Findings::default();
        for (Correction { fact, .. }, state) in &self.corrections {
            let (message, help) = match state {
                State::NoLongerNeeded if is_committed => {
                    (format!("correction {} is no longer needed", fact.id), "remove its group of actions".to_owned())
                }
                State::Broken(reason) => (
                    format!("correction {} is broken: {reason}", fact.id),
                    format!("correct it, or skip it with --allow-broken {}", fact.id),
                ),
                State::Applied(_) | State::NoLongerNeeded => continue,
            };
            let finding = Finding { cause: self.places.get(&fact.id).cloned(), ..Finding::new("", message) };
            findings.push(finding.help(help));
        }
        findings
    }

    /// Adds the correction that a value comes from to the findings about it.
    pub fn attribute(&self, findings: &mut Findings) {
        let applied: Vec<&Correction> = self
            .corrections
            .iter()
            .filter(|(_, state)| matches!(state, State::Applied(_)))
            .map(|(correction, _)| correction)
            .collect();
        for finding in findings.iter_mut().filter(|finding| finding.cause.is_none() && !finding.pointer.is_empty()) {
            let adds = |correction: &&&Correction| {
                correction.actions.iter().any(|action| action.adds(&self.document, &finding.pointer))
            };
            if let Some(correction) = applied.iter().rev().find(adds) {
                finding.cause = self.places.get(&correction.fact.id).cloned();
                finding.message = format!("{} (added by the correction {})", finding.message, correction.fact.id);
            }
        }
    }

    pub fn report(&self, is_committed: bool, report: &Report) {
        for Correction { fact, .. } in &self.left_out {
            report.warn(&format!("correction {} is skipped as requested", fact.id));
        }
        for (correction, state) in &self.corrections {
            if *state == State::NoLongerNeeded && !is_committed {
                report.warn(&format!("correction {} is no longer needed: the document has it", correction.fact.id));
            }
        }
        let applied = self.corrections.iter().filter(|(_, state)| matches!(state, State::Applied(_))).count();
        let known = self.not_applied.len();
        report.step("overlay", &format!("{applied} corrections applied, {known} known and not applied"));
        report.step("docs", &format!("{} entries", self.documented));
        for target in &self.undocumented {
            report.warn(&format!("docs.overlay.yaml: nothing matches {target}"));
        }
    }
}
