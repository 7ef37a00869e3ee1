//! Generates the crate from the document:
//! load, verify the pin, apply overlays, normalize, check, run progenitor, emit companions, polish, write.

pub mod companions;
mod corrections_md;
pub mod emit;
mod engine;
pub mod model;
mod panics;
mod polish;
pub mod retained;
#[cfg(test)]
pub(crate) mod tests;
mod tools_document;

use crate::document::correct::{Corrected, correct};
use crate::document::finding::Findings;
use crate::document::manifest::{self, Manifest};
use crate::document::month::{Age, Month};
use crate::document::names::{self, Names};
use crate::document::rules::{self, Rule};
use crate::document::source::SourceText;
use crate::document::{foreign, load, overlay, pin, references};
use crate::report::Report;
use anyhow::{Context, Result};
use companions::usage::Usage;
use emit::Files;
use model::api::Api;
use model::hand_written::{self, HandWritten};
use model::{check, manifest as manifest_types, normalise, rules as publishing_rules};
use retained::Retained;
use serde_json::Value;
use std::path::PathBuf;

pub use tools_document::FILE as TOOLS_DOCUMENT;

/// The options of `cargo xtask generate`.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// The project's root, which holds `openapi/`.
    pub root: PathBuf,
    /// Another copy of the document, instead of the committed one.
    pub document: Option<PathBuf>,
    /// Another root to write below.
    pub out: Option<PathBuf>,
    /// Compare instead of writing.
    pub check: bool,
    /// Ids of corrections to skip.
    pub allow_broken: Vec<String>,
    /// List the corrections whose last confirmation is older than that, and do nothing else. With the current month.
    pub stale: Option<(Month, Age)>,
    /// Where to write the document that progenitor reads.
    pub emit_normalised: Option<PathBuf>,
    /// Where to write the document for plain progenitor.
    pub emit_plain: Option<PathBuf>,
}

pub fn run(options: &Options, report: &Report) -> Result<()> {
    let openapi = options.root.join("openapi");
    let committed = openapi.join("partner-ingestion.json");
    let path = options.document.as_ref().unwrap_or(&committed);
    let is_committed = options.document.is_none();

    let earlier = (!is_committed && committed.exists()).then(|| load::load(&committed)).transpose()?;
    let document = load::load_like(path, earlier.as_ref().map(|earlier| &earlier.value))?;
    report.step("load", &path.display().to_string());
    report.notices(&document.notices, &document.source);
    if is_committed {
        let source = pin::read(&openapi.join("source.toml"))?;
        pin::verify(&source, &document.bytes, path)?;
        let short = &source.sha256[..12];
        report.step("pin", &format!("version {} of {}, sha256 {short}", source.version, source.retrieved));
    }

    let names = names::read(&openapi.join("names.toml"))?;
    let known = names.operations.keys().filter_map(|operation| Some(operation.split_once(' ')?.1));
    foreign::check(&document.value, known).with_context(|| path.display().to_string())?;
    let corrected = correct(document.value, &overlay::read_all(&openapi.join("overlays"))?, &options.allow_broken)?;
    if let Some((today, age)) = options.stale {
        let lines = corrections_md::stale(&corrected.corrections, today, age);
        lines.iter().for_each(|line| report.detail(line));
        let (count, total) = (lines.len(), corrected.corrections.len());
        report.step(
            "stale",
            &format!(
                "{count} of {total} corrections were last confirmed more than {} months ago, or never",
                age.months
            ),
        );
        return Ok(());
    }
    corrected.report(is_committed, report);
    let retained = retained::read(&openapi.join(retained::FILE))?;
    let (mut api, mut findings) =
        interface(&corrected.document, &names, &retained, &hand_written::read(&options.root)?, is_committed);
    findings.extend(corrected.findings(is_committed));
    corrected.attribute(&mut findings);
    let rules = rules::read(&openapi.join(rules::FILE))?;
    findings.extend(rules.findings());
    let (rules, unfit) = publishing_rules::apply(&rules.rules, &mut api);
    let mut manifest = manifest::read(&openapi.join(manifest::FILE))?;
    let outdated = [
        ("names that are not in this document", names.unused(|table, key| retained.keeps(&names, table, key))),
        ("rules that do not fit this document", unfit),
        ("parts of a manifest that are not in this document", manifest_types::fit(&mut manifest, &api)),
    ];
    for (what, found) in outdated {
        if is_committed {
            findings.extend(found);
        } else if let Err(error) = found.into_result(what) {
            report.warn(&error.to_string());
        }
    }
    findings.into_result_in("cannot generate from the document", &document.source)?;
    report_model(&api, &document.source, report);

    let file = engine::run(&api)?;
    report.step("progenitor", engine::VERSION);
    let extra = [(&options.emit_normalised, engine::lower as fn(&Api) -> Value), (&options.emit_plain, engine::plain)];
    for (path, document) in extra {
        if let Some(path) = path {
            let text = serde_json::to_string_pretty(&document(&api))?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let files = assemble(&api, file, &corrected, &rules, &manifest)?;
    finish(&files, options, report)
}

/// Returns the interface of a corrected document with its retained items, and all findings.
pub fn interface(
    document: &Value,
    names: &Names,
    retained: &Retained,
    sdk: &HandWritten,
    is_committed: bool,
) -> (Api, Findings) {
    let mut findings = references::check(document);
    let (mut api, found) = normalise::normalise(document, names);
    api.crate_name.clone_from(&sdk.crate_name);
    findings.extend_elsewhere(found);
    let found = retained.add_to(&mut api);
    if is_committed {
        findings.extend(found);
    }
    findings.extend(check::check(&api, sdk));
    (api, findings)
}

fn report_model(api: &Api, source: &SourceText, report: &Report) {
    report.step(
        "normalise",
        &format!(
            "{} operations, {} types, {} enums, {} unions, {} identifiers",
            api.operations.len(),
            api.structs.len(),
            api.enums.len(),
            api.unions.len(),
            api.ids.len()
        ),
    );
    report.notices(&api.notices, source);
}

/// Assembles every file that `generate` owns.
fn assemble(api: &Api, file: syn::File, corrected: &Corrected, rules: &[Rule], manifest: &Manifest) -> Result<Files> {
    const SDK: &str = "partner-ingestion-sdk/src/generated";
    let document = pretty(&corrected.document)?;
    let banner = banner();
    let usage = Usage::of(api);
    let split = polish::polish(file, api, &usage)?;

    let mut files = Files::default();
    let overview = companions::overview::text(api);
    let mut rust = vec![
        ("enums", "The enums of the interface.", companions::enums::emit(api, &usage)?),
        ("unions", "The unions of the interface.", companions::unions::emit(api, &usage)?),
        ("ids", "The identifiers in paths.", companions::ids::emit(api)?),
        ("setters", "Setters of request bodies.", companions::setters::emit(api, &usage)?),
        (
            "resources",
            "Implementations of `Default`, `Resource` and `Page`, and conversions to ids.",
            companions::resources::emit(api)?,
        ),
        ("table", "The table of operations.", companions::table::emit(api)?),
        ("types", "The structs of the interface.", prettyplease::unparse(&split.types)),
        ("requests", "Progenitor's requests: paths, queries, bodies.", prettyplease::unparse(&split.requests)),
        ("operations", overview.trim_end(), companions::operations::emit(api, &split.requests)?),
    ];
    // Another document has no offers, and none of the tests that are about them.
    let has_offers = !manifest.parts.is_empty() || !rules.is_empty();
    if has_offers || !api.modifiers().is_empty() {
        let code = companions::modify::emit(api, has_offers)?;
        rust.push(("modify", "Changes of resources without lost updates.", code));
    }
    if has_offers {
        rust.push(("rules", "The rules of publishing.", companions::rules::emit(rules)?));
        rust.push(("manifest", "The types of an offer as a file.", companions::manifest::emit(api, manifest)?));
        let suite = "tests/suite/src/generated";
        let purpose = "Every type and every operation by name.";
        files.add_rust(&format!("{suite}/bridge.rs"), &banner, purpose, &companions::bridge::emit(api)?);
        let module = "#[allow(deprecated, reason = \"removed items are tested, too\")]\npub mod bridge;\n";
        files.add_rust(&format!("{suite}/mod.rs"), &banner, "Every type and every operation, for the tests.", module);
        files.add(emit::SCHEMA, companions::manifest_schema::emit(api, manifest)?);
        files.add(&format!("{SDK}/publishing_rules.md"), companions::rules::page(rules));
        files.add("tests/sandbox/src/generated/openapi.json", document.clone());
        files.add("tests/sandbox/src/generated/publishing-rules.json", companions::rules::json(rules)?);
    }
    rust.push(("mod", "Code generated by `cargo xtask generate` from the document.", modules(&rust)));
    for (name, purpose, code) in rust {
        files.add_rust(&format!("{SDK}/{name}.rs"), &banner, purpose, &code);
    }
    files.add(TOOLS_DOCUMENT, pretty(&tools_document::document(&corrected.document, api))?);
    let digest = pin::sha256(document.as_bytes());
    files.add("openapi/partner-ingestion.openapi.json", document);
    let corrections = corrections_md::render(&corrected.corrections, &corrected.not_applied, &digest);
    files.add("openapi/CORRECTIONS.md", corrections);
    Ok(files)
}

/// Declares the modules: the types, and what belongs to the client.
fn modules(files: &[(&str, &str, String)]) -> String {
    const TYPES: [&str; 6] = ["enums", "ids", "resources", "setters", "types", "unions"];
    let mut client: Vec<&str> = files.iter().map(|(name, ..)| *name).filter(|name| !TYPES.contains(name)).collect();
    client.sort_unstable();
    let types = TYPES.map(|name| format!("pub mod {name};\n")).concat();
    let client = client.iter().map(|name| format!("#[cfg(feature = \"client\")]\npub mod {name};\n"));
    format!("{types}\n{}", client.collect::<String>())
}

fn pretty(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// Without a digest of the document, so that new prose changes only the files that have it. `CORRECTIONS.md` has the digest.
fn banner() -> String {
    format!(
        "// @generated by `cargo xtask generate` with progenitor {}.\n\
         // Input: openapi/partner-ingestion.openapi.json.\n\
         // Do not edit: change openapi/overlays/, openapi/names.toml or the generator, and regenerate.\n\n",
        engine::VERSION
    )
}

/// The command that writes what `--check` compares.
fn command(options: &Options) -> String {
    let mut command = "cargo xtask generate".to_owned();
    let paths = [("--document", &options.document), ("--out", &options.out)];
    for (option, path) in paths.into_iter().filter_map(|(option, path)| Some((option, path.as_ref()?))) {
        command += &format!(" {option} {}", path.display());
    }
    options.allow_broken.iter().for_each(|id| command += &format!(" --allow-broken {id}"));
    command
}

fn finish(files: &Files, options: &Options, report: &Report) -> Result<()> {
    let root = options.out.as_ref().unwrap_or(&options.root);
    if options.check {
        let total = files.check(root, &command(options))?;
        report.step("check", &format!("{total} files are up to date"));
        return Ok(());
    }
    let written = files.write(root)?;
    for path in written.changed.iter().chain(&written.removed) {
        report.detail(&path.display().to_string());
    }
    let unchanged = written.total - written.changed.len();
    let (changed, removed) = (written.changed.len(), written.removed.len());
    report.step("emit", &format!("{changed} files written, {removed} removed, {unchanged} unchanged"));
    Ok(())
}
