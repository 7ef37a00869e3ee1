//! New components, for inline objects that occur more than once. Other ones are named by their place, or by a row of `names.toml`.

use super::add;
use super::shape::{Schemas, Shape, Shapes};
use crate::document::finding::Finding;
use crate::document::pointer::{escape, last_segment};
use crate::document::words;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// An inline object: where it is, and what it could be called.
struct Site {
    pointer: String,
    title: Option<String>,
    count: usize,
    name: String,
}

/// Returns the document with new components, their places and a notice for each; no document if nothing changed.
pub fn components(document: &Value) -> (Option<Value>, BTreeMap<String, String>, Vec<Finding>) {
    let (mut schemas, mut shapes) = (Schemas::of(document), Shapes::default());
    shapes.add_recursive(&mut schemas);
    let mut sites: HashMap<Shape, Site> = HashMap::new();
    let (mut order, mut at) = (Vec::new(), HashMap::new());
    let mut copy = document.clone();
    each_inline(&mut copy, &mut |node, pointer| {
        let shape = shapes.of(node, &mut schemas);
        if shapes.is_object(shape) {
            at.insert(pointer.to_owned(), shape);
            let title = node.get("title").and_then(Value::as_str).filter(|title| words::is_name(title));
            let site = sites.entry(shape).or_insert_with(|| {
                order.push(shape);
                Site { pointer: pointer.to_owned(), title: None, count: 0, name: String::new() }
            });
            site.count += 1;
            site.title = site.title.take().or_else(|| title.map(str::to_owned));
        }
        None
    });
    let (mut places, mut notices, mut taken) = (BTreeMap::new(), Vec::new(), Vec::new());
    taken.extend(schemas.names().map(|name| name.to_lowercase()));
    for shape in &order {
        let Some(site) = sites.get_mut(shape).filter(|site| site.count > 1) else { continue };
        let titled = site.title.take().filter(|title| !taken.contains(&title.to_lowercase()));
        let derived = words::type_name(&name_at(document, &site.pointer));
        let what = if titled.is_some() { "title" } else { "place" };
        let first = titled.unwrap_or(derived);
        let mut names = std::iter::once(first.clone()).chain((2..).map(|number| format!("{first}{number}")));
        let Some(name) = names.find(|name| !taken.contains(&name.to_lowercase())) else { continue };
        taken.push(name.to_lowercase());
        places.insert(format!("/components/schemas/{}", escape(&name)), site.pointer.clone());
        let message = format!("the object has no component; named {name} by its {what}");
        let help =
            format!("to give it another name, add a row to names.toml:\n[schemas]\n\"{name}\" = \"Another{name}\"");
        notices.push(Finding::new(&site.pointer, message).help(help));
        site.name = name;
    }
    if places.is_empty() {
        return (None, places, notices);
    }
    let mut added = Map::new();
    each_inline(&mut copy, &mut |node, pointer| {
        let site = sites.get(at.get(pointer)?).filter(|site| !site.name.is_empty())?;
        added.entry(site.name.clone()).or_insert_with(|| node.clone());
        Some(json!({"$ref": format!("#/components/schemas/{}", escape(&site.name))}))
    });
    add(&mut copy, "schemas", added);
    (Some(copy), places, notices)
}

/// Calls `f` on each inline schema, inner ones first. Replaces it with what `f` returns.
fn each_inline(document: &mut Value, f: &mut impl FnMut(&Value, &str) -> Option<Value>) {
    for root in ["paths", "components"] {
        if let Some(node) = document.get_mut(root) {
            below(node, &format!("/{root}"), false, f);
        }
    }
}

fn below(node: &mut Value, pointer: &str, is_map: bool, f: &mut impl FnMut(&Value, &str) -> Option<Value>) {
    const DATA: [&str; 5] = ["example", "examples", "default", "enum", "headers"];
    let is_component = pointer.starts_with("/components/schemas/") && pointer.matches('/').count() == 3;
    match node {
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(at, item)| below(item, &format!("{pointer}/{at}"), false, f));
        }
        Value::Object(object) => {
            for (key, member) in object.iter_mut() {
                if is_map || !(DATA.contains(&key.as_str()) || key.starts_with("x-")) {
                    let is_map = !is_map && matches!(key.as_str(), "properties" | "responses" | "schemas");
                    below(member, &format!("{pointer}/{}", escape(key)), is_map, f);
                }
            }
        }
        _ => return,
    }
    let is_schema =
        node.get("properties").is_some_and(Value::is_object) || node.get("allOf").is_some_and(Value::is_array);
    let is_wrapper = node.get("allOf").and_then(Value::as_array).is_some_and(|parts| parts.len() == 1);
    let is_part = pointer.rsplit('/').nth(1) == Some("allOf");
    if is_schema
        && !is_map
        && !is_component
        && !is_part
        && !is_wrapper
        && let Some(other) = f(node, pointer)
    {
        *node = other;
    }
}

/// A name from the place: the operation or the component, then the properties below it.
fn name_at(document: &Value, pointer: &str) -> String {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let mut name = match parts.as_slice() {
        ["paths", path, method, rest @ ..] => {
            let operation = document.pointer(&format!("/paths/{path}/{method}/operationId")).and_then(Value::as_str);
            let path = last_segment(path);
            let by_path = || format!("{method} {}", path.replace(['/', '{', '}'], " "));
            let role = if rest.contains(&"responses") { "Response" } else { "Body" };
            format!("{}{role}", words::camel(&operation.map_or_else(by_path, str::to_owned)))
        }
        ["components", _, name, ..] => {
            let name = last_segment(name);
            words::camel(name.rsplit('.').next().unwrap_or(&name))
        }
        _ => String::new(),
    };
    for pair in parts.windows(2).filter(|pair| pair[0] == "properties") {
        name += &words::camel(&last_segment(pair[1]));
    }
    name
}
