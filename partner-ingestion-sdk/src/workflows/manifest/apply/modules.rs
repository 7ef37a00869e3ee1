//! The settings and the modules of an offer.

use super::context::Run;
use super::packages::Packages;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::names::{language, package_id};
use crate::workflows::manifest::offer::{FileManifest, ListingManifest};
use crate::workflows::manifest::part::Part;
use crate::workflows::manifest::state::{ListingState, OfferState};
use crate::workflows::submitted::Instances;
use futures_util::FutureExt;

impl Run<'_> {
    /// Setup, reseller configuration and leads.
    pub(super) async fn settings(&self, state: &OfferState) -> Result<(), Error> {
        let (client, product, manifest) = (&self.client, &self.product, self.manifest);
        self.all(vec![
            self.set("offer, Setup", state.setup.as_ref(), manifest.setup.as_ref(), |setup| {
                client.set_product_setup(product, setup).send().boxed()
            })
            .boxed(),
            self.set("offer, ResellerConfiguration", state.reseller.as_ref(), manifest.reseller.as_ref(), |reseller| {
                client.set_reseller_configuration(product, reseller).send().boxed()
            })
            .boxed(),
            self.set("offer, LeadConfiguration", state.leads.as_ref(), manifest.leads.as_ref(), |leads| {
                client.set_lead_configuration(product, leads).send().boxed()
            })
            .boxed(),
        ])
        .await
    }

    /// The drafts of the offer that have no files.
    pub(super) async fn modules(
        &self,
        state: &OfferState,
        instances: &Instances,
        packages: &Packages<'_>,
    ) -> Result<(), Error> {
        let instance = |module: Module| instances.get(&(module.as_str().to_owned(), None));
        let manifest = self.manifest;
        let (property, audience) = (state.property.as_ref(), state.preview_audience.as_ref());
        self.all(vec![
            self.draft("offer, Property", instance(Module::Property), property, manifest.property.as_ref()).boxed(),
            self.draft(
                "offer, Availability",
                instance(Module::Availability),
                audience,
                manifest.preview_audience.as_ref(),
            )
            .boxed(),
            self.supplemental_content(state.supplemental_content.as_ref(), instance(Module::SupplementalContent))
                .boxed(),
            self.configuration(
                "offer, Package",
                instance(Module::Package),
                state.configuration.as_ref(),
                manifest.configuration.as_ref(),
                manifest.package.as_ref(),
                packages,
            )
            .boxed(),
        ])
        .await
    }

    pub(super) async fn listings(&self, state: &OfferState, instances: &Instances) -> Result<(), Error> {
        let instance = instances.get(&(Module::Listing.as_str().to_owned(), None));
        let listings = self.manifest.listings.iter().map(|(code, wanted)| {
            let place = format!("offer, Listing {code}");
            async move { self.whole(&place, self.listing(&place, code, wanted, state, instance)).await }.boxed()
        });
        self.all(listings.collect()).await?;
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

    /// A listing in one language, and then its files.
    async fn listing(
        &self,
        place: &str,
        code: &str,
        wanted: &ListingManifest,
        state: &OfferState,
        instance: Option<&InstanceId>,
    ) -> Result<(), Error> {
        let mut current = state.listings.iter().find(|state| language(&state.listing).eq_ignore_ascii_case(code));
        let created;
        if current.is_none() {
            let instance = instance.ok_or_else(|| self.absent(place))?;
            created = self.create_listing(place, code, instance, &wanted.listing).await?;
            current = Some(&created);
        }
        self.draft(place, instance, current.map(|state| &state.listing), Some(&wanted.listing)).await?;
        if let Some(current) = current {
            let of = ListingId::from(&current.listing);
            self.all(vec![
                self.images(place, &of, &current.images, wanted.images.as_deref()).boxed(),
                self.documents(place, &of, &current.documents, wanted.documents.as_deref()).boxed(),
                self.videos(place, &of, &current.videos, wanted.videos.as_deref()).boxed(),
            ])
            .await?;
        }
        Ok(())
    }

    pub(super) async fn create_listing(
        &self,
        place: &str,
        code: &str,
        instance: &InstanceId,
        part: &Part<AzureListing>,
    ) -> Result<ListingState, Error> {
        self.proceed()?;
        let listing = part.resolve(&self.secrets)?.set_language_code(code);
        let listing = self.client.create_listing(&self.product, instance, listing).send().await?.into_inner();
        self.done(place, "created");
        Ok(ListingState { listing, images: Vec::new(), videos: Vec::new(), documents: Vec::new() })
    }

    pub(super) async fn cosell(&self, state: &OfferState, instances: &Instances) -> Result<(), Error> {
        let Some(cosell) = &self.manifest.cosell else { return Ok(()) };
        let instance = instances.get(&(Module::Cosell.as_str().to_owned(), None));
        let parts = async {
            self.cosell_documents("offer, Cosell", &state.cosell_assets, cosell.documents.as_deref()).await?;
            self.draft("offer, Cosell", instance, state.cosell.as_ref(), Some(&cosell.listing)).await
        };
        self.whole("offer, Cosell", parts).await
    }

    /// Writes a technical configuration with its package, which is uploaded if the offer does not have it.
    pub(super) async fn configuration(
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
        let parts = async {
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
        };
        self.whole(place, parts).await
    }
}
