//! `cargo xtask update FILE`: updates to a new version of the document, up to the entry in the changelog.
//!
//! Works in a copy of the project below `target/` and changes the project only after the copy builds, so that a failure leaves it
//! unchanged.

pub mod changelog;
pub mod copy;
#[cfg(test)]
mod retained_tests;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod usages;
#[cfg(test)]
mod usages_tests;
#[cfg(test)]
mod walk_tests;

use crate::diff::compare::compare;
use crate::diff::{CORRECTED, Changes, render, users};
use crate::document::correct::{Corrected, correct};
use crate::document::correction::State;
use crate::document::finding::Findings;
use crate::document::load::{self, Document};
use crate::document::{foreign, names, overlay, pin};
use crate::generate::emit::Files;
use crate::generate::model::api::Api;
use crate::generate::model::{hand_written, normalise};
use crate::generate::retained::{self, Retained};
use crate::generate::{self, interface};
use crate::process::{cargo, cargo_build};
use crate::report::Report;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;

/// The options of `cargo xtask update`.
pub struct Options<'o> {
    /// The new document; `-` is standard input.
    pub document: &'o Path,
    /// Print what would be done without doing it.
    pub dry_run: bool,
    /// Ids of corrections to remove if they no longer apply.
    pub allow_broken: &'o [String],
    pub proof: Proof,
    /// The day on which the document was retrieved.
    pub day: &'o str,
}

/// The check that the new code must pass before the project is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The code is generated. For tests, whose project is incomplete.
    #[cfg(test)]
    Generated,
    /// The project compiles.
    Compiles,
    /// The tests pass.
    Tested,
}

const DOCUMENT: &str = "openapi/partner-ingestion.json";

pub fn run(root: &Path, options: &Options<'_>, report: &Report) -> Result<()> {
    let earlier = load::load(&root.join(DOCUMENT))?.value;
    let document = load::load_like(options.document, Some(&earlier))?;
    report.step("load", &document.source.name);
    report.notices(&document.notices, &document.source);
    let prepared = prepare(root, &document, options, report)?;
    let Some(inputs) = prepared else {
        report.step("done", "the document is unchanged");
        return Ok(());
    };
    let copy = copy::of(root, "update")?;
    inputs.write(&copy)?;
    generate::run(&generate::Options { root: copy.clone(), ..generate::Options::default() }, report)
        .context("cannot generate from the new document; nothing was changed")?;
    let mut files = Files::default();
    files.add_all(&copy)?;
    files.add_file(&copy, changelog::FILE)?;
    if options.dry_run {
        for path in files.differing(root)? {
            report.detail(&format!("would write {}", path.display()));
        }
        report.step("done", "dry run: the code was generated in target/update, nothing else was written");
        return Ok(());
    }
    prove(root, &copy, options.proof, report)?;
    let written = files.write(root)?;
    for path in written.changed.iter().chain(&written.removed) {
        report.detail(&path.display().to_string());
    }
    report.step("done", "review `git diff` and commit; see CONTRIBUTING.md");
    Ok(())
}

/// Prints the changes of the new document and returns the changed inputs; `None` if the document is the same
/// byte for byte.
pub fn prepare(root: &Path, document: &Document, options: &Options<'_>, report: &Report) -> Result<Option<Files>> {
    let day = options.day;
    let openapi = root.join("openapi");
    let old = load::load(&root.join(DOCUMENT))?;
    pin::verify(&pin::read(&openapi.join("source.toml"))?, &old.bytes, &root.join(DOCUMENT))?;
    let known = old.value["paths"].as_object().into_iter().flatten().map(|(path, _)| path.as_str());
    foreign::check(&document.value, known).with_context(|| document.source.name.clone())?;
    let committed = tables::committed_form(document)?;
    if committed.as_bytes() == old.bytes {
        return Ok(None);
    }
    let overlays = openapi.join("overlays");
    let names_text = read(&openapi.join("names.toml"))?;
    let earlier = retained::read(&openapi.join(retained::FILE))?;
    let old_names = names::parse(&names_text).context("openapi/names.toml")?;
    let actions = overlay::read_all(&overlays)?;
    let sdk = hand_written::read(root)?;
    // What the crate was generated from, whatever the overlays are now.
    let old = load::load(&root.join(CORRECTED))?;
    let (old_api, findings) = interface(&old.value, &old_names, &earlier, &sdk, false);
    findings.into_result_in("cannot read the current interface", &old.source)?;

    let corrected = correct(document.value.clone(), &actions, options.allow_broken)?;
    let wire = compare(&old.value, &corrected.document);
    report_corrections(&corrected, report);
    let proposed = normalise::unnamed(&corrected.document, &old_names);
    for (operation, name) in &proposed {
        report.step("name", &format!("{operation} is named {name}; improve the name in openapi/names.toml if needed"));
    }
    let names_text = tables::with_operations(&names_text, &proposed, day)?;
    let new_names = names::parse(&names_text)?;
    let (mut new_api, findings) = interface(&corrected.document, &new_names, &Retained::default(), &sdk, false);
    if let Err(error) = stop_at(findings, &corrected, document) {
        show(&Changes { users: Vec::new(), wire }, report)?;
        return Err(error);
    }

    let names_text = tables::with_spellings(&names_text, &renamed_properties(&old_api, &new_api))?;
    let retained = Retained::carry(&old_api, &mut new_api, &earlier, day);
    let unused = new_names.unused_rows().into_iter();
    let (kept, unused): (Vec<_>, Vec<_>) = unused.partition(|(table, key)| retained.keeps(&new_names, table, key));
    let names_text = tables::without_rows(&names_text, &unused)?;
    let names_text = tables::with_marks(&names_text, &kept)?;
    let changes = Changes { users: users::compare(&old_api, &new_api), wire };
    show(&changes, report)?;
    usages::report(&usages::find(root, &changes.users, &new_api)?, report);

    let mut files = Files::default();
    files.add("openapi/source.toml", tables::pin(&read(&openapi.join("source.toml"))?, document, &committed, day)?);
    files.add("openapi/names.toml", names_text);
    if retained != Retained::default() || earlier != Retained::default() {
        files.add("openapi/retained.toml", retained.render()?);
    }
    for (name, text) in tables::needed_corrections(&overlays, &corrected)? {
        files.add(&format!("openapi/overlays/{name}"), text);
    }
    let entry = changelog::Entry { changes: &changes.users, day, digest: &pin::sha256(committed.as_bytes()) };
    files.add(changelog::FILE, entry.added_to(&read(&root.join(changelog::FILE))?));
    files.add(DOCUMENT, committed);
    Ok(Some(files))
}

fn show(changes: &Changes, report: &Report) -> Result<()> {
    if report.is_shown() {
        anstream::stdout().write_all(render::screen(changes, false).as_bytes()).context("cannot print")?;
    }
    report.step("diff", &format!("{}; {}", changes.count(), render::bump(users::worst(&changes.users))));
    Ok(())
}

/// Prints the outcome of each correction.
fn report_corrections(corrected: &Corrected, report: &Report) {
    let count = |wanted: fn(&State) -> bool| corrected.corrections.iter().filter(|(_, state)| wanted(state)).count();
    for correction in &corrected.left_out {
        report.step("removed", &format!("{} is removed as requested", correction.fact.id));
    }
    let applied = count(|state| matches!(state, State::Applied(_)));
    report.step("corrections", &format!("{applied} of {} still apply", corrected.corrections.len()));
    for (correction, state) in &corrected.corrections {
        match state {
            State::Applied(_) | State::Broken(_) => {}
            State::NoLongerNeeded => {
                report.step(
                    "removed",
                    &format!("{} is fixed in the document; its correction is removed", correction.fact.id),
                );
            }
        }
    }
}

/// Returns an error that lists all problems to fix first.
fn stop_at(mut findings: Findings, corrected: &Corrected, document: &Document) -> Result<()> {
    findings.extend(corrected.findings(false));
    corrected.attribute(&mut findings);
    let stopped = findings.into_result_in("cannot update to the new document", &document.source);
    stopped.map_err(|error| {
        anyhow::anyhow!(
            "{error:#}\n\nnothing was changed. Fix the problems above in openapi/overlays/ or openapi/names.toml, and run \
             `cargo xtask update` again; --allow-broken removes a correction that no longer applies"
        )
    })
}

/// Returns properties whose name changed in the document but not in Rust, as new and old name.
fn renamed_properties(old: &Api, new: &Api) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, object) in &new.structs {
        let Some(before) = old.structs.get(name) else { continue };
        for field in &object.fields {
            let same = before.fields.iter().find(|earlier| earlier.rust == field.rust && earlier.wire != field.wire);
            pairs.extend(same.map(|earlier| (field.wire.clone(), earlier.wire.clone())));
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs
}

/// Builds or tests the new code in the copy.
///
/// Uses the project's target folder, which has the dependencies.
fn prove(root: &Path, copy: &Path, proof: Proof, report: &Report) -> Result<()> {
    copy::build_apart(copy)?;
    let target = root.join("target").to_string_lossy().into_owned();
    let env = [("CARGO_TARGET_DIR", target.as_str())];
    match proof {
        #[cfg(test)]
        Proof::Generated => Ok(()),
        Proof::Compiles => BUILDS.iter().try_for_each(|(what, args)| {
            let mut args: Vec<&str> = args.split(' ').collect();
            args.insert(0, "check");
            let busy = report.busy("build", what);
            let mut count = 0;
            cargo_build(copy, &args, &env, |name| {
                count += 1;
                busy.progress(&format!("{what}: {name} ({count} crates)"));
            })
            .context("the project does not build with the new document; nothing was changed")
        }),
        Proof::Tested => {
            report.step("test", "cargo test --workspace --no-fail-fast");
            // Reports all failing tests in one run.
            cargo(copy, &["test", "--workspace", "--no-fail-fast"], &env)
                .context("tests fail with the new document; nothing was changed")
        }
    }
}

/// The packages to build, the most likely to fail first. `xtask` does not depend on the document.
const BUILDS: [(&str, &str); 3] = [
    ("the SDK", "--package partner-ingestion-sdk --package workspace-hack-client"),
    ("the tests of the types", "--package partner-tests --lib"),
    ("everything that uses the SDK", "--workspace --exclude xtask --all-targets"),
];

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
