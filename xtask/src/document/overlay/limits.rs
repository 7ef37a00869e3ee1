//! Limits of an overlay: a few lines of it could exhaust stack, memory or time.

use anyhow::{Result, bail};
use serde_json::Value;

/// The parser of JSONPath tries a filter in a filter several times, 2 to the power of the depth in all, and needs stack for each
/// level (serde_json_path 0.7): some dozens of brackets would not end, some thousands would end the process.
pub(super) fn limit_depth(query: &str) -> Result<()> {
    const BRACKETS: usize = 12;
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for c in query.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS {
            bail!("a query has more than {BRACKETS} nested brackets; use fewer filters");
        }
    }
    Ok(())
}

/// Actions that copy could double a document each time, in size and in depth.
pub(super) fn limit_growth(places: &[String], addition: &Value) -> Result<()> {
    /// The recursion limit of serde_json 1.0: a deeper document could not be read again.
    const LEVELS: usize = 128;
    const VALUES: usize = 100_000;
    let deepest = places.iter().map(|place| place.matches('/').count()).max().unwrap_or_default();
    let levels = deepest + levels(addition);
    if levels > LEVELS {
        bail!("the document would have {levels} levels; the limit is {LEVELS}");
    }
    let values = places.len().saturating_mul(values(addition));
    if values > VALUES {
        bail!("the action would add {values} values; the limit is {VALUES}; choose fewer places");
    }
    Ok(())
}

/// How deep a value nests: 0 for a primitive.
pub(super) fn levels(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or_default(),
        _ => 0,
    }
}

/// How many values there are in a value, itself too.
fn values(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        _ => 1,
    }
}
