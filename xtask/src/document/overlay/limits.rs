//! Limits of overlays, because a few lines could exhaust the stack, the memory or the time.

use anyhow::{Result, bail};
use serde_json::Value;

/// Rejects deeply nested filters. The JSONPath parser (serde_json_path 0.7) takes exponential time in the depth and uses stack for
/// each level: dozens of brackets would never finish, and thousands would overflow the stack.
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

/// Limits of copies, because each copy could double the size and the depth of the document.
pub(super) fn limit_growth(places: &[String], addition: &Value) -> Result<()> {
    /// The recursion limit of serde_json 1.0, which could not read a deeper document.
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

/// Returns the depth of a value. 0 for a primitive.
pub(super) fn levels(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Returns the number of values in a value, including itself.
fn values(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        _ => 1,
    }
}
