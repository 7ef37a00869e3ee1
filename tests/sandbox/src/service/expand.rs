//! `$expand`: what an answer holds only when it is asked for.

use crate::message::{Reply, Request};
use serde_json::Value;

/// Leaves out what was not asked for. `parts` is the path below the product, in lower case. What cannot be expanded, or is no
/// list of names, is not an error (recorded April 2025).
pub(super) fn trim(parts: &[&str], request: &Request, mut reply: Reply) -> Reply {
    let asked = request.query("$expand").unwrap_or_default();
    let expandable = expandable(parts).iter().copied();
    let left_out: Vec<&str> = expandable.filter(|name| !is_asked(asked, name)).collect();
    let Some(body) = reply.body.as_mut() else { return reply };
    match body.get_mut("value").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(|item| remove(item, &left_out)),
        None => remove(body, &left_out),
    }
    reply
}

/// What an answer holds only when it is asked for.
fn expandable(parts: &[&str]) -> &'static [&'static str] {
    match parts {
        ["listings", _, "images" | "assets" | "videos", ..] => &["fileSasUri"],
        ["submissions"] | ["submissions", _] => &["publishOption"],
        ["featureavailabilities", _] => &["marketStates", "trial", "priceSchedules"],
        _ => &[],
    }
}

/// Clients write `PriceSchedule` and `PriceSchedules`.
fn is_asked(asked: &str, name: &str) -> bool {
    let singular = |text: &str| text.trim().to_ascii_lowercase().trim_end_matches('s').to_owned();
    asked.split(',').any(|other| singular(other) == singular(name))
}

fn remove(item: &mut Value, names: &[&str]) {
    if let Some(object) = item.as_object_mut() {
        object.retain(|name, _| !names.contains(&name.as_str()));
    }
}
