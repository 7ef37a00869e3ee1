//! The order of the changes: offer, plans, branches, parts and files of the offer, and then each plan.

use super::Apply;
use super::context::Run;
use super::packages::Packages;
use crate::error::{Applied, Error, ErrorKind};
use crate::types::*;
use crate::workflows::manifest::files::check_readable;
use crate::workflows::manifest::names::{language, package_id, plan_id};
use crate::workflows::manifest::offer::{FileManifest, ListingManifest, OfferManifest, PlanManifest};
use crate::workflows::manifest::part::Part;
use crate::workflows::manifest::secrets::Secrets;
use crate::workflows::manifest::state::{Instances, ListingState, OfferState, PlanState, drafts, variants};
use crate::workflows::wait::{BRANCHES, Limit, poll_until};
use futures_util::future::{try_join, try_join4};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How many plans are changed at a time. The client limits the requests themselves.
const CONCURRENT_PLANS: usize = 8;

impl<'a> Run<'a> {
    /// Applies the manifest. An error has the report of what was done.
    pub(super) async fn start(apply: &'a Apply, secrets: Secrets) -> Result<Applied, Error> {
        let manifest = &apply.manifest;
        let mut run = Self {
            client: apply.client.clone(),
            manifest,
            secrets,
            prune: apply.prune,
            product: ProductId::from(""),
            apply,
            applied: Mutex::new(Applied { remaining: resources(manifest), ..Applied::default() }),
        };
        let outcome = async {
            check_readable(manifest, &run.secrets).await?;
            if apply.check {
                refuse_findings(manifest).await?;
            }
            let product = run.offer().await?;
            run.product = ProductId::from(&product);
            run.report().product = Some(run.product.clone());
            run.parts(product).await
        };
        let outcome = outcome.await;
        let applied = run.applied.into_inner().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => Ok(Applied { remaining: Vec::new(), ..applied }),
            Err(error) => Err(error.with_applied(applied)),
        }
    }

    /// Finds or creates the offer.
    async fn offer(&self) -> Result<AzureProduct, Error> {
        let manifest = self.manifest;
        let new = AzureProduct::application(&manifest.offer_id, &manifest.name);
        let found = self.client.ensure_product(new.set_resource_type(manifest.offer_type.clone())).await?;
        if found.status() == StatusCode::CREATED {
            self.done("offer, Product", "created");
            return Ok(found.into_inner());
        }
        let found = found.into_inner();
        let fixed = |what: &str, own: Option<&str>, wanted: &str| match own {
            Some(own) if !own.eq_ignore_ascii_case(wanted) => {
                let message = format!("offer {} has the {what} {own:?}, which cannot be changed", manifest.offer_id);
                let error = Error::new(ErrorKind::Manifest, message);
                Err(error.with_hint("Write type and name of the existing offer, or choose another offer id."))
            }
            _ => Ok(()),
        };
        fixed("type", found.resource_type.as_ref().map(ProductType::as_str), manifest.offer_type.as_str())?;
        fixed("name", found.name.as_deref(), &manifest.name)?;
        self.unchanged("offer, Product");
        Ok(found)
    }

    async fn parts(&self, product: AzureProduct) -> Result<(), Error> {
        let variants = self.plans().await?;
        let needed = needed(self.manifest, &variants);
        let instances = self.instances(&needed).await?;
        let state = OfferState::read(&self.client, product, variants, &instances, Some(self.manifest)).await?;
        let packages = Packages::new(self, &state);
        let mut plans = Vec::new();
        for (id, plan) in &self.manifest.plans {
            let current = state.plans.iter().find(|current| plan_id(&current.variant).eq_ignore_ascii_case(id));
            plans.push(self.plan(id, plan, current, &instances, &packages).boxed());
        }
        let of_offer = try_join4(
            self.settings(&state).boxed(),
            self.modules(&state, &instances, &packages).boxed(),
            self.listings(&state, &instances).boxed(),
            self.cosell(&state, &instances).boxed(),
        );
        let of_plans = stream::iter(plans).buffer_unordered(CONCURRENT_PLANS).try_collect::<()>();
        try_join(of_offer, of_plans).await?;
        if self.prune { self.remove_plans(&state).await } else { Ok(()) }
    }

    /// Creates the plans that are missing. Returns all plans of the offer, or none if the manifest has none.
    async fn plans(&self) -> Result<Vec<Variant>, Error> {
        if self.manifest.plans.is_empty() {
            return Ok(Vec::new());
        }
        let mut variants = variants(&self.client, &self.product).await?;
        let missing = self.manifest.plans.iter().filter(|(id, _)| find_plan(&variants, id).is_none());
        let missing: Vec<_> = missing.map(|(id, plan)| self.create_plan(id, &plan.plan).boxed()).collect();
        let created: Vec<Variant> = stream::iter(missing).buffered(CONCURRENT_PLANS).try_collect().await?;
        variants.extend(created);
        Ok(variants)
    }

    async fn create_plan(&self, id: &str, part: &Part<Variant>) -> Result<Variant, Error> {
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

    /// Finds the drafts that the manifest changes, and waits for them: the branches of a new offer or plan appear later.
    async fn instances(&self, needed: &BTreeMap<Key, String>) -> Result<Instances, Error> {
        let modules: BTreeSet<&str> = needed.keys().map(|(module, _)| module.as_str()).collect();
        let interval = match self.apply.poll_interval {
            Some((initial, max)) => BRANCHES.with_range(initial, max),
            None => BRANCHES,
        };
        poll_until(interval, Limit::Time(self.apply.branch_wait), || async {
            let modules = modules.iter().map(|module| Module::from(*module));
            let mut found = drafts(&self.client, &self.product, modules).await?;
            found.retain(|key, _| needed.contains_key(key));
            Ok(match needed.iter().find(|(key, _)| !found.contains_key(key)) {
                None => Ok(found),
                Some((_, place)) => Err(self.absent(place)),
            })
        })
        .await
    }

    /// Setup, reseller configuration and leads.
    async fn settings(&self, state: &OfferState) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        self.set("offer, Setup", state.setup.as_ref(), self.manifest.setup.as_ref(), |setup| {
            client.set_product_setup(product, setup).send().boxed()
        })
        .await?;
        let reseller = self.manifest.reseller.as_ref();
        self.set("offer, ResellerConfiguration", state.reseller.as_ref(), reseller, |configuration| {
            client.set_reseller_configuration(product, configuration).send().boxed()
        })
        .await?;
        let leads = self.manifest.leads.as_ref();
        self.set("offer, LeadConfiguration", state.leads.as_ref(), leads, |configuration| {
            client.set_lead_configuration(product, configuration).send().boxed()
        })
        .await
    }

    /// The drafts of the offer that have no files.
    async fn modules(&self, state: &OfferState, instances: &Instances, packages: &Packages<'_>) -> Result<(), Error> {
        let instance = |module: Module| instances.get(&(module.as_str().to_owned(), None));
        let manifest = self.manifest;
        let property = instance(Module::Property);
        self.draft("offer, Property", property, state.property.as_ref(), manifest.property.as_ref()).await?;
        let (audience, wanted) = (state.preview_audience.as_ref(), manifest.preview_audience.as_ref());
        self.draft("offer, Availability", instance(Module::Availability), audience, wanted).await?;
        let content = manifest.supplemental_content.as_ref().map(|content| &content.content);
        let (place, draft) = ("offer, SupplementalContent", instance(Module::SupplementalContent));
        self.draft(place, draft, state.supplemental_content.as_ref(), content).await?;
        let (configuration, package) = (manifest.configuration.as_ref(), manifest.package.as_ref());
        let current = state.configuration.as_ref();
        self.configuration("offer, Package", instance(Module::Package), current, configuration, package, packages).await
    }

    async fn listings(&self, state: &OfferState, instances: &Instances) -> Result<(), Error> {
        let instance = instances.get(&(Module::Listing.as_str().to_owned(), None));
        for (code, listing) in &self.manifest.listings {
            let place = format!("offer, Listing {code}");
            let mut current = state.listings.iter().find(|state| language(&state.listing).eq_ignore_ascii_case(code));
            let created;
            if current.is_none() {
                let instance = instance.ok_or_else(|| self.absent(&place))?;
                created = self.create_listing(&place, code, instance, &listing.listing).await?;
                current = Some(&created);
            }
            let of = current.map(|state| &state.listing);
            self.draft(&place, instance, of, Some(&listing.listing)).await?;
            if let Some(current) = current {
                self.listing_files(&place, current, listing).await?;
            }
            self.unchanged(&place);
        }
        if !self.prune || self.manifest.listings.is_empty() {
            return Ok(());
        }
        for removed in state.listings.iter().map(|state| &state.listing) {
            let code = language(removed);
            if !self.manifest.listings.keys().any(|wanted| wanted.eq_ignore_ascii_case(&code)) {
                self.client.delete_listing(&self.product, removed).send().await?;
                self.done(&format!("offer, Listing {code}"), "deleted");
            }
        }
        Ok(())
    }

    async fn create_listing(
        &self,
        place: &str,
        code: &str,
        instance: &InstanceId,
        part: &Part<AzureListing>,
    ) -> Result<ListingState, Error> {
        let listing = part.resolve(&self.secrets)?.set_language_code(code);
        let listing = self.client.create_listing(&self.product, instance, listing).send().await?.into_inner();
        self.done(place, "created");
        Ok(ListingState { listing, images: Vec::new(), videos: Vec::new(), documents: Vec::new() })
    }

    async fn listing_files(&self, place: &str, current: &ListingState, wanted: &ListingManifest) -> Result<(), Error> {
        let of = ListingId::from(&current.listing);
        self.images(place, &of, &current.images, wanted.images.as_deref()).await?;
        self.documents(place, &of, &current.documents, wanted.documents.as_deref()).await?;
        self.videos(place, &of, &current.videos, wanted.videos.as_deref()).await
    }

    async fn cosell(&self, state: &OfferState, instances: &Instances) -> Result<(), Error> {
        let Some(cosell) = &self.manifest.cosell else { return Ok(()) };
        let instance = instances.get(&(Module::Cosell.as_str().to_owned(), None));
        self.cosell_documents("offer, Cosell", &state.cosell_assets, cosell.documents.as_deref()).await?;
        self.draft("offer, Cosell", instance, state.cosell.as_ref(), Some(&cosell.listing)).await
    }

    async fn plan(
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
        self.variant(&place("Plan"), &current.variant, &plan.plan).await?;
        for (code, listing) in &plan.listings {
            let place = place(&format!("Listing {code}"));
            let own = current.listings.iter().find(|listing| language(listing).eq_ignore_ascii_case(code));
            match (own, instance(Module::Listing)) {
                (None, Some(instance)) => drop(self.create_listing(&place, code, instance, listing).await?),
                (own, instance) => self.draft(&place, instance, own, Some(listing)).await?,
            }
        }
        let (availability, wanted) = (current.availability.as_ref(), plan.availability.as_ref());
        self.draft(&place("Availability"), instance(Module::Availability), availability, wanted).await?;
        let (draft, configuration) = (instance(Module::Package), current.configuration.as_ref());
        let (wanted, package) = (plan.configuration.as_ref(), plan.package.as_ref());
        self.configuration(&place("Package"), draft, configuration, wanted, package, packages).await
    }

    async fn variant(&self, place: &str, current: &Variant, part: &Part<Variant>) -> Result<(), Error> {
        let changed = part.merge_into(current, &self.secrets)?;
        if super::write::same(current, &changed) {
            self.unchanged(place);
            return Ok(());
        }
        let change = |variant: Variant| part.merge_into(&variant, &self.secrets);
        self.client.try_modify_variant(&self.product, current, change).await?;
        self.done(place, "changed");
        Ok(())
    }

    /// Writes a technical configuration with its package, which is uploaded if the offer does not have it.
    async fn configuration(
        &self,
        place: &str,
        instance: Option<&InstanceId>,
        current: Option<&PackageConfiguration>,
        part: Option<&Part<PackageConfiguration>>,
        package: Option<&FileManifest<AzurePackage>>,
        packages: &Packages<'_>,
    ) -> Result<(), Error> {
        if part.is_none_or(Part::is_empty) && package.is_none() {
            return Ok(());
        }
        let package = match package {
            Some(package) => Some(packages.ensure(place, package).await?),
            None => None,
        };
        let change = |configuration: PackageConfiguration| {
            let configuration = match part {
                Some(part) => part.merge_into(&configuration, &self.secrets)?,
                None => configuration,
            };
            Ok(match &package {
                Some(package)
                    if package_id(&configuration).as_deref() != package.id.as_ref().map(PackageId::as_str) =>
                {
                    configuration.set_package(package)
                }
                _ => configuration,
            })
        };
        self.changed_draft(place, instance, current, &change).await
    }

    async fn remove_plans(&self, state: &OfferState) -> Result<(), Error> {
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

/// Returns an error with the first finding of the check that is not a warning.
async fn refuse_findings(manifest: &OfferManifest) -> Result<(), Error> {
    let found = manifest.check().await?;
    let faults: Vec<_> = found.iter().filter(|item| item.severity != Some(ValidationSeverity::Warning)).collect();
    let message = match faults[..] {
        [] => return Ok(()),
        [only] => only.to_string(),
        [first, ..] => format!("{first}; the check has {} more findings", faults.len() - 1),
    };
    Err(Error::new(ErrorKind::Manifest, message))
}

/// The resources of a manifest, as reports name them.
fn resources(manifest: &OfferManifest) -> Vec<String> {
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

type Key = (String, Option<VariantId>);

/// The drafts that a manifest changes, with the names of their resources.
fn needed(manifest: &OfferManifest, variants: &[Variant]) -> BTreeMap<Key, String> {
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

fn find_plan<'v>(variants: &'v [Variant], id: &str) -> Option<&'v Variant> {
    variants.iter().find(|variant| plan_id(variant).eq_ignore_ascii_case(id))
}
