//! What applying a manifest is about: the resources that reports name, and the drafts that are changed.

use crate::types::*;
use crate::workflows::manifest::names::plan_id;
use crate::workflows::manifest::offer::OfferManifest;
use crate::workflows::manifest::part::sets_something;
use std::collections::BTreeMap;
use std::fmt;

/// A resource that a manifest describes. `Display` is its name in reports.
struct Entry<'m> {
    /// The plan id. `None` for a resource of the offer.
    plan: Option<&'m str>,
    name: &'static str,
    language: Option<&'m str>,
    /// The module whose draft is changed. `None` for a resource without drafts.
    module: Option<Module>,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.plan {
            Some(plan) => write!(f, "plan {plan}, {}", self.name)?,
            None => write!(f, "offer, {}", self.name)?,
        }
        self.language.map_or(Ok(()), |language| write!(f, " {language}"))
    }
}

/// Every resource of a manifest, in the order of reports. A part that is empty changes nothing.
fn entries(manifest: &OfferManifest) -> Vec<Entry<'_>> {
    let content = manifest.supplemental_content.as_ref();
    let has_content = content.is_some_and(|own| !own.content.is_empty() || own.documents.is_some());
    let has_cosell = manifest.cosell.as_ref().is_some_and(|own| !own.listing.is_empty() || own.documents.is_some());
    let has_configuration = sets_something(manifest.configuration.as_ref()) || manifest.package.is_some();
    let mut entries = Vec::new();
    let mut add = |is_there: bool, name, module| {
        entries.extend(is_there.then_some(Entry { plan: None, name, language: None, module }));
    };
    add(true, "Product", None);
    add(sets_something(manifest.setup.as_ref()), "Setup", None);
    add(sets_something(manifest.reseller.as_ref()), "ResellerConfiguration", None);
    add(sets_something(manifest.leads.as_ref()), "LeadConfiguration", None);
    add(sets_something(manifest.property.as_ref()), "Property", Some(Module::Property));
    add(sets_something(manifest.preview_audience.as_ref()), "Availability", Some(Module::Availability));
    add(has_content, "SupplementalContent", Some(Module::SupplementalContent));
    add(has_configuration, "Package", Some(Module::Package));
    add(has_cosell, "Cosell", Some(Module::Cosell));
    entries.extend(manifest.listings.keys().map(|code| listing(None, code)));
    for (id, own) in &manifest.plans {
        let plan = Some(id.as_str());
        let has_configuration = sets_something(own.configuration.as_ref()) || own.package.is_some();
        entries.push(Entry { plan, name: "Plan", language: None, module: None });
        entries.extend(own.listings.keys().map(|code| listing(plan, code)));
        let mut add = |is_there: bool, name, module| {
            entries.extend(is_there.then_some(Entry { plan, name, language: None, module: Some(module) }));
        };
        add(sets_something(own.availability.as_ref()), "Availability", Module::Availability);
        add(has_configuration, "Package", Module::Package);
    }
    entries
}

fn listing<'m>(plan: Option<&'m str>, language: &'m str) -> Entry<'m> {
    Entry { plan, name: "Listing", language: Some(language), module: Some(Module::Listing) }
}

/// The resources of a manifest, as reports name them.
pub(super) fn resources(manifest: &OfferManifest) -> Vec<String> {
    entries(manifest).iter().map(Entry::to_string).collect()
}

/// A module, of the offer or of a plan.
pub(super) type Key = (String, Option<VariantId>);

/// The drafts that a manifest changes, with the names of their resources.
pub(super) fn needed(manifest: &OfferManifest, variants: &[Variant]) -> BTreeMap<Key, String> {
    let mut needed = BTreeMap::new();
    for entry in entries(manifest) {
        let Some(module) = &entry.module else { continue };
        let variant = match entry.plan.map(|id| find_plan(variants, id)) {
            Some(Some(variant)) => Some(VariantId::from(variant)),
            // The plan was not created.
            Some(None) => continue,
            None => None,
        };
        needed.entry((module.as_str().to_owned(), variant)).or_insert_with(|| entry.to_string());
    }
    needed
}

/// Returns the plan with this id. The service compares ids without case.
pub(super) fn find_plan<'v>(variants: &'v [Variant], id: &str) -> Option<&'v Variant> {
    variants.iter().find(|variant| plan_id(variant).eq_ignore_ascii_case(id))
}
