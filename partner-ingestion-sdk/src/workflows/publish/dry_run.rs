//! The drafts that a submission consists of: those of every module, of the offer and of its plans.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use crate::workflows::draft::NO_BRANCH;
use crate::workflows::wait::{BRANCHES, Limit, poll_until};
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The modules of a submission, in the order in which other clients of the service send them.
const MODULES: [Module; 6] = [
    Module::Availability,
    Module::Property,
    Module::Package,
    Module::Listing,
    Module::Cosell,
    Module::ResellerConfiguration,
];
/// The modules that every plan has. Others are optional.
const REQUIRED_OF_PLANS: [Module; 2] = [Module::Availability, Module::Listing];
/// The variant of the test drive, which is not a plan and is not submitted.
const TEST_DRIVE: &str = "testdrive";

/// The drafts that [`publish`](Client::publish) would submit. `Display` prints a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The drafts of the offer itself.
    pub offer: Vec<(Module, InstanceId)>,
    /// The drafts of each plan.
    pub variants: Vec<VariantDrafts>,
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

impl DryRun {
    /// Collects the drafts. Waits for branches that do not exist yet.
    pub(super) async fn collect(client: &Client, product: &ProductId, branch_wait: Duration) -> Result<Self, Error> {
        let variants: Vec<Variant> = client.list_variants(product).stream().try_collect().await?;
        let plans: Vec<(VariantId, String)> = variants.iter().filter_map(named).collect::<Result<_, _>>()?;
        let mut dry_run = Self {
            offer: Vec::new(),
            variants: plans
                .into_iter()
                .map(|(variant, name)| VariantDrafts { variant, name, drafts: Vec::new() })
                .collect(),
        };
        for module in MODULES {
            let drafts = dry_run.drafts(client, product, &module, branch_wait).await?;
            if let Some(instance) = drafts.get(&None) {
                dry_run.offer.push((module.clone(), instance.clone()));
            }
            for of_plan in &mut dry_run.variants {
                if let Some(instance) = drafts.get(&Some(of_plan.variant.clone())) {
                    of_plan.drafts.push((module.clone(), instance.clone()));
                }
            }
        }
        Ok(dry_run)
    }

    /// Returns the drafts of a module by plan, once every plan has its required drafts.
    async fn drafts(
        &self,
        client: &Client,
        product: &ProductId,
        module: &Module,
        branch_wait: Duration,
    ) -> Result<BTreeMap<Option<VariantId>, InstanceId>, Error> {
        poll_until(BRANCHES, Limit::Time(branch_wait), || async {
            let branches = client.branches(product, module).await?;
            let pairs = branches.into_iter();
            let found: BTreeMap<_, _> =
                pairs.filter_map(|b| Some((b.variant_id, b.current_draft_instance_id?))).collect();
            let mut lacking = self.variants.iter().filter(|plan| !found.contains_key(&Some(plan.variant.clone())));
            Ok(match lacking.next().filter(|_| REQUIRED_OF_PLANS.contains(module)) {
                None => Ok(found),
                Some(VariantDrafts { name, .. }) => {
                    let message = format!("module {module} of product {product}, plan {name} has no branch");
                    Err(Error::new(ErrorKind::NotFound, message).with_hint(NO_BRANCH))
                }
            })
        })
        .await
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

    /// Returns true if a submission has these drafts, because an earlier attempt created it.
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

/// Returns the id and the name of a plan; `None` for the test drive. A plan without an id must not be left out silently.
pub(super) fn named(variant: &Variant) -> Option<Result<(VariantId, String), Error>> {
    let plan = variant.as_azure_sku()?;
    let name = plan.external_id.as_ref().or(plan.friendly_name.as_ref());
    match plan.id.as_ref().map(VariantId::as_str) {
        Some(TEST_DRIVE) => None,
        None | Some("") => {
            let name = name.map_or("without a name", String::as_str);
            Some(Err(Error::new(ErrorKind::Decode, format!("plan {name} has no id"))))
        }
        Some(id) => Some(Ok((VariantId::from(id), name.cloned().unwrap_or_else(|| id.to_owned())))),
    }
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_plans = self.variants.iter().flat_map(|plan| {
            let drafts = plan.drafts.iter();
            drafts.map(|(module, instance)| (plan.name.as_str(), module, instance))
        });
        let of_offer = self.offer.iter().map(|(module, instance)| ("(offer)", module, instance));
        let rows: Vec<_> = of_offer.chain(of_plans).collect();
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
        for (name, module, instance) in rows {
            // `Module` ignores the width.
            writeln!(f, "{name:<width$}  {:<21}  {instance}", module.as_str())?;
        }
        Ok(())
    }
}
