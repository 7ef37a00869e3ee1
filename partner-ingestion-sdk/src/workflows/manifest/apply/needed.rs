//! What applying a manifest is about: the resources that reports name, and the drafts that are changed.

use crate::types::*;
use crate::workflows::manifest::names::plan_id;
use crate::workflows::manifest::offer::{CosellManifest, OfferManifest, PlanManifest, SupplementalContentManifest};
use crate::workflows::manifest::part::sets_something;
use std::collections::BTreeMap;

/// The resources of a manifest, as reports name them. A part that is empty changes nothing.
pub(super) fn resources(manifest: &OfferManifest) -> Vec<String> {
    let mut resources = vec!["offer, Product".to_owned()];
    let mut add = |wanted: bool, resource: &str| resources.extend(wanted.then(|| resource.to_owned()));
    add(sets_something(manifest.setup.as_ref()), "offer, Setup");
    add(sets_something(manifest.reseller.as_ref()), "offer, ResellerConfiguration");
    add(sets_something(manifest.leads.as_ref()), "offer, LeadConfiguration");
    add(sets_something(manifest.property.as_ref()), "offer, Property");
    add(sets_something(manifest.preview_audience.as_ref()), "offer, Availability");
    add(manifest.supplemental_content.as_ref().is_some_and(has_supplemental_content), "offer, SupplementalContent");
    add(sets_something(manifest.configuration.as_ref()) || manifest.package.is_some(), "offer, Package");
    add(manifest.cosell.as_ref().is_some_and(has_cosell), "offer, Cosell");
    resources.extend(manifest.listings.keys().map(|code| format!("offer, Listing {code}")));
    for (id, plan) in &manifest.plans {
        resources.push(format!("plan {id}, Plan"));
        resources.extend(plan.listings.keys().map(|code| format!("plan {id}, Listing {code}")));
        resources.extend(sets_something(plan.availability.as_ref()).then(|| format!("plan {id}, Availability")));
        resources.extend(has_configuration(plan).then(|| format!("plan {id}, Package")));
    }
    resources
}

fn has_cosell(cosell: &CosellManifest) -> bool {
    !cosell.listing.is_empty() || cosell.documents.is_some()
}

fn has_supplemental_content(content: &SupplementalContentManifest) -> bool {
    !content.content.is_empty() || content.documents.is_some()
}

fn has_configuration(plan: &PlanManifest) -> bool {
    sets_something(plan.configuration.as_ref()) || plan.package.is_some()
}

/// A module, of the offer or of a plan.
pub(super) type Key = (String, Option<VariantId>);

/// The drafts that a manifest changes, with the names of their resources.
pub(super) fn needed(manifest: &OfferManifest, variants: &[Variant]) -> BTreeMap<Key, String> {
    let mut needed = BTreeMap::new();
    let mut add = |wanted: bool, module: Module, plan: Option<(&str, &VariantId)>| {
        let place = plan.map_or("offer".to_owned(), |(id, _)| format!("plan {id}"));
        let key = (module.as_str().to_owned(), plan.map(|(_, variant)| variant.clone()));
        needed.extend(wanted.then(|| (key, format!("{place}, {module}"))));
    };
    add(sets_something(manifest.property.as_ref()), Module::Property, None);
    add(sets_something(manifest.preview_audience.as_ref()), Module::Availability, None);
    add(!manifest.listings.is_empty(), Module::Listing, None);
    add(sets_something(manifest.configuration.as_ref()) || manifest.package.is_some(), Module::Package, None);
    add(manifest.cosell.as_ref().is_some_and(has_cosell), Module::Cosell, None);
    let supplemental_content = manifest.supplemental_content.as_ref().is_some_and(has_supplemental_content);
    add(supplemental_content, Module::SupplementalContent, None);
    for (id, plan) in &manifest.plans {
        let Some(variant) = find_plan(variants, id).map(VariantId::from) else { continue };
        let of_plan = Some((id.as_str(), &variant));
        add(!plan.listings.is_empty(), Module::Listing, of_plan);
        add(sets_something(plan.availability.as_ref()), Module::Availability, of_plan);
        add(has_configuration(plan), Module::Package, of_plan);
    }
    needed
}

/// Returns the plan with this id. The service compares ids without case.
pub(super) fn find_plan<'v>(variants: &'v [Variant], id: &str) -> Option<&'v Variant> {
    variants.iter().find(|variant| plan_id(variant).eq_ignore_ascii_case(id))
}
