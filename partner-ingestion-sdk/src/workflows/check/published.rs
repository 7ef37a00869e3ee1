//! Compares a draft with the published version of the resource.

use super::rule::Step;
use super::select::{name, properties};
use serde_json::Value;

/// What differs between two versions that are otherwise equal.
const OF_EACH_VERSION: [&str; 2] = ["id", "@odata.etag"];

/// Returns path and message for each value that was published and was removed. `kept` are the values that must stay; empty for all.
pub(super) fn taken_away(
    path: &'static [Step],
    kept: &[&str],
    published: &Value,
    draft: &Value,
) -> Vec<(String, String)> {
    let name = name(path);
    let now = texts(path, draft);
    let is_kept = |text: &String| kept.is_empty() || kept.iter().any(|kept| kept.eq_ignore_ascii_case(text));
    let gone = texts(path, published)
        .into_iter()
        .filter(|old| is_kept(old) && !now.iter().any(|text| text.eq_ignore_ascii_case(old)));
    gone.map(|old| (name.clone(), format!("{name}: {old:?} is published and must stay"))).collect()
}

/// Returns path and message if the resource changed and its version is not above the published one. A version that is not made of
/// numbers is not compared.
pub(super) fn not_raised(path: &'static [Step], published: &Value, draft: &Value) -> Option<(String, String)> {
    let version = |resource| {
        let text = texts(path, resource).into_iter().next()?;
        let numbers = text.split('.').map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<u64>>>()?;
        Some((text, numbers))
    };
    let (old, old_numbers) = version(published)?;
    let (new, new_numbers) = version(draft)?;
    let own = path.first()?.name;
    let name = name(path);
    let message = format!("{name} is {new}, expected above the published {old}, because the resource changed");
    let is_changed = new_numbers < old_numbers || rest(published, own) != rest(draft, own);
    (new_numbers <= old_numbers && is_changed).then_some((name, message))
}

/// Returns the texts and flags at the end of a path.
fn texts(path: &'static [Step], resource: &Value) -> Vec<String> {
    let text = |(_, value): (String, &Value)| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    properties(resource, path).iter().flat_map(|property| property.values()).filter_map(text).collect()
}

/// Returns the resource without this property, and without what each version has.
fn rest(resource: &Value, property: &str) -> Value {
    let mut rest = resource.clone();
    if let Value::Object(object) = &mut rest {
        object.retain(|key, _| key != property && !OF_EACH_VERSION.contains(&key.as_str()));
    }
    rest
}
