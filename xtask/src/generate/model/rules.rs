//! Finds the fields that the rules of publishing are about, and adds the rules to their documentation.

use super::api::{Api, Struct, Type};
use crate::document::finding::{Finding, Findings};
use crate::document::rules::{Condition, Rule, Scope, Select, finding};
use std::collections::BTreeMap;

/// The type of a plan, which conditions may refer to.
const PLAN: &str = "AzureSkuVariant";

/// What a rule documents: a type, or a field of a type.
type Place = (String, Option<String>);

/// Adds the rules to the documentation of their fields. Returns the rules that fit the document, and a finding for each other one.
pub fn apply(rules: &[Rule], api: &mut Api) -> (Vec<Rule>, Findings) {
    let mut findings = Findings::default();
    let mut fitting = Vec::new();
    let mut places: BTreeMap<Place, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        match place(rule, api) {
            Ok(place) => {
                places.entry(place).or_default().push(rule);
                fitting.push(rule.clone());
            }
            Err(finding) => findings.push(finding),
        }
    }
    for ((owner, wire), rules) in places {
        let Some(object) = api.structs.get_mut(&owner) else { continue };
        let doc = match wire {
            None => &mut object.doc,
            Some(wire) => match object.fields.iter_mut().find(|field| field.wire == wire) {
                Some(field) => &mut field.doc,
                None => continue,
            },
        };
        let text = documentation(&rules);
        *doc = Some(match doc.take() {
            Some(doc) => format!("{doc}\n\n{text}"),
            None => text,
        });
    }
    (fitting, findings)
}

/// The limits, and where they come from.
fn documentation(rules: &[&Rule]) -> String {
    let paragraph = |confirmed: bool| {
        let rules: Vec<&&Rule> = rules.iter().filter(|rule| rule.confirmed == confirmed).collect();
        let mut says: Vec<&str> = rules.iter().map(|rule| rule.says.as_str()).collect();
        says.dedup();
        let mut sources: Vec<String> = rules.iter().map(|rule| link(&rule.source)).collect();
        sources.sort();
        sources.dedup();
        let origin = if confirmed { "confirmed for the API" } else { "not confirmed for the API" };
        let (says, sources) = (says.join(" "), sources.join(", "));
        (!rules.is_empty()).then(|| format!("{says} Per the portal's documentation ({sources}); {origin}."))
    };
    [true, false].into_iter().filter_map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// A link to a page, named like the last part of its address.
fn link(source: &str) -> String {
    match source.rsplit_once('/') {
        Some((_, page)) => format!("[{page}]({source})"),
        None => format!("`{source}`"),
    }
}

/// The field that the rule is about, or the type if it has none.
fn place(rule: &Rule, api: &Api) -> Result<Place, Finding> {
    let at = |message: String, help: String| finding(rule.line, &rule.id, &message, &help);
    let unknown = |name: &str| {
        let mut known: Vec<&str> = api.structs.keys().map(String::as_str).collect();
        sort_by_likeness(&mut known, name);
        at(
            format!("no type `{name}`"),
            format!("use a type of the SDK, such as {}", known[..known.len().min(3)].join(", ")),
        )
    };
    let missing = |owner: &str, object: &Struct, name: &str| {
        let mut known: Vec<&str> = object.fields.iter().map(|field| field.wire.as_str()).collect();
        sort_by_likeness(&mut known, name);
        at(format!("{owner} has no property `{name}`"), format!("use one of its properties: {}", known.join(", ")))
    };
    let has = |owner: &str, select: Option<&Select>| match (api.structs.get(owner), select) {
        (None, _) => Err(unknown(owner)),
        (Some(object), Some(Select { property, .. })) if object.field(property).is_none() => {
            Err(missing(owner, object, property))
        }
        (Some(object), _) => Ok(object),
    };
    if let Some(Condition { variant, select, .. }) = &rule.condition {
        if *variant && rule.of != Scope::Plan {
            let message = "the condition is about a plan, the rule is not".to_owned();
            return Err(at(message, "set `of` to plan, or remove `variant.`".to_owned()));
        }
        has(if *variant { PLAN } else { &rule.target.type_name }, Some(select))?;
    }
    let mut owner = rule.target.type_name.clone();
    let mut object = has(&owner, rule.target.select.as_ref())?;
    let (mut place, mut shared) = ((owner.clone(), None), false);
    for (i, step) in rule.target.path.iter().enumerate() {
        if step.name == "*" {
            // The documentation of every property is that of the object itself.
            continue;
        }
        let field = object.field(&step.name).ok_or_else(|| missing(&owner, object, &step.name))?;
        if !shared {
            place = (owner.clone(), Some(step.name.clone()));
        }
        let inner = match field.ty.innermost() {
            Type::Struct(name) => name.clone(),
            _ if i + 1 == rule.target.path.len() && step.select.is_none() => break,
            _ => {
                let message = format!("{owner}.{} is not an object", step.name);
                return Err(at(message, "end the target here".to_owned()));
            }
        };
        // Other fields have the same type, but not the same limits.
        shared |= holders(api, &inner) > 1;
        object = has(&inner, step.select.as_ref())?;
        owner = inner;
    }
    Ok(place)
}

/// The number of fields that hold this type.
fn holders(api: &Api, name: &str) -> usize {
    let fields = api.structs.values().flat_map(|object| &object.fields);
    fields.filter(|field| *field.ty.innermost() == Type::Struct(name.to_owned())).count()
}

/// The most similar names first.
fn sort_by_likeness(names: &mut [&str], name: &str) {
    let likeness = |other: &str| {
        let ratio = similar::TextDiff::from_chars(name.to_lowercase().as_str(), other.to_lowercase().as_str()).ratio();
        (ratio * 1000.0) as i64
    };
    names.sort_by_key(|other| -likeness(other));
}
