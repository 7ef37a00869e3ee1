//! The plans of an offer.

use super::context::Run;
use super::needed::find_plan;
use super::packages::Packages;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::names::{language, plan_id};
use crate::workflows::manifest::offer::PlanManifest;
use crate::workflows::manifest::part::Part;
use crate::workflows::manifest::state::{OfferState, PlanState, variants};
use crate::workflows::submitted::Instances;
use futures_util::FutureExt;
use std::sync::{Mutex, PoisonError};

impl Run<'_> {
    /// Creates the plans that are missing. Returns all plans of the offer, or none if the manifest has none.
    pub(super) async fn plans(&self) -> Result<Vec<Variant>, Error> {
        if self.manifest.plans.is_empty() {
            return Ok(Vec::new());
        }
        let mut variants = match self.is_new {
            true => Vec::new(),
            false => variants(&self.client, &self.product).await?,
        };
        let missing = self.manifest.plans.iter().filter(|(id, _)| find_plan(&variants, id).is_none());
        let created = Mutex::new(Vec::new());
        let create = async |id: &str, part: &Part<Variant>| {
            let variant = self.create_plan(id, part).await?;
            created.lock().unwrap_or_else(PoisonError::into_inner).push(variant);
            Ok(())
        };
        self.all(missing.map(|(id, plan)| create(id, &plan.plan).boxed()).collect()).await?;
        variants.extend(created.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(variants)
    }

    async fn create_plan(&self, id: &str, part: &Part<Variant>) -> Result<Variant, Error> {
        self.proceed()?;
        let (client, product) = (&self.client, &self.product);
        let new = match part.resolve(&self.secrets)? {
            Variant::AzureSku(sku) => Variant::AzureSku(sku.set_external_id(id)),
            other => other,
        };
        let created = match (client.create_variant(product, new.clone()).send().await, new) {
            (Ok(created), _) => created.into_inner(),
            // Searches for the plan before it creates one.
            (Err(error), Variant::AzureSku(sku)) if error.may_have_been_processed() || error.is_conflict() => {
                Variant::AzureSku(client.ensure_variant(product, sku).await?.into_inner())
            }
            (Err(error), _) => return Err(error),
        };
        self.done(&format!("plan {id}, Plan"), "created");
        Ok(created)
    }

    /// The parts of a plan.
    pub(super) async fn plan(
        &self,
        id: &str,
        plan: &PlanManifest,
        current: Option<&PlanState>,
        instances: &Instances,
        packages: &Packages<'_>,
    ) -> Result<(), Error> {
        let place = |module: &str| format!("plan {id}, {module}");
        let Some(current) = current else { return Err(self.absent(&place("Plan"))) };
        let variant = VariantId::from(&current.variant);
        let instance = |module: Module| instances.get(&(module.as_str().to_owned(), Some(variant.clone())));
        let (plan_place, availability_place, package_place) = (place("Plan"), place("Availability"), place("Package"));
        // Name and state of the plan first: its other parts depend on them.
        self.variant(&plan_place, &current.variant, &plan.plan).await?;
        let (availability, configuration) = (current.availability.as_ref(), current.configuration.as_ref());
        let mut tasks = vec![
            self.draft(&availability_place, instance(Module::Availability), availability, plan.availability.as_ref())
                .boxed(),
            self.configuration(
                &package_place,
                instance(Module::Package),
                configuration,
                plan.configuration.as_ref(),
                plan.package.as_ref(),
                packages,
            )
            .boxed(),
        ];
        tasks.extend(plan.listings.iter().map(|(code, listing)| {
            let place = place(&format!("Listing {code}"));
            let own = current.listings.iter().find(|listing| language(listing).eq_ignore_ascii_case(code));
            let draft = instance(Module::Listing);
            async move {
                match (own, draft) {
                    (None, Some(draft)) => self.create_listing(&place, code, draft, listing).await.map(drop),
                    (own, draft) => self.draft(&place, draft, own, Some(listing)).await,
                }
            }
            .boxed()
        }));
        self.all(tasks).await
    }

    async fn variant(&self, place: &str, current: &Variant, part: &Part<Variant>) -> Result<(), Error> {
        let changed = part.merge_into(current, &self.secrets)?;
        if super::write::same(current, &changed) {
            self.unchanged(place);
            return Ok(());
        }
        self.proceed()?;
        let change = |variant: Variant| part.merge_into(&variant, &self.secrets);
        self.client.try_modify_variant(&self.product, current, change).await?;
        self.done(place, "changed");
        Ok(())
    }

    /// Deletes the plans that the manifest does not have.
    pub(super) async fn remove_plans(&self, state: &OfferState) -> Result<(), Error> {
        if self.manifest.plans.is_empty() {
            return Ok(());
        }
        for plan in &state.plans {
            let id = plan_id(&plan.variant);
            if !self.manifest.plans.keys().any(|wanted| wanted.eq_ignore_ascii_case(&id)) {
                self.client.delete_variant(&self.product, &plan.variant).send().await?;
                self.done(&format!("plan {id}, Plan"), "deleted");
            }
        }
        Ok(())
    }
}
