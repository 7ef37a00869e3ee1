//! Recognizes the document of another API.

use super::finding::NotUsable;
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns an error if the document has no path that is known. An empty list of known paths says nothing.
pub fn check<'a>(document: &Value, known: impl Iterator<Item = &'a str>) -> Result<(), NotUsable> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let found: Vec<&String> = paths.map(|(path, _)| path).filter(|path| path.starts_with('/')).collect();
    let known: BTreeSet<String> = known.map(nameless).collect();
    if known.is_empty() || found.is_empty() || found.iter().any(|path| known.contains(&nameless(path))) {
        return Ok(());
    }
    let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("another API");
    let some: Vec<&str> = found.iter().take(3).map(|path| path.as_str()).collect();
    let message = format!(
        "the document of {title} shares no path with this one: it has {} paths, such as {}; \
         another API needs another project root",
        found.len(),
        some.join(", ")
    );
    Err(NotUsable::at("/paths", message))
}

/// A path without case and the names of its parameters, as the service routes it.
pub fn nameless(path: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in path.to_ascii_lowercase().chars() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        text.push(c);
    }
    text
}
