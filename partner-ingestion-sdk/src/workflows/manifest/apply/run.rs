//! The order of the changes: offer, plans, branches, and then the parts and files of the offer and of its plans at the same time.

use super::Apply;
use super::context::{CONCURRENT_TRANSFERS, Run};
use super::needed::{Key, needed, resources};
use super::packages::Packages;
use super::publish::SUBMISSION;
use crate::error::ingestion::Applied;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use crate::workflows::manifest::files::check_readable;
use crate::workflows::manifest::names::plan_id;
use crate::workflows::manifest::offer::OfferManifest;
use crate::workflows::manifest::secrets::Secrets;
use crate::workflows::manifest::state::{OfferState, Scope, drafts};
use crate::workflows::submitted::Instances;
use crate::workflows::wait::{BRANCHES, Limit, poll_until};
use futures_util::FutureExt;
use reqwest::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

impl<'a> Run<'a> {
    /// Applies the manifest. An error has the report of what was done.
    pub(super) async fn start(apply: &'a Apply, secrets: Secrets) -> Result<Applied, Error> {
        let manifest = &apply.manifest;
        let mut remaining = resources(manifest);
        remaining.extend(apply.publish.is_some().then(|| SUBMISSION.to_owned()));
        let mut run = Self {
            client: apply.client.clone(),
            manifest,
            secrets,
            prune: apply.prune,
            product: ProductId::from(""),
            is_new: false,
            apply,
            applied: Mutex::new(Applied { remaining, ..Applied::default() }),
            failure: Mutex::default(),
            transfers: Semaphore::new(CONCURRENT_TRANSFERS),
        };
        let outcome = async {
            check_readable(manifest, &run.secrets).await?;
            if apply.check {
                refuse_findings(manifest).await?;
            }
            let product;
            (product, run.is_new) = run.offer().await?;
            run.product = ProductId::from(&product);
            run.report().product = Some(run.product.clone());
            run.parts(product).await
        };
        let outcome = outcome.await;
        let applied = run.applied.into_inner().unwrap_or_else(PoisonError::into_inner);
        let first = run.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => Ok(Applied { remaining: Vec::new(), ..applied }),
            Err(error) => Err(first.unwrap_or(error).with_applied(applied)),
        }
    }

    /// Finds or creates the offer. Returns true if it was created.
    async fn offer(&self) -> Result<(AzureProduct, bool), Error> {
        let manifest = self.manifest;
        let new = AzureProduct::application(&manifest.offer_id, &manifest.name);
        let found = self.client.ensure_product(new.set_resource_type(manifest.offer_type.clone())).await?;
        if found.status() == StatusCode::CREATED {
            self.done("offer, Product", "created");
            return Ok((found.into_inner(), true));
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
        Ok((found, false))
    }

    /// What is read of the offer.
    fn scope(&self) -> Scope<'a> {
        if self.is_new { Scope::New(self.manifest) } else { Scope::Manifest(self.manifest) }
    }

    async fn parts(&self, product: AzureProduct) -> Result<(), Error> {
        let variants = self.plans().await?;
        let needed = needed(self.manifest, &variants);
        let instances = self.instances(&needed).await?;
        let state = OfferState::read(&self.client, product, variants, &instances, self.scope()).await?;
        let packages = Packages::new(self, &state);
        let mut tasks = vec![
            self.settings(&state).boxed(),
            self.modules(&state, &instances, &packages).boxed(),
            self.listings(&state, &instances).boxed(),
            self.cosell(&state, &instances).boxed(),
        ];
        for (id, plan) in &self.manifest.plans {
            let current = state.plans.iter().find(|current| plan_id(&current.variant).eq_ignore_ascii_case(id));
            tasks.push(self.plan(id, plan, current, &instances, &packages).boxed());
        }
        self.all(tasks).await?;
        if self.prune { self.remove_plans(&state).await } else { Ok(()) }
    }

    /// Finds the drafts that the manifest changes, and waits for them: the branches of a new offer or plan appear later.
    async fn instances(&self, needed: &BTreeMap<Key, String>) -> Result<Instances, Error> {
        let interval = match self.apply.poll_interval {
            Some((initial, max)) => BRANCHES.with_range(initial, max),
            None => BRANCHES,
        };
        let known: Mutex<Instances> = Mutex::default();
        let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
        poll_until(interval, Limit::Time(self.apply.branch_wait), || async {
            // A module whose drafts are all known is not read again.
            let missing: BTreeSet<&str> = {
                let known = lock();
                needed.keys().filter(|key| !known.contains_key(*key)).map(|(module, _)| module.as_str()).collect()
            };
            let found = drafts(&self.client, &self.product, missing.into_iter().map(Module::from)).await?;
            let mut known = lock();
            known.extend(found.into_iter().filter(|(key, _)| needed.contains_key(key)));
            Ok(match needed.iter().find(|(key, _)| !known.contains_key(*key)) {
                None => Ok(known.clone()),
                Some((_, place)) => Err(self.absent(place)),
            })
        })
        .await
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
