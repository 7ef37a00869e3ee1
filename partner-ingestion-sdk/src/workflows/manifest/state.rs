//! The state of an offer in the service: every resource of it, read several at a time.

use crate::client::Client;
use crate::error::Error;
use crate::types::*;
use crate::workflows::branch::current_drafts;
use crate::workflows::manifest::names::language;
use crate::workflows::manifest::offer::{ListingManifest, OfferManifest};
use crate::workflows::manifest::part::sets_something;
use crate::workflows::submitted::Instances;
use futures_util::future::{try_join, try_join3, try_join4};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

/// How many plans and languages are read at a time. The client limits the requests themselves.
const CONCURRENT: usize = 8;
/// The parts of an availability that the service leaves out otherwise.
const AVAILABILITY: &str = "MarketStates,Trial,PriceSchedules";
/// The download address of a file, which the service leaves out otherwise.
const FILE: &str = "FileSasUri";

/// The modules that have resources. A reseller configuration has no instance.
pub(crate) const MODULES: [Module; 6] = [
    Module::Availability,
    Module::Cosell,
    Module::Listing,
    Module::Package,
    Module::Property,
    Module::SupplementalContent,
];

/// What is read of an offer.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'m> {
    /// Everything.
    All,
    /// The modules: no settings, and packages only beside technical configurations.
    Modules,
    /// What a manifest mentions.
    Manifest(&'m OfferManifest),
    /// What a manifest mentions of an offer that was just created, which has no packages.
    New(&'m OfferManifest),
}

impl<'m> Scope<'m> {
    fn manifest(self) -> Option<&'m OfferManifest> {
        match self {
            Self::All | Self::Modules => None,
            Self::Manifest(manifest) | Self::New(manifest) => Some(manifest),
        }
    }
}

/// An offer with everything that belongs to it.
pub(crate) struct OfferState {
    pub(crate) product: AzureProduct,
    pub(crate) setup: Option<AzureProductSetup>,
    pub(crate) property: Option<AzureProperty>,
    pub(crate) listings: Vec<ListingState>,
    pub(crate) preview_audience: Option<ProductAvailability>,
    pub(crate) reseller: Option<ResellerConfiguration>,
    pub(crate) leads: Option<LeadConfiguration>,
    pub(crate) cosell: Option<CosellListing>,
    pub(crate) cosell_assets: Vec<CosellAsset>,
    pub(crate) supplemental_content: Option<SupplementalContent>,
    pub(crate) configuration: Option<PackageConfiguration>,
    pub(crate) packages: Vec<AzurePackage>,
    pub(crate) plans: Vec<PlanState>,
}

pub(crate) struct ListingState {
    pub(crate) listing: AzureListing,
    pub(crate) images: Vec<ListingImage>,
    pub(crate) videos: Vec<ListingVideo>,
    pub(crate) documents: Vec<ListingAsset>,
}

pub(crate) struct PlanState {
    pub(crate) variant: Variant,
    pub(crate) listings: Vec<AzureListing>,
    pub(crate) availability: Option<FeatureAvailability>,
    pub(crate) configuration: Option<PackageConfiguration>,
}

/// Finds the drafts of these modules.
pub(crate) async fn drafts(
    client: &Client,
    product: &ProductId,
    modules: impl IntoIterator<Item = Module>,
) -> Result<Instances, Error> {
    let modules = modules.into_iter().map(|module| drafts_of(client, product, module).boxed()).collect::<Vec<_>>();
    let modules: Vec<Instances> = stream::iter(modules).buffered(CONCURRENT).try_collect().await?;
    Ok(modules.into_iter().flatten().collect())
}

/// Lists the plans of an offer.
pub(crate) async fn variants(client: &Client, product: &ProductId) -> Result<Vec<Variant>, Error> {
    many(client.list_variants(product).stream()).await
}

/// Finds the drafts of one module. A module that does not apply to the offer has none.
pub(crate) async fn drafts_of(client: &Client, product: &ProductId, module: Module) -> Result<Instances, Error> {
    let drafts = absent(current_drafts(client, product, &module).await)?.unwrap_or_default();
    let module = module.as_str();
    Ok(drafts.into_iter().map(|(plan, instance)| ((module.to_owned(), plan), instance)).collect())
}

impl OfferState {
    /// Reads an offer with these plans. `instances` selects its drafts or what was submitted: a module without one is not read.
    pub(crate) async fn read(
        client: &Client,
        product: AzureProduct,
        variants: Vec<Variant>,
        instances: &Instances,
        scope: Scope<'_>,
    ) -> Result<Self, Error> {
        let only = scope.manifest();
        let id = ProductId::from(&product);
        let id = &id;
        let instance = |module: Module| instances.get(&(module.as_str().to_owned(), None));
        let wanted = |is_mentioned: fn(&OfferManifest) -> bool| only.is_none_or(is_mentioned);
        let settings = |is_mentioned| !matches!(scope, Scope::Modules) && wanted(is_mentioned);
        let may_have_packages = match scope {
            Scope::New(_) => false,
            Scope::Modules => instances.keys().any(|(module, _)| module == Module::Package.as_str()),
            Scope::All | Scope::Manifest(_) => true,
        };
        let has_packages = |manifest: &OfferManifest| {
            manifest.package.is_some() || manifest.plans.values().any(|plan| plan.package.is_some())
        };
        let of_offer = try_join4(
            optional(settings(|manifest| sets_something(manifest.setup.as_ref())), || {
                client.get_product_setup(id).send()
            }),
            optional(settings(|manifest| sets_something(manifest.reseller.as_ref())), || {
                client.get_reseller_configuration(id).send()
            }),
            optional(settings(|manifest| sets_something(manifest.leads.as_ref())), || {
                client.get_lead_configuration(id).send()
            }),
            all(may_have_packages && wanted(has_packages), || client.list_packages(id).stream()),
        );
        let has_documents =
            |manifest: &OfferManifest| manifest.cosell.as_ref().is_some_and(|cosell| cosell.documents.is_some());
        let of_modules = try_join4(
            first(instance(Module::Property), |instance| client.find_properties(id, instance).stream()),
            listings(client, id, instance(Module::Listing), only),
            first(instance(Module::Availability), |instance| client.find_product_availabilities(id, instance).stream()),
            first(instance(Module::Package), |instance| client.find_package_configurations(id, instance).stream()),
        );
        let of_certification = try_join3(
            first(instance(Module::Cosell), |instance| client.find_cosell_listings(id, instance).stream()),
            of_instance(instance(Module::Cosell).filter(|_| wanted(has_documents)), |instance| {
                client.find_cosell_assets(id, instance).stream()
            }),
            first(instance(Module::SupplementalContent), |instance| {
                client.find_supplemental_contents(id, instance).stream()
            }),
        );
        let (of_offer, (of_modules, of_certification)) =
            try_join(of_offer, try_join(of_modules, of_certification)).await?;
        let (setup, reseller, leads, packages) = of_offer;
        let (property, listings, preview_audience, configuration) = of_modules;
        let (cosell, cosell_assets, supplemental_content) = of_certification;
        let plans = stream::iter(variants).map(|variant| PlanState::read(client, id, variant, instances));
        let plans = plans.buffered(CONCURRENT).try_collect().await?;
        Ok(Self {
            setup,
            property,
            listings,
            preview_audience,
            reseller,
            leads,
            cosell,
            cosell_assets,
            supplemental_content,
            configuration,
            packages,
            plans,
            product,
        })
    }
}

impl PlanState {
    async fn read(client: &Client, id: &ProductId, variant: Variant, instances: &Instances) -> Result<Self, Error> {
        let plan = VariantId::from(&variant);
        let instance = |module: Module| instances.get(&(module.as_str().to_owned(), Some(plan.clone())));
        let availability = async {
            let Some(instance) = instance(Module::Availability) else { return Ok(None) };
            let found = many(client.find_feature_availabilities(id, instance).expand(AVAILABILITY).stream()).await?;
            Ok(found.into_iter().next())
        };
        let (listings, availability, configuration) = try_join3(
            of_instance(instance(Module::Listing), |instance| client.find_listings(id, instance).stream()),
            availability,
            first(instance(Module::Package), |instance| client.find_package_configurations(id, instance).stream()),
        )
        .await?;
        Ok(Self { variant, listings, availability, configuration })
    }
}

/// Reads the listings of an offer with their files. With a manifest, only the kinds of files that its listing names.
async fn listings(
    client: &Client,
    id: &ProductId,
    instance: Option<&InstanceId>,
    only: Option<&OfferManifest>,
) -> Result<Vec<ListingState>, Error> {
    let listings = of_instance(instance, |instance| client.find_listings(id, instance).stream()).await?;
    let with_files = async |listing: AzureListing| {
        let of = ListingId::from(&listing);
        let own = only.map(|manifest| manifest.listing(&language(&listing)));
        let wanted = |is_mentioned: fn(&ListingManifest) -> bool| own.is_none_or(|own| own.is_some_and(is_mentioned));
        let (images, videos, documents) = try_join3(
            all(wanted(|own| own.images.is_some()), || client.list_listing_images(id, &of).expand(FILE).stream()),
            all(wanted(|own| own.videos.is_some()), || client.list_listing_videos(id, &of).expand(FILE).stream()),
            all(wanted(|own| own.documents.is_some()), || client.list_listing_assets(id, &of).expand(FILE).stream()),
        )
        .await?;
        Ok(ListingState { listing, images, videos, documents })
    };
    stream::iter(listings).map(with_files).buffered(CONCURRENT).try_collect().await
}

/// Reads all items of a list. A list that the offer does not have is empty.
async fn many<T>(items: impl futures_core::Stream<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    Ok(absent(items.try_collect().await)?.unwrap_or_default())
}

async fn of_instance<T, S>(instance: Option<&InstanceId>, find: impl FnOnce(&InstanceId) -> S) -> Result<Vec<T>, Error>
where
    S: futures_core::Stream<Item = Result<T, Error>>,
{
    match instance {
        Some(instance) => many(find(instance)).await,
        None => Ok(Vec::new()),
    }
}

async fn first<T, S>(instance: Option<&InstanceId>, find: impl FnOnce(&InstanceId) -> S) -> Result<Option<T>, Error>
where
    S: futures_core::Stream<Item = Result<T, Error>>,
{
    Ok(of_instance(instance, find).await?.into_iter().next())
}

/// Reads all items of a list, if it is wanted.
async fn all<T, S>(wanted: bool, list: impl FnOnce() -> S) -> Result<Vec<T>, Error>
where
    S: futures_core::Stream<Item = Result<T, Error>>,
{
    if wanted { many(list()).await } else { Ok(Vec::new()) }
}

/// Reads a resource, if it is wanted.
async fn optional<T, F>(wanted: bool, call: impl FnOnce() -> F) -> Result<Option<T>, Error>
where
    F: Future<Output = Result<crate::Response<T>, Error>>,
{
    if !wanted {
        return Ok(None);
    }
    Ok(absent(call().await)?.map(crate::Response::into_inner))
}

/// A resource that the offer does not have is none: not found, or not applicable to its type.
fn absent<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) if error.is_not_applicable() => Ok(None),
        Err(error) => Err(error),
    }
}
