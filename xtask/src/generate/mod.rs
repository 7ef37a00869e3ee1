//! Flow 1, from the document to the crate:
//! load, verify the pin, overlay, normalise, check, progenitor, companions, polish, emit.

mod api;
mod check;
mod companions;
mod correction;
mod corrections_md;
mod emit;
mod engine;
mod finding;
pub mod load;
mod names;
mod node;
mod normalise;
mod overlay;
mod pin;
mod polish;
mod references;
pub mod retained;
mod source;
mod swagger2;
#[cfg(test)]
mod tests;
mod words;

use crate::report::Report;
use anyhow::{Context, Result};
use api::Api;
use companions::usage::Usage;
use correction::{Correction, NotApplied, State};
use emit::Files;
use finding::{Finding, Findings};
use serde_json::Value;
use source::SourceText;
use std::path::{Path, PathBuf};

/// What `cargo xtask generate` was asked for.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// The project's root, which holds `openapi/`.
    pub root: PathBuf,
    /// Another copy of the document than the committed one.
    pub document: Option<PathBuf>,
    /// Another root to write to.
    pub out: Option<PathBuf>,
    /// Compare instead of writing.
    pub check: bool,
    /// Corrections to go on without.
    pub allow_broken: Vec<String>,
    /// Where to write the document that progenitor gets.
    pub emit_normalised: Option<PathBuf>,
    /// Where to write the document that plain progenitor would get.
    pub emit_plain: Option<PathBuf>,
}

/// The corrected document and what became of every correction.
struct Corrected {
    document: Value,
    corrections: Vec<(Correction, State)>,
    not_applied: Vec<NotApplied>,
}

pub fn run(options: &Options, report: &Report) -> Result<()> {
    let openapi = options.root.join("openapi");
    let committed = openapi.join("partner-ingestion.json");
    let path = options.document.as_ref().unwrap_or(&committed);
    let own = options.document.is_none();

    let document = load::load(path)?;
    report.step("load", &path.display().to_string());
    if own {
        let source = pin::read(&openapi.join("source.toml"))?;
        pin::verify(&source, &document.bytes, path)?;
        let short = &source.sha256[..12];
        report.step("pin", &format!("version {} of {}, sha256 {short}", source.version, source.retrieved));
    }

    let mut findings = Findings::default();
    let corrected = correct(document.value, &openapi, options, own, &mut findings, report)?;
    findings.extend(references::check(&corrected.document));
    let names = names::read(&openapi.join("names.toml"))?;
    let (mut api, found) = normalise::normalise(&corrected.document, &names);
    findings.extend(found);
    let retained = retained::read(&openapi.join(retained::FILE))?.add_to(&mut api);
    if own {
        findings.extend(retained);
        findings.extend(names.unused());
    } else if let Err(unused) = names.unused().into_result("names without a place in this document") {
        report.warn(&unused.to_string());
    }
    findings.extend(check::check(&api));
    findings.into_result_in("the document cannot be generated from as it is", &document.source)?;
    report_shape(&api, &document.source, report);

    let file = engine::run(&api)?;
    report.step("progenitor", engine::VERSION);
    let extra = [(&options.emit_normalised, engine::lower as fn(&Api) -> Value), (&options.emit_plain, engine::plain)];
    for (path, document) in extra {
        if let Some(path) = path {
            let text = serde_json::to_string_pretty(&document(&api))?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let files = assemble(&api, file, &corrected)?;
    finish(&files, options, report)
}

fn correct(
    mut document: Value,
    openapi: &Path,
    options: &Options,
    own: bool,
    findings: &mut Findings,
    report: &Report,
) -> Result<Corrected> {
    let mut corrections = Vec::new();
    let mut not_applied: Vec<NotApplied> = Vec::new();
    let mut docs = None;
    for file in overlay::read_all(&openapi.join("overlays"))? {
        if let Some(facts) = file.extensions.get("x-not-applied") {
            let facts: Vec<NotApplied> =
                serde_json::from_value(facts.clone()).with_context(|| format!("{}: x-not-applied", file.name))?;
            not_applied.extend(facts);
        }
        match file.name.as_str() {
            "docs.overlay.yaml" => docs = Some(file),
            name => corrections.extend(correction::group(name, file.actions)?),
        }
    }
    let ids = corrections.iter().map(|c| c.fact.id.as_str());
    correction::check_ids(ids.chain(not_applied.iter().map(|fact| fact.id.as_str())))?;

    let mut outcome = Vec::new();
    for correction in corrections {
        let id = correction.fact.id.clone();
        if options.allow_broken.contains(&id) {
            report.warn(&format!("correction {id} is left out, as asked"));
            continue;
        }
        let state = correction.apply(&mut document)?;
        match &state {
            State::Applied(_) => {}
            State::NoLongerNeeded if own => {
                let help = format!("remove its group from openapi/overlays/{}", correction.file);
                findings.push(Finding::new("", format!("correction {id} is no longer needed")).help(help));
            }
            State::NoLongerNeeded => report.warn(&format!("correction {id} is no longer needed: the document has it")),
            State::Broken(reason) => {
                let help =
                    format!("correct openapi/overlays/{}, or go on without it: --allow-broken {id}", correction.file);
                findings.push(Finding::new("", format!("correction {id} is broken: {reason}")).help(help));
            }
        }
        outcome.push((correction, state));
    }
    let applied = outcome.iter().filter(|(_, state)| matches!(state, State::Applied(_))).count();
    report.step("overlay", &format!("{applied} corrections applied, {} known and not applied", not_applied.len()));

    if let Some(docs) = docs {
        let gone = docs.apply_all(&mut document)?;
        report.step("docs", &format!("{} entries", docs.actions.len() - gone.len()));
        for target in gone {
            report.warn(&format!("docs.overlay.yaml describes a place that is gone: {target}"));
        }
    }
    Ok(Corrected { document, corrections: outcome, not_applied })
}

fn report_shape(api: &Api, source: &SourceText, report: &Report) {
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
    for notice in &api.notices {
        let (line, column) = source.line_and_column(source.locate(&notice.pointer).start);
        report.warn(&format!("{}:{line}:{column}: {notice}", source.name));
    }
}

/// Every file that `generate` owns.
fn assemble(api: &Api, file: syn::File, corrected: &Corrected) -> Result<Files> {
    const SDK: &str = "partner-ingestion-sdk/src/generated";
    let document = pretty(&corrected.document)?;
    let banner = banner(&document);
    let usage = Usage::of(api);
    let split = polish::polish(file, api, &usage)?;
    let operations = companions::operations::emit(api, &split.requests)?;
    let bridge = companions::bridge::emit(api);

    let mut files = Files::default();
    let rust = [
        ("mod", "What `cargo xtask generate` made from the document.", MODULES.to_owned()),
        ("types", "The objects of the interface.", prettyplease::unparse(&split.types)),
        ("enums", "The lists of values of the interface.", companions::enums::emit(api, &usage)),
        ("unions", "The alternatives of the interface.", companions::unions::emit(api, &usage)),
        ("ids", "The identifiers in the paths of the interface.", companions::ids::emit(api)),
        ("setters", "Setters of what request bodies hold.", companions::setters::emit(api, &usage)),
        ("resources", "Defaults, and what resources and pages have in common.", companions::resources::emit(api)),
        ("requests", "Progenitor's requests: paths, queries, bodies.", prettyplease::unparse(&split.requests)),
        ("table", "The operations, as the runtime knows them.", companions::table::emit(api)),
        ("operations", "The public builders of the operations.", formatted(&operations)?),
    ];
    for (name, purpose, code) in rust {
        files.add_rust(&format!("{SDK}/{name}.rs"), &banner, purpose, &code)?;
    }
    let suite = "tests/suite/src/generated";
    let purpose = "Every type and every operation by name.";
    files.add_rust(&format!("{suite}/bridge.rs"), &banner, purpose, &formatted(&bridge)?)?;
    let module = "#[allow(deprecated, reason = \"what the document dropped is tested too\")]\npub mod bridge;\n";
    files.add_rust(&format!("{suite}/mod.rs"), &banner, "What the tests need of every type.", module)?;
    files.add("tests/sandbox/src/generated/openapi.json", document.clone());
    files.add("openapi/partner-ingestion.openapi.json", document);
    files.add("openapi/CORRECTIONS.md", corrections_md::render(&corrected.corrections, &corrected.not_applied));
    Ok(files)
}

const MODULES: &str = "pub mod enums;\npub mod ids;\npub mod resources;\npub mod setters;\npub mod types;\npub mod unions;\n\n\
    #[cfg(feature = \"client\")]\npub mod operations;\n#[cfg(feature = \"client\")]\npub mod requests;\n\
    #[cfg(feature = \"client\")]\npub mod table;\n";

fn formatted(code: &str) -> Result<String> {
    let file = syn::parse_file(code).with_context(|| {
        let start: String = code.lines().take(60).collect::<Vec<_>>().join("\n");
        format!("a companion is not valid Rust:\n{start}")
    })?;
    Ok(prettyplease::unparse(&file))
}

fn pretty(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

fn banner(document: &str) -> String {
    let digest = &pin::sha256(document.as_bytes())[..12];
    format!(
        "// @generated by `cargo xtask generate` with progenitor {}.\n\
         // Input: openapi/partner-ingestion.openapi.json (sha256 {digest}).\n\
         // Do not edit: change openapi/overlays/, openapi/names.toml or the generator, and regenerate.\n\n",
        engine::VERSION
    )
}

fn finish(files: &Files, options: &Options, report: &Report) -> Result<()> {
    let root = options.out.as_ref().unwrap_or(&options.root);
    if options.check {
        let total = files.check(root, "cargo xtask generate")?;
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
