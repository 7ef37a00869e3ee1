//! One random edit is one change and the one write that it needs.

use super::random::{RandomOffer, Size};
use super::round_trip::{apply, export, offers, start};
use super::{Folder, writes};
use partner_ingestion_sdk::OfferManifest;
use partner_tests::document::CORRECTED;
use partner_tests::sample::Sampler;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every value of an enum. Another text is rejected where one is expected.
static ENUMS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut found = BTreeSet::new();
    collect(&CORRECTED, &mut found);
    found
});

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let values = fields.get("enum").and_then(Value::as_array).into_iter().flatten();
            found.extend(values.filter_map(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// A field that can be edited: its pointer and the pointer of the change, which is that of the outermost list.
#[derive(Debug)]
struct Field {
    pointer: String,
    change: String,
}

/// Collects the fields below a value. `list` is the outermost list around it that is replaced as a whole.
fn fields(value: &Value, at: &str, list: Option<&str>, found: &mut Vec<Field>) {
    // Keys that make a resource the one that it is, and references to files and secrets.
    const FIXED: [&str; 10] = [
        "file",
        "env",
        "offerId",
        "name",
        "subType",
        "resourceType",
        "streamingUri",
        "friendlyName",
        "type",
        "$schema",
    ];
    let key = at.rsplit('/').next().unwrap_or_default();
    if FIXED.contains(&key) && list.is_none() {
        return;
    }
    match value {
        Value::Object(own) if own.contains_key("env") => {}
        Value::Object(own) => {
            own.iter().for_each(|(key, value)| fields(value, &format!("{at}/{key}"), list, found));
        }
        Value::Array(items) => {
            let is_files = list.is_none() && ["images", "videos", "documents"].contains(&key);
            for (number, item) in items.iter().enumerate() {
                let at_item = format!("{at}/{number}");
                fields(item, &at_item, if is_files { None } else { Some(list.unwrap_or(at)) }, found);
            }
        }
        Value::String(text) if ENUMS.contains(text) => {}
        Value::Null => {}
        _ if key.ends_with("Date") || key.ends_with("DateTime") || key.ends_with("dateTime") => {}
        _ => found.push(Field { pointer: at.to_owned(), change: list.unwrap_or(at).to_owned() }),
    }
}

fn edited(value: &Value) -> Value {
    match value {
        Value::Bool(own) => json!(!own),
        Value::String(text) => json!(format!("{text} edited")),
        _ => json!(4711),
    }
}

async fn one_edit_is_one_write(seed: u64) {
    let mut offer = RandomOffer::new("exact", seed, Size { languages: 2, plans: 2, files: 2 });
    let env = start().await;
    let before = offer.manifest();
    let applied = apply(&env, &before).await;
    let mut candidates = Vec::new();
    fields(&offer.json, "", None, &mut candidates);
    // A package that plans share is described by each of them.
    candidates.retain(|field| !field.pointer.contains("/package/"));
    let mut dice = Sampler::new(&CORRECTED, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut current = before;
    for _ in 0..8 {
        let field = candidates.swap_remove(dice.below(candidates.len()));
        let own = offer.json.pointer_mut(&field.pointer).unwrap();
        *own = edited(own);
        let what = format!("seed {seed}, {}", field.pointer);
        let after: OfferManifest = offer.manifest();
        let diff = after.diff_from(&current);
        let pointers: Vec<&str> = diff.changes().iter().map(|change| change.pointer.as_str()).collect();
        assert_eq!(pointers, [field.change.as_str()], "{what}");

        let sent = writes(&env);
        let steps = apply(&env, &after).await.steps;
        assert_eq!(steps.len(), 1, "{what}: {steps:?}");
        assert_eq!(steps[0].resource, diff.changes()[0].resource, "{what}");
        assert_eq!(writes(&env), sent + 1, "{what}");
        assert!(apply(&env, &after).await.steps.is_empty(), "{what}: nothing differs any more");
        assert_eq!(writes(&env), sent + 1, "{what}");
        current = after;
    }
    let folder = Folder::new(&format!("exact-{seed}-state"));
    let state = export(&env, &applied, folder.path()).await;
    assert!(current.diff_from(&state).is_empty(), "seed {seed}: {}", current.diff_from(&state));
}

#[tokio::test]
async fn one_random_edit_is_one_change_and_one_write() {
    for seed in 0..offers(4) {
        one_edit_is_one_write(seed).await;
    }
}
