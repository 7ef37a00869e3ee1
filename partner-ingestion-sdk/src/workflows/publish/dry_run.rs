//! The drafts that a submission consists of: those of every module, of the offer and of its plans.

use crate::error::{Error, ErrorKind};
use crate::types::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The drafts that [`publish`](crate::Client::publish) would submit. `Display` prints a table.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The drafts of the offer itself.
    pub offer: Vec<(Module, InstanceId)>,
    /// The drafts of each plan.
    pub variants: Vec<VariantDrafts>,
    /// The plans that are left out, with the reason. A test drive is no plan and is not listed.
    pub skipped: Vec<SkippedVariant>,
}

/// The drafts of one plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VariantDrafts {
    /// The id of the plan.
    pub variant: VariantId,
    /// The plan id, or the name of the plan if it has none.
    pub name: String,
    /// The drafts of the plan.
    pub drafts: Vec<(Module, InstanceId)>,
}

/// A plan that a submission leaves out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SkippedVariant {
    /// The id of the plan.
    pub variant: VariantId,
    /// The plan id, or the name of the plan if it has none.
    pub name: String,
    /// The reason.
    pub reason: &'static str,
}

/// A draft by its place: the plan, or `None` for the offer, and the module, both in lower case.
type Places = BTreeMap<(Option<String>, String), BTreeSet<String>>;

impl DryRun {
    /// Keeps the drafts of some modules.
    pub(super) fn retain_modules(&mut self, keep: impl Fn(&Module) -> bool) {
        self.offer.retain(|(module, _)| keep(module));
        for plan in &mut self.variants {
            plan.drafts.retain(|(module, _)| keep(module));
        }
        self.variants.retain(|plan| !plan.drafts.is_empty());
    }

    /// Keeps the plans with these plan ids.
    pub(super) fn retain_plans(&mut self, ids: &[String]) -> Result<(), Error> {
        let is = |plan: &VariantDrafts, id: &str| plan.name.eq_ignore_ascii_case(id) || plan.variant.as_str() == id;
        if let Some(unknown) = ids.iter().find(|id| !self.variants.iter().any(|plan| is(plan, id))) {
            let mut names: Vec<&str> = self.variants.iter().map(|plan| plan.name.as_str()).collect();
            names.sort_unstable();
            let message = format!("offer has no plan {unknown}, expected one of {}", names.join(", "));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        self.variants.retain(|plan| ids.iter().any(|id| is(plan, id)));
        Ok(())
    }

    /// Returns the request that creates the submission.
    pub(super) fn request(&self, options: PublishOption) -> SubmissionCreationRequest {
        let pairs = |drafts: &[(Module, InstanceId)]| -> Vec<TypeValuePair> {
            let drafts = drafts.iter();
            drafts.map(|(module, id)| TypeValuePair::new(module.as_str(), id.as_str())).collect()
        };
        let plans = self.variants.iter().map(|plan| {
            let drafts = VariantResource::default().set_resources(pairs(&plan.drafts));
            drafts.set_variant_id(&plan.variant)
        });
        SubmissionCreationRequest::default()
            .set_targets([TypeValuePair::new("Scope", "preview")])
            .set_resources(pairs(&self.offer))
            .set_variant_resources(plans)
            .set_publish_option(options)
    }

    /// Returns the differences between these drafts and those of a submission, by plan and module. Empty if the submission has
    /// exactly these drafts.
    pub(super) fn differences(&self, submission: &Submission) -> Vec<String> {
        let mut ours = Places::new();
        for (module, instance) in &self.offer {
            add(&mut ours, None, module.as_str(), instance.as_str());
        }
        for plan in &self.variants {
            for (module, instance) in &plan.drafts {
                add(&mut ours, Some(plan.variant.as_str()), module.as_str(), instance.as_str());
            }
        }
        let theirs = places(submission);
        let all: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        let texts = |places: &Places, key| {
            let instances = places.get(key)?.iter().map(String::as_str);
            Some(instances.collect::<Vec<_>>().join(" and "))
        };
        let differing = all.into_iter().filter(|key| ours.get(*key) != theirs.get(*key));
        let described = differing.map(|key| {
            let place = self.place(key);
            match (texts(&theirs, key), texts(&ours, key)) {
                (Some(theirs), Some(ours)) => format!("{place}: draft {theirs} instead of {ours}"),
                (Some(theirs), None) => format!("{place}: additional draft {theirs}"),
                (None, ours) => format!("{place}: draft {} is missing", ours.unwrap_or_default()),
            }
        });
        described.collect()
    }

    /// The plan by name, and the module.
    fn place(&self, (variant, module): &(Option<String>, String)) -> String {
        let module = Module::KNOWN.iter().find(|known| known.as_str().eq_ignore_ascii_case(module));
        let module = module.map_or("another module", Module::as_str);
        let Some(variant) = variant else { return format!("offer, {module}") };
        let named = self.variants.iter().find(|plan| plan.variant.as_str().eq_ignore_ascii_case(variant));
        format!("plan {}, {module}", named.map_or(variant, |plan| &plan.name))
    }

    /// The numbers of drafts and plans, and the plans that are left out.
    pub(super) fn summary(&self) -> String {
        let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let mut text = format!("{} of the offer", count(self.offer.len(), "draft"));
        let of_plans: usize = self.variants.iter().map(|plan| plan.drafts.len()).sum();
        text += &format!(", {} of {}", count(of_plans, "draft"), count(self.variants.len(), "plan"));
        for SkippedVariant { name, reason, .. } in &self.skipped {
            text += &format!("; plan {name} is left out: {reason}");
        }
        text
    }
}

/// Returns true if a submission lists its drafts.
pub(super) fn lists_drafts(submission: &Submission) -> bool {
    submission.resources.is_some()
}

fn places(submission: &Submission) -> Places {
    let mut places = Places::new();
    let mut add_all = |variant: Option<&str>, drafts: Option<&Vec<TypeValuePair>>| {
        for draft in drafts.into_iter().flatten() {
            let (module, instance) = (draft.type_.as_deref(), draft.value.as_deref());
            add(&mut places, variant, module.unwrap_or_default(), instance.unwrap_or_default());
        }
    };
    add_all(None, submission.resources.as_ref());
    for plan in submission.variant_resources.iter().flatten() {
        add_all(plan.variant_id.as_ref().map(VariantId::as_str), plan.resources.as_ref());
    }
    places
}

fn add(places: &mut Places, variant: Option<&str>, module: &str, instance: &str) {
    let key = (variant.map(str::to_ascii_lowercase), module.to_ascii_lowercase());
    places.entry(key).or_default().insert(instance.to_owned());
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_plans = self.variants.iter().flat_map(|plan| {
            let drafts = plan.drafts.iter();
            drafts.map(|(module, instance)| (plan.name.as_str(), module.as_str(), instance.as_str()))
        });
        let of_offer = self.offer.iter().map(|(module, instance)| ("(offer)", module.as_str(), instance.as_str()));
        let skipped = self.skipped.iter().map(|plan| (plan.name.as_str(), "(left out)", plan.reason));
        let rows: Vec<_> = of_offer.chain(of_plans).chain(skipped).collect();
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
        for (name, module, instance) in rows {
            writeln!(f, "{name:<width$}  {module:<21}  {instance}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drafts() -> DryRun {
        let pair = |module: Module, id: &str| (module, InstanceId::from(id));
        DryRun {
            offer: vec![pair(Module::Property, "1"), pair(Module::Listing, "2")],
            variants: vec![VariantDrafts {
                variant: VariantId::from("A7"),
                name: "standard".to_owned(),
                drafts: vec![pair(Module::Listing, "3")],
            }],
            skipped: vec![SkippedVariant {
                variant: VariantId::from("8"),
                name: "old".to_owned(),
                reason: "no drafts",
            }],
        }
    }

    #[test]
    fn a_submission_differs_by_plan_and_module() {
        let submission = |offer, plans| -> Submission {
            serde_json::from_value(json!({"resources": offer, "variantResources": plans})).unwrap()
        };
        let offer = json!([{"type": "listing", "value": "2"}, {"type": "Property", "value": "1"}]);
        let plan = |resources| json!([{"variantID": "a7", "resources": resources}]);
        let same = plan(json!([{"type": "Listing", "value": "3"}]));
        assert!(drafts().differences(&submission(offer.clone(), same)).is_empty(), "order and case do not matter");
        let other = plan(json!([{"type": "Listing", "value": "4"}, {"type": "Package", "value": "5"}]));
        assert_eq!(
            drafts().differences(&submission(json!([{"type": "Property", "value": "1"}]), other)),
            [
                "offer, Listing: draft 2 is missing",
                "plan standard, Listing: draft 4 instead of 3",
                "plan standard, Package: additional draft 5",
            ]
        );
        let none = drafts().differences(&submission(offer, json!([])));
        assert_eq!(none, ["plan standard, Listing: draft 3 is missing"], "the plans count, not the offer alone");
    }

    #[test]
    fn the_summary_and_the_table_name_the_plans_that_are_left_out() {
        assert_eq!(drafts().summary(), "2 drafts of the offer, 1 draft of 1 plan; plan old is left out: no drafts");
        assert!(drafts().to_string().ends_with("old       (left out)             no drafts\n"), "{}", drafts());
    }
}
