//! Evaluates the rules.

use super::published::{not_raised, taken_away};
use super::rule::{Check, Rule, Scope, Select};
use super::select::{name, properties};
use crate::model::ingestion::display::{POINTER, RESOURCE_ID};
use crate::types::{Extra, ValidationItem, ValidationSeverity};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A resource of the offer, or of a plan.
pub(crate) struct Subject {
    type_name: &'static str,
    plan: Option<(String, usize)>,
    /// The published version of the resource, if it is another one.
    published: Option<Value>,
    /// The place in a manifest, which findings start with.
    at: Option<String>,
    value: Value,
}

impl Subject {
    pub(crate) fn new(type_name: &'static str, plan: Option<PlanOf<'_>>, resource: &impl Serialize) -> Self {
        let plan = plan.map(|PlanOf { id, number }| (id.to_owned(), number));
        Self { type_name, plan, published: None, at: None, value: to_value(resource) }
    }

    /// Sets the published version, for the rules that compare with it.
    pub(crate) fn published(self, resource: Option<&impl Serialize>) -> Self {
        Self { published: resource.map(to_value), ..self }
    }

    /// Sets the place in a manifest.
    pub(crate) fn at(self, at: &str) -> Self {
        Self { at: Some(at.to_owned()), ..self }
    }
}

/// The plan that a resource belongs to.
#[derive(Clone, Copy)]
pub(crate) struct PlanOf<'a> {
    pub(crate) id: &'a str,
    /// Tells plans with the same id apart.
    pub(crate) number: usize,
}

fn to_value(resource: &impl Serialize) -> Value {
    // A resource that was just decoded can be encoded.
    serde_json::to_value(resource).unwrap_or_default()
}

/// Returns the findings of all rules, in the order of the rules.
pub(crate) fn evaluate(rules: impl IntoIterator<Item = &'static Rule>, subjects: &[Subject]) -> Vec<ValidationItem> {
    let (mut of_offer, mut of_plans) = (Vec::new(), BTreeMap::<(&str, usize), Vec<&Subject>>::new());
    for subject in subjects {
        match &subject.plan {
            None => of_offer.push(subject),
            Some(plan) => of_plans.entry((plan.0.as_str(), plan.1)).or_default().push(subject),
        }
    }
    let all_plans: Vec<&Subject> = of_plans.values().flatten().copied().collect();
    let mut items = Vec::new();
    for rule in rules {
        let mut add = |place: &str, group: &[&Subject]| {
            items.extend(rule.evaluate(group).into_iter().map(|found| rule.item(place, found)));
        };
        match rule.of {
            Scope::Offer => add("offer", &of_offer),
            Scope::Plans => add("offer", &all_plans),
            Scope::Plan => of_plans.iter().for_each(|((plan, _), group)| add(&format!("plan {plan}"), group)),
        }
    }
    items
}

fn placed(at: Option<&str>, message: &str) -> String {
    at.map_or_else(|| message.to_owned(), |at| format!("{at}: {message}"))
}

/// What a rule found.
struct Found<'s> {
    message: String,
    /// The id of the resource.
    id: Option<&'s str>,
    /// The place in a manifest, as exactly as it is known.
    pointer: Option<String>,
}

/// The place of a property such as `listingContacts[0].email` below the place of its resource.
fn pointer_of(at: &str, path: &str) -> String {
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    steps.fold(at.to_owned(), |at, step| format!("{at}/{step}"))
}

/// The place in a manifest that all subjects share.
fn common_place<'s>(group: &[&'s Subject]) -> Option<&'s str> {
    let mut places = group.iter().filter_map(|subject| subject.at.as_deref());
    let first = places.next()?;
    Some(places.fold(first, |shared, place| {
        let is_inside = |at: &str| place.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let ends = shared.match_indices('/').map(|(end, _)| end).chain([shared.len()]);
        ends.filter_map(|end| shared.get(..end)).rfind(|at| is_inside(at)).unwrap_or_default()
    }))
}

/// The name of a module in findings.
pub(crate) fn module(type_name: &str) -> &'static str {
    match type_name {
        "AzureProduct" => "Product",
        "AzureSkuVariant" => "Plan",
        "AzureProperty" => "Property",
        "AzureListing" | "ListingImage" | "ListingVideo" => "Listing",
        "ProductAvailability" | "FeatureAvailability" => "Availability",
        _ => "Package",
    }
}

impl Rule {
    fn item(&self, place: &str, Found { message, id, pointer }: Found<'_>) -> ValidationItem {
        let module = module(self.type_name);
        let id = id.map(|id| (RESOURCE_ID.to_owned(), id.into()));
        let pointer = pointer.map(|pointer| (POINTER.to_owned(), pointer.into()));
        ValidationItem {
            extra: Extra::from(id.into_iter().chain(pointer).collect::<Map<_, _>>()),
            error_code: Some(format!("check/{}", self.id)),
            message: Some(format!("{message}, see {}", self.source)),
            resource: Some(format!("{place}, {module}")),
            severity: Some(ValidationSeverity::Error),
            ..ValidationItem::default()
        }
    }

    /// Returns what violates the rule.
    fn evaluate<'s>(&self, group: &[&'s Subject]) -> Vec<Found<'s>> {
        let resources: Vec<&'s Subject> =
            group.iter().filter(|subject| self.is_about(subject, group)).copied().collect();
        if self.path.is_empty() {
            let what = self.select.as_ref().map_or("", |select| select.value);
            let what = format!("{} {what}", self.type_name);
            let found = self.number(what.trim_end(), resources.len()).into_iter();
            let at = common_place(group);
            let pointer = at.map(str::to_owned);
            return found
                .map(|message| Found { message: placed(at, &message), id: None, pointer: pointer.clone() })
                .collect();
        }
        let mut seen = BTreeSet::new();
        let of_each = resources.into_iter().flat_map(|subject| {
            let id = subject.value["id"].as_str();
            let found = self.of_resource(subject, &mut seen).into_iter();
            found.map(move |(path, message)| {
                let at = subject.at.as_deref();
                Found { message: placed(at, &message), id, pointer: at.map(|at| pointer_of(at, &path)) }
            })
        });
        of_each.collect()
    }

    /// Returns a message for each property that violates the rule, with the path of the property.
    fn of_resource(&self, subject: &Subject, seen: &mut BTreeSet<String>) -> Vec<(String, String)> {
        let properties = properties(&subject.value, self.path);
        let counted = properties.iter();
        match self.check {
            Check::Required | Check::Count { .. } if self.across => {
                let total = counted.map(|property| property.values().len()).sum();
                self.number(&name(self.path), total).map(|message| (String::new(), message)).into_iter().collect()
            }
            Check::Required => {
                counted.filter_map(|p| Some((p.path.clone(), self.number(&p.path, p.values().len())?))).collect()
            }
            Check::Count { .. } => {
                counted.filter_map(|p| Some((p.path.clone(), self.number(&p.path, p.count())?))).collect()
            }
            Check::KeepsPublished(values) => subject
                .published
                .as_ref()
                .map(|old| taken_away(self.path, values, old, &subject.value))
                .unwrap_or_default(),
            Check::Raised => {
                let old = subject.published.as_ref();
                old.and_then(|old| not_raised(self.path, old, &subject.value)).into_iter().collect()
            }
            _ => {
                let values = counted.flat_map(|property| property.values());
                let text = |(path, value): (String, &Value)| {
                    let message = self.text(&path, value.as_str()?, seen)?;
                    Some((path, message))
                };
                values.filter_map(text).collect()
            }
        }
    }

    fn is_about(&self, subject: &Subject, group: &[&Subject]) -> bool {
        let variant = || group.iter().find(|other| other.type_name == "AzureSkuVariant").copied();
        subject.type_name == self.type_name
            && self.select.as_ref().is_none_or(|select| select.matches(&subject.value))
            && self.condition.as_ref().is_none_or(|condition| {
                let of = if condition.variant { variant() } else { Some(subject) };
                of.is_some_and(|of| condition.select.matches(&of.value)) != condition.unless
            })
    }

    fn number(&self, what: &str, count: usize) -> Option<String> {
        let what = match self.path.last().and_then(|step| step.select.as_ref()) {
            Some(select) if !self.across => format!("{what} with {} {}", select.property, select.value),
            _ => what.to_owned(),
        };
        match self.check {
            Check::Required if count == 0 => Some(format!("{what} is missing{}", self.chosen())),
            Check::Count { min, .. } if (count as u64) < min => {
                Some(format!("{what}: {count} given, expected at least {min}"))
            }
            Check::Count { max: Some(max), .. } if count as u64 > max => {
                Some(format!("{what}: {count} given, expected at most {max}"))
            }
            _ => None,
        }
    }

    /// Which objects the property is in, if the rule selects some: ` (retailPrice with currencyCode USD)`.
    fn chosen(&self) -> String {
        let before = self.path.split_last().map(|(_, before)| before).unwrap_or_default();
        let chosen = before.iter().filter_map(|step| {
            let Select { property, value } = step.select.as_ref()?;
            Some(format!(" ({} with {property} {value})", step.name))
        });
        chosen.collect()
    }

    fn text(&self, path: &str, text: &str, seen: &mut BTreeSet<String>) -> Option<String> {
        match self.check {
            Check::MaxLength { max } => {
                let length = text.chars().count();
                (length as u64 > max).then(|| format!("{path} has {length} characters, expected at most {max}"))
            }
            Check::Format(format) => {
                (!format.matches(text)).then(|| format!("{path} is {text:?}, expected {}", format.description()))
            }
            Check::OneOf(values) => {
                let known = values.iter().any(|known| known.eq_ignore_ascii_case(text));
                (!known).then(|| format!("{path} is {text:?}, expected one of {}", values.join(", ")))
            }
            Check::Unique => (!seen.insert(text.to_lowercase())).then(|| format!("{path} {text:?} is used twice")),
            Check::Required | Check::Count { .. } | Check::KeepsPublished(_) | Check::Raised => None,
        }
    }
}
