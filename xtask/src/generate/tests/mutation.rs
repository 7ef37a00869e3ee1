//! Random edits of the document: `generate` returns code or an error with a place. It never panics.
//!
//! `PARTNER_MUTATIONS` is the number of documents, `PARTNER_COMPILES` the number of generated crates that are compiled.

use super::{Project, compiler};
use crate::document::correct::correct;
use crate::document::correction::State;
use crate::document::manifest;
use crate::document::names;
use crate::document::overlay::{self, OverlayFile};
use crate::document::pointer::{escape, unescape};
use crate::generate::emit::Files;
use crate::generate::model::hand_written::{self, HandWritten};
use crate::generate::model::manifest as manifest_types;
use crate::generate::model::normalise;
use crate::generate::retained::Retained;
use crate::generate::{assemble, engine, interface};
use anyhow::Result;
use fastrand::Rng;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Runs the whole pipeline on one document. Skips broken corrections and names new operations by rule, so that an edit reaches the
/// later steps.
fn generated(names: &str, overlays: &[OverlayFile], sdk: &HandWritten, document: &Value) -> Result<Files> {
    let first = correct(document.clone(), overlays, &[])?;
    let broken = first.corrections.iter().filter(|(_, state)| matches!(state, State::Broken(_)));
    let broken: Vec<String> = broken.map(|(correction, _)| correction.fact.id.clone()).collect();
    let corrected = if broken.is_empty() { first } else { correct(document.clone(), overlays, &broken)? };
    let mut names = names::parse(names)?;
    names.operations.extend(normalise::unnamed(&corrected.document, &names));
    let (api, findings) = interface(&corrected.document, &names, &Retained::default(), sdk, false);
    findings.into_result("rejected")?;
    let mut manifest =
        manifest::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi").join(manifest::FILE))?;
    drop(manifest_types::fit(&mut manifest, &api));
    assemble(&api, engine::run(&api)?, &corrected, &[], &manifest)
}

/// Returns the pointer of every place in a document.
fn places(node: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match node {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| places(value, &format!("{pointer}/{}", escape(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| places(item, &format!("{pointer}/{at}"), found));
        }
        _ => {}
    }
}

/// Values of an unexpected type.
fn odd(rng: &mut Rng) -> Value {
    let texts =
        ["", "type", "Self", "a b", "ü\u{202e}", "../..", "r#fn", "\"}; fn main() {}", "9", "date-time", "array"];
    match rng.u8(0..8) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!([]),
        4 => json!({}),
        5 => json!({"type": *rng.choice(["string", "object", "array", "integer", "file"].iter()).unwrap()}),
        6 => json!({"oneOf": [{"type": "string"}, {"type": "object"}]}),
        _ => json!(*rng.choice(texts.iter()).unwrap()),
    }
}

fn mutate(document: &mut Value, all: &[String], rng: &mut Rng) {
    let Some((parent, key)) = rng.choice(all).and_then(|place| place.rsplit_once('/')) else { return };
    let other = rng.choice(all).and_then(|place| document.pointer(place)).cloned().unwrap_or_default();
    let odd = odd(rng);
    let kind = rng.u8(0..7);
    let key = unescape(key);
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => match kind {
            0 => drop(members.remove(&key)),
            1 => drop(members.insert(key, odd)),
            2 => drop(members.insert(key, other)),
            3 => {
                let value = members.remove(&key).unwrap_or_default();
                members.insert(format!("{key}{}", ["_", "X", "é", "-2", " "][rng.usize(0..5)]), value);
            }
            // A reference to another component, or to the parent.
            4 => drop(members.insert("$ref".to_owned(), json!(format!("#{parent}")))),
            // A reference to itself.
            5 => {
                let itself = json!({"$ref": format!("#{parent}/{}", escape(&key))});
                members.insert(key, json!({"allOf": [itself]}));
            }
            _ => {
                let value = members.get(&key).cloned().unwrap_or_default();
                members.insert(key.to_uppercase(), value);
            }
        },
        Some(Value::Array(items)) => {
            let at = key.parse::<usize>().unwrap_or_default().min(items.len().saturating_sub(1));
            match kind {
                0 | 1 if !items.is_empty() => drop(items.remove(at)),
                2 => items.push(other),
                _ => items.insert(at, odd),
            }
        }
        _ => {}
    }
}

#[test]
fn edited_documents_give_code_or_a_located_error() {
    let (count, compiles) = (setting("PARTNER_MUTATIONS", 10), setting("PARTNER_COMPILES", 1));
    let project = Project::documented();
    let base: Value = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    let names = project.read("openapi/names.toml");
    let overlays = overlay::read_all(&project.path("openapi/overlays")).unwrap();
    let sdk = hand_written::read(project.root()).unwrap();
    let mut all = Vec::new();
    places(&base, "", &mut all);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut code, mut rejected) = (Vec::new(), 0);
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= count {
                return (code, rejected);
            }
            let mut rng = Rng::with_seed(case as u64);
            let mut document = base.clone();
            (0..rng.usize(1..5)).for_each(|_| mutate(&mut document, &all, &mut rng));
            let outcome = catch_unwind(AssertUnwindSafe(|| generated(&names, &overlays, &sdk, &document)));
            match outcome.unwrap_or_else(|_| panic!("case {case} panicked")) {
                Ok(files) => code.push((case, (code.len() < compiles).then_some(files))),
                Err(error) => {
                    let error = format!("{error:#}");
                    let place = ["/paths", "/components", "/info", "/servers", "names.toml", "openapi/"];
                    assert!(place.iter().any(|place| error.contains(place)), "case {case}: no place in: {error}");
                    // A comparison of progenitor's code is no message about the document.
                    assert!(!error.contains("xtask/src"), "case {case}: {error}");
                    rejected += 1;
                }
            }
        }
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let rejected: usize = outcomes.iter().map(|(_, rejected)| rejected).sum();
    let code: Vec<_> = outcomes.into_iter().flat_map(|(code, _)| code).collect();
    println!(
        "{count} edited documents: {} gave code, {rejected} were rejected with a place; peak {}",
        code.len(),
        peak()
    );
    assert!(code.len() > count / 10 && rejected > count / 10, "both outcomes must be frequent");
    let samples: Vec<_> = code.into_iter().filter_map(|(case, files)| Some((case, files?))).take(compiles).collect();
    let fitting = samples.iter().filter(|(case, files)| compile(*case, files)).count();
    println!("{fitting} of {} samples compile, the others lack an item that hand-written code uses", samples.len());
    assert!(fitting > samples.len() / 2 || samples.len() < 4, "most edits do not affect hand-written code");
}

/// Compiles the crate's types with this code. Returns false if an edit removed an item that hand-written code uses. The generated
/// code itself must always compile.
fn compile(case: usize, generated: &Files) -> bool {
    let folder = tempfile::tempdir().unwrap();
    compiler::copy_sdk(folder.path());
    generated.write(folder.path()).unwrap();
    let Err(error) = compiler::check_sdk(folder.path(), &[]) else { return true };
    let places: Vec<&str> = error.lines().filter_map(|line| Some(line.split_once(": error")?.0)).collect();
    let by_hand = |place: &&str| place.starts_with("partner-ingestion-sdk/src/") && !place.contains("/generated/");
    assert!(!places.is_empty() && places.iter().all(by_hand), "the code of case {case} does not compile: {error}");
    false
}

/// Returns the peak memory of this process, if the system reports it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}
