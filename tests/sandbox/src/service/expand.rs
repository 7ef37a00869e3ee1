//! `$expand`: fields that are returned only on request.

use crate::message::{Reply, Request};
use serde_json::Value;

/// Removes the expandable fields that were not requested. `parts` is the path below the product, in lower case. Unknown names and
/// malformed lists are not errors (recorded April 2025).
pub(super) fn trim(parts: &[&str], request: &Request, mut reply: Reply) -> Reply {
    let requested = request.query("$expand").unwrap_or_default();
    let expandable = expandable(parts).iter().copied();
    let omitted: Vec<&str> = expandable.filter(|name| !is_requested(requested, name)).collect();
    let Some(body) = reply.body.as_mut() else { return reply };
    match body.get_mut("value").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(|item| remove(item, &omitted)),
        None => remove(body, &omitted),
    }
    reply
}

/// Returns true if the operation accepts `$expand`: every GET, and the PUT of a plan's availability. The PUT of an image returns its
/// `fileSasUri` without it (recorded).
pub(super) fn applies(method: &str, parts: &[&str]) -> bool {
    method == "GET" || method == "PUT" && parts.first() == Some(&"featureavailabilities")
}

/// Returns the names of the fields that are returned only on request.
fn expandable(parts: &[&str]) -> &'static [&'static str] {
    match parts {
        ["listings", _, "images" | "assets" | "videos", ..] => &["fileSasUri"],
        ["submissions"] | ["submissions", _] => &["publishOption"],
        ["featureavailabilities", _] => &["marketStates", "trial", "priceSchedules"],
        _ => &[],
    }
}

/// Compares names in singular, because clients send both `PriceSchedule` and `PriceSchedules`.
fn is_requested(requested: &str, name: &str) -> bool {
    let singular = |text: &str| text.trim().to_ascii_lowercase().trim_end_matches('s').to_owned();
    requested.split(',').any(|other| singular(other) == singular(name))
}

fn remove(item: &mut Value, names: &[&str]) {
    if let Some(object) = item.as_object_mut() {
        object.retain(|name, _| !names.contains(&name.as_str()));
    }
}
