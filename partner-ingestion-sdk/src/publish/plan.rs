//! What a submission would submit: the draft of every module, of the offer and of its plans.

use crate::draft::wait_for;
use crate::types::*;
use crate::{Client, Error, ErrorKind};
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The modules that a submission names, in the order in which clients of the service send them.
const MODULES: [Module; 6] = [
    Module::Availability,
    Module::Property,
    Module::Package,
    Module::Listing,
    Module::Cosell,
    Module::ResellerConfiguration,
];
/// What every plan has, whatever the offer is; what else it has is taken as it comes.
const OF_EVERY_PLAN: [Module; 2] = [Module::Availability, Module::Listing];
/// The plan that is none: the test drive is not submitted.
const TEST_DRIVE: &str = "testdrive";

/// What [`publish`](Client::publish) would submit. It prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SubmissionPlan {
    /// The drafts of the offer itself.
    pub offer: Vec<(Module, InstanceId)>,
    /// The drafts of each plan, with the plan's name.
    pub plans: Vec<PlanDrafts>,
}

/// The drafts of one plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlanDrafts {
    /// The plan.
    pub variant: VariantId,
    /// The plan id, or the name where there is none.
    pub name: String,
    /// Its drafts.
    pub drafts: Vec<(Module, InstanceId)>,
}

impl SubmissionPlan {
    /// Collects the drafts; branches that lag behind are waited for.
    pub(super) async fn collect(client: &Client, product: &ProductId, patience: Duration) -> Result<Self, Error> {
        let variants: Vec<Variant> = client.list_variants(product).stream().try_collect().await?;
        let plans: Vec<(VariantId, String)> = variants.iter().filter_map(named).collect();
        let mut plan = Self {
            offer: Vec::new(),
            plans: plans.into_iter().map(|(variant, name)| PlanDrafts { variant, name, drafts: Vec::new() }).collect(),
        };
        for module in MODULES {
            let drafts = plan.drafts(client, product, &module, patience).await?;
            if let Some(instance) = drafts.get(&None) {
                plan.offer.push((module.clone(), instance.clone()));
            }
            for of_plan in &mut plan.plans {
                if let Some(instance) = drafts.get(&Some(of_plan.variant.clone())) {
                    of_plan.drafts.push((module.clone(), instance.clone()));
                }
            }
        }
        Ok(plan)
    }

    /// The drafts of a module by plan, once every plan has what every plan has.
    async fn drafts(
        &self,
        client: &Client,
        product: &ProductId,
        module: &Module,
        patience: Duration,
    ) -> Result<BTreeMap<Option<VariantId>, InstanceId>, Error> {
        wait_for(patience, || async {
            let branches = client.branches(product, module).await?;
            let pairs = branches.into_iter();
            let found: BTreeMap<_, _> =
                pairs.filter_map(|b| Some((b.variant_id, b.current_draft_instance_id?))).collect();
            let mut lacking = self.plans.iter().filter(|plan| !found.contains_key(&Some(plan.variant.clone())));
            Ok(match lacking.next().filter(|_| OF_EVERY_PLAN.contains(module)) {
                None => Ok(found),
                Some(PlanDrafts { name, .. }) => {
                    let message = format!("the module {module} of product {product}, plan {name} has no branch");
                    Err(Error::new(ErrorKind::Lookup, message))
                }
            })
        })
        .await
    }

    /// The request for the service.
    pub(super) fn request(&self, options: PublishOption) -> SubmissionCreationRequest {
        let pairs = |drafts: &[(Module, InstanceId)]| -> Vec<TypeValuePair> {
            let drafts = drafts.iter();
            drafts.map(|(module, id)| TypeValuePair::new(module.as_str(), id.as_str())).collect()
        };
        let plans = self.plans.iter().map(|plan| {
            let drafts = VariantResource::default().set_resources(pairs(&plan.drafts));
            drafts.set_variant_id(&plan.variant)
        });
        SubmissionCreationRequest::default()
            .set_targets([TypeValuePair::new("Scope", "preview")])
            .set_resources(pairs(&self.offer))
            .set_variant_resources(plans)
            .set_publish_option(options)
    }

    /// Whether a submission is of these drafts: an earlier attempt to create it.
    pub(super) fn is_of(&self, submission: &Submission) -> bool {
        let instances = |pairs: &[TypeValuePair]| -> Vec<String> {
            let mut all: Vec<String> = pairs.iter().filter_map(|pair| pair.value.clone()).collect();
            all.sort();
            all
        };
        let own: Vec<TypeValuePair> = self.request(PublishOption::default()).resources.unwrap_or_default();
        submission.resources.as_deref().is_some_and(|theirs| instances(theirs) == instances(&own))
    }
}

/// A plan and what people call it; none for the test drive.
fn named(variant: &Variant) -> Option<(VariantId, String)> {
    let plan = variant.as_azure_sku()?;
    let id = plan.id.clone().filter(|id| id.as_str() != TEST_DRIVE)?;
    let name = plan.external_id.as_ref().or(plan.friendly_name.as_ref());
    Some((id.clone(), name.cloned().unwrap_or_else(|| id.to_string())))
}

impl fmt::Display for SubmissionPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_plans = self.plans.iter().flat_map(|plan| {
            let drafts = plan.drafts.iter();
            drafts.map(|(module, instance)| (plan.name.as_str(), module, instance))
        });
        let of_offer = self.offer.iter().map(|(module, instance)| ("(offer)", module, instance));
        let rows: Vec<_> = of_offer.chain(of_plans).collect();
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
        for (name, module, instance) in rows {
            // `Module` pads nothing by itself.
            writeln!(f, "{name:<width$}  {:<21}  {instance}", module.as_str())?;
        }
        Ok(())
    }
}
