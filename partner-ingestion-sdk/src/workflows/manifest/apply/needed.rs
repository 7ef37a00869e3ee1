//! What applying a manifest is about: the resources that reports name, and the drafts that are changed.

use crate::types::*;
use crate::workflows::manifest::names::plan_id;
use crate::workflows::manifest::offer::OfferManifest;
use std::collections::BTreeMap;

/// The resources of a manifest, as reports name them.
pub(super) fn resources(manifest: &OfferManifest) -> Vec<String> {
    let mut resources = vec!["offer, Product".to_owned()];
    let mut add = |wanted: bool, resource: &str| resources.extend(wanted.then(|| resource.to_owned()));
    add(manifest.setup.is_some(), "offer, Setup");
    add(manifest.reseller.is_some(), "offer, ResellerConfiguration");
    add(manifest.leads.is_some(), "offer, LeadConfiguration");
    add(manifest.property.is_some(), "offer, Property");
    add(manifest.preview_audience.is_some(), "offer, Availability");
    add(manifest.supplemental_content.is_some(), "offer, SupplementalContent");
    add(manifest.configuration.is_some() || manifest.package.is_some(), "offer, Package");
    add(manifest.cosell.is_some(), "offer, Cosell");
    resources.extend(manifest.listings.keys().map(|code| format!("offer, Listing {code}")));
    for (id, plan) in &manifest.plans {
        resources.push(format!("plan {id}, Plan"));
        resources.extend(plan.listings.keys().map(|code| format!("plan {id}, Listing {code}")));
        resources.extend(plan.availability.is_some().then(|| format!("plan {id}, Availability")));
        let package = plan.configuration.is_some() || plan.package.is_some();
        resources.extend(package.then(|| format!("plan {id}, Package")));
    }
    resources
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
    add(manifest.property.is_some(), Module::Property, None);
    add(manifest.preview_audience.is_some(), Module::Availability, None);
    add(!manifest.listings.is_empty(), Module::Listing, None);
    add(manifest.configuration.is_some() || manifest.package.is_some(), Module::Package, None);
    add(manifest.cosell.is_some(), Module::Cosell, None);
    add(manifest.supplemental_content.is_some(), Module::SupplementalContent, None);
    for (id, plan) in &manifest.plans {
        let Some(variant) = find_plan(variants, id).map(VariantId::from) else { continue };
        let of_plan = Some((id.as_str(), &variant));
        add(!plan.listings.is_empty(), Module::Listing, of_plan);
        add(plan.availability.is_some(), Module::Availability, of_plan);
        add(plan.configuration.is_some() || plan.package.is_some(), Module::Package, of_plan);
    }
    needed
}

/// Returns the plan with this id. The service compares ids without case.
pub(super) fn find_plan<'v>(variants: &'v [Variant], id: &str) -> Option<&'v Variant> {
    variants.iter().find(|variant| plan_id(variant).eq_ignore_ascii_case(id))
}
