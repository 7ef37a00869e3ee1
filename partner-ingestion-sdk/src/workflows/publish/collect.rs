//! Collects the drafts of an offer and its plans, and waits for those that lag.

use super::dry_run::{DryRun, SkippedVariant, VariantDrafts};
use super::plan::{Plan, is_test_drive};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use crate::workflows::branch::{Drafts, current_drafts};
use crate::workflows::draft::NO_BRANCH;
use crate::workflows::wait::{BRANCHES, Limit, poll_until, tolerate_late};
use std::collections::BTreeSet;
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

const NO_BRANCHES: &str = "inactive plan without branches";
const NO_DRAFTS: &str = "plan without drafts";
const NO_PLAN: &str = "branch of a plan that does not exist";

/// The modules that an offer has, and those of each active plan. Others are optional.
struct Expected {
    offer: &'static [Module],
    plan: &'static [Module],
}

impl Expected {
    fn of(kind: Option<&ProductType>) -> Self {
        match kind {
            Some(ProductType::AzureApplication) => Self {
                offer: &[Module::Availability, Module::Property, Module::Listing],
                plan: &[Module::Availability, Module::Package, Module::Listing],
            },
            // Other clients submit the package alone.
            Some(ProductType::AzureDynamics365BusinessCentral) => Self { offer: &[Module::Package], plan: &[] },
            _ => Self { offer: &[Module::Listing], plan: &[Module::Availability, Module::Listing] },
        }
    }

    /// Returns whose draft of this module is missing: `None` if there is every expected one.
    fn missing(&self, module: &Module, plans: &[Plan], found: &Drafts) -> Option<String> {
        if self.offer.contains(module) && !found.contains_key(&None) {
            return Some(String::new());
        }
        let mut active = plans.iter().filter(|plan| plan.is_active && self.plan.contains(module));
        let missing = active.find(|plan| !found.contains_key(&Some(plan.id.clone())))?;
        Some(format!(", plan {}", missing.name))
    }
}

impl DryRun {
    /// Collects the drafts. Waits for branches that do not exist yet, and for plans that the list of plans leaves out although they have
    /// branches.
    pub(super) async fn collect(client: &Client, product: &ProductId, branch_wait: Duration) -> Result<Self, Error> {
        let offer = tolerate_late(|| client.get_product(product).send()).await?;
        let expected = Expected::of(offer.resource_type.as_ref());
        let mut plans = tolerate_late(|| Plan::list(client, product)).await?;
        let mut no_plans = BTreeSet::new();
        loop {
            let Collected { dry_run, unlisted } = collect(client, product, branch_wait, (&expected, &plans)).await?;
            let listed = plans.len();
            for variant in unlisted.difference(&no_plans).cloned().collect::<Vec<_>>() {
                match unlisted_plan(client, product, &variant).await? {
                    Some(plan) => plans.push(plan),
                    None => drop(no_plans.insert(variant)),
                }
            }
            if plans.len() == listed {
                let skipped = unlisted.into_iter().map(|variant| SkippedVariant {
                    name: variant.to_string(),
                    variant,
                    reason: NO_PLAN,
                });
                return Ok(Self { skipped: skipped.chain(dry_run.skipped).collect(), ..dry_run });
            }
            // Its branches may have appeared after their modules were read.
        }
    }
}

/// The drafts of an offer and of its known plans.
struct Collected {
    dry_run: DryRun,
    /// The variants that have branches, but are not among the known plans.
    unlisted: BTreeSet<VariantId>,
}

async fn collect(
    client: &Client,
    product: &ProductId,
    branch_wait: Duration,
    (expected, plans): (&Expected, &[Plan]),
) -> Result<Collected, Error> {
    let (mut dry_run, mut unlisted) = (DryRun::default(), BTreeSet::new());
    let mut of_plans: Vec<Vec<(Module, InstanceId)>> = vec![Vec::new(); plans.len()];
    let mut not_applicable = Vec::new();
    for module in MODULES {
        let mut drafts = match drafts(client, product, &module, branch_wait, (expected, plans)).await? {
            Ok(drafts) => drafts,
            Err(error) => {
                not_applicable.push(error);
                continue;
            }
        };
        dry_run.offer.extend(drafts.remove(&None).map(|instance| (module.clone(), instance)));
        for (plan, own) in plans.iter().zip(&mut of_plans) {
            own.extend(drafts.remove(&Some(plan.id.clone())).map(|instance| (module.clone(), instance)));
        }
        unlisted.extend(drafts.into_keys().flatten().filter(|variant| !is_test_drive(variant.as_str())));
    }
    if not_applicable.len() == MODULES.len() {
        // The offer is not published by modules.
        return Err(not_applicable.swap_remove(0));
    }
    for (Plan { id, name, is_active }, drafts) in plans.iter().cloned().zip(of_plans) {
        if drafts.is_empty() {
            let reason = if is_active { NO_DRAFTS } else { NO_BRANCHES };
            dry_run.skipped.push(SkippedVariant { variant: id, name, reason });
        } else {
            dry_run.variants.push(VariantDrafts { variant: id, name, drafts });
        }
    }
    Ok(Collected { dry_run, unlisted })
}

/// Reads a plan that has branches, but is not in the list of plans: the list may be late. `None` if the plan does not exist.
async fn unlisted_plan(client: &Client, product: &ProductId, variant: &VariantId) -> Result<Option<Plan>, Error> {
    match tolerate_late(|| client.get_variant(product, variant).send()).await {
        Ok(found) => Ok(Plan::of(&found)?.map(|plan| Plan { id: variant.clone(), ..plan })),
        Err(error) if error.is_not_found() || error.is_not_applicable() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the drafts of a module, once there is every expected one. The inner error is that of a module that does not apply to
/// the product.
async fn drafts(
    client: &Client,
    product: &ProductId,
    module: &Module,
    branch_wait: Duration,
    (expected, plans): (&Expected, &[Plan]),
) -> Result<Result<Drafts, Error>, Error> {
    poll_until(BRANCHES, Limit::Time(branch_wait), || async {
        let found = match current_drafts(client, product, module).await {
            Ok(found) => found,
            Err(error) if error.is_not_applicable() => return Ok(Ok(Err(error))),
            // The product exists: its branches lag.
            Err(error) if error.is_not_found() => return Ok(Err(error)),
            Err(error) => return Err(error),
        };
        Ok(match expected.missing(module, plans, &found) {
            None => Ok(Ok(found)),
            Some(of_plan) => {
                let message = format!("module {module} of product {product}{of_plan} has no branch");
                Err(Error::new(ErrorKind::NotFound, message).with_hint(NO_BRANCH))
            }
        })
    })
    .await
}
