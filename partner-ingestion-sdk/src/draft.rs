//! From product, plan and module to the resource that can be edited, in one call.
//!
//! The service keeps a draft of every module behind a branch; the branches of something new appear after seconds.

use crate::modify::modify;
use crate::types::*;
use crate::{Client, Error, ErrorKind, Page, Resource, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::time::Instant;

/// How long branches are waited for, if the caller does not say.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first pause between two looks, and the longest.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The draft of one module of an offer or of a plan.
///
/// ```
/// # use partner_ingestion_sdk::types::AzureProduct;
/// # use partner_ingestion_sdk::{Client, partner_auth::{Authority, TokenSource}};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = partner_sandbox::Sandbox::start().await?;
/// # let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
/// # let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
/// # let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
/// let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
/// let changed = client.listing_draft(&offer).modify(|listing| listing.set_summary("Now faster")).await?;
/// assert_eq!(changed.summary.as_deref(), Some("Now faster"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a draft is found when `get`, `modify` or `instance_id` is awaited"]
pub struct Draft<T> {
    client: Client,
    product: ProductId,
    plan: Option<VariantId>,
    patience: Duration,
    resource: PhantomData<fn() -> T>,
}

impl<T> Clone for Draft<T> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), product: self.product.clone(), plan: self.plan.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("product", &self.product).field("plan", &self.plan).finish_non_exhaustive()
    }
}

type Outcome<'a, T> = BoxFuture<'a, Result<T, Error>>;

mod sealed {
    pub trait Sealed {}
}

/// A resource that stands behind a branch. Not to be implemented elsewhere.
pub trait Drafted: sealed::Sealed + Resource + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The module of its branch.
    #[doc(hidden)]
    const MODULE: Module;

    #[doc(hidden)]
    fn find<'a>(
        client: &'a Client,
        product: &'a ProductId,
        instance: &'a InstanceId,
    ) -> Outcome<'a, Response<Vec<Self>>>;

    #[doc(hidden)]
    fn replace<'a>(
        client: &'a Client,
        product: &'a ProductId,
        instance: &InstanceId,
        resource: Self,
        etag: &str,
    ) -> Outcome<'a, Response<Self>>;
}

// `inline`: what is put in a box is compiled by who calls it. Compiled here, all drafts are, whether somebody reads them or not.
macro_rules! drafted {
    ($($type:ident of $module:ident: $find:ident $(.$expand:ident($what:literal))?, $replace:ident by $key:expr;)*) => {
        $(
            impl sealed::Sealed for $type {}

            impl Drafted for $type {
                const MODULE: Module = Module::$module;

                #[inline]
                fn find<'a>(client: &'a Client, product: &'a ProductId, instance: &'a InstanceId) -> Outcome<'a, Response<Vec<Self>>> {
                    let call = client.$find(product, instance)$(.$expand($what))?;
                    async move { Ok(call.send().await?.map(Page::into_items)) }.boxed()
                }

                #[inline]
                fn replace<'a>(
                    client: &'a Client,
                    product: &'a ProductId,
                    instance: &InstanceId,
                    resource: Self,
                    etag: &str,
                ) -> Outcome<'a, Response<Self>> {
                    let id = ($key)(&resource, instance);
                    client.$replace(product, id, resource).if_match(etag).send().boxed()
                }
            }
        )*
    };
}

/// Most are written by their own identifiers, two by that of the draft.
fn own<T: Resource, I: for<'t> From<&'t str>>(resource: &T, _: &InstanceId) -> I {
    I::from(resource.id().unwrap_or_default())
}

drafted! {
    AzureListing of Listing: find_listings, replace_listing by own::<Self, ListingId>;
    AzureProperty of Property: find_properties, replace_property by own::<Self, PropertyId>;
    ProductAvailability of Availability: find_product_availabilities, replace_product_availability by own::<Self, ProductAvailabilityId>;
    FeatureAvailability of Availability: find_feature_availabilities.expand("MarketStates,Trial,PriceSchedules"),
        replace_feature_availability by own::<Self, FeatureAvailabilityId>;
    PackageConfiguration of Package: find_package_configurations, replace_package_configuration by own::<Self, PackageConfigurationId>;
    CosellListing of Cosell: find_cosell_listings, replace_cosell_listing by |_: &Self, instance: &InstanceId| instance.clone();
    SupplementalContent of SupplementalContent: find_supplemental_contents, replace_supplemental_content by |_: &Self, instance: &InstanceId| instance.clone();
}

impl Client {
    /// The listing of an offer; with [`plan`](Draft::plan) that of a plan. Where it has several languages, the first one.
    pub fn listing_draft(&self, product_id: impl Into<ProductId>) -> Draft<AzureListing> {
        self.draft(product_id.into(), None)
    }

    /// The property of an offer.
    pub fn property_draft(&self, product_id: impl Into<ProductId>) -> Draft<AzureProperty> {
        self.draft(product_id.into(), None)
    }

    /// Who may see the preview of an offer.
    pub fn product_availability_draft(&self, product_id: impl Into<ProductId>) -> Draft<ProductAvailability> {
        self.draft(product_id.into(), None)
    }

    /// Markets, prices and audience of a plan.
    pub fn feature_availability_draft(
        &self,
        product_id: impl Into<ProductId>,
        variant_id: impl Into<VariantId>,
    ) -> Draft<FeatureAvailability> {
        self.draft(product_id.into(), Some(variant_id.into()))
    }

    /// Which package a plan has, and how it is deployed.
    pub fn package_configuration_draft(
        &self,
        product_id: impl Into<ProductId>,
        variant_id: impl Into<VariantId>,
    ) -> Draft<PackageConfiguration> {
        self.draft(product_id.into(), Some(variant_id.into()))
    }

    /// Which package an offer has that has none by plan, such as one for Dynamics 365.
    pub fn offer_package_configuration_draft(&self, product_id: impl Into<ProductId>) -> Draft<PackageConfiguration> {
        self.draft(product_id.into(), None)
    }

    /// What Microsoft's sellers read of an offer.
    pub fn cosell_listing_draft(&self, product_id: impl Into<ProductId>) -> Draft<CosellListing> {
        self.draft(product_id.into(), None)
    }

    /// The supplemental content of an offer.
    pub fn supplemental_content_draft(&self, product_id: impl Into<ProductId>) -> Draft<SupplementalContent> {
        self.draft(product_id.into(), None)
    }

    fn draft<T>(&self, product: ProductId, plan: Option<VariantId>) -> Draft<T> {
        Draft { client: self.clone(), product, plan, patience: PATIENCE, resource: PhantomData }
    }

    /// All branches of a module: those of the offer without a variant, and those of its plans.
    pub(crate) async fn branches(&self, product: &ProductId, module: &Module) -> Result<Vec<Branch>, Error> {
        self.list_branches(product, module).stream().try_collect().await
    }
}

impl Draft<AzureListing> {
    /// The listing of this plan instead of the offer's.
    pub fn plan(mut self, variant_id: impl Into<VariantId>) -> Self {
        self.plan = Some(variant_id.into());
        self
    }
}

impl<T: Drafted> Draft<T> {
    /// How long to wait for a branch that is not there yet; a minute if not set.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The instance id of the draft, which a submission names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Lookup`], which names module, product and plan, when the branch does not appear in time; otherwise as for
    /// [`list_branches`](Client::list_branches).
    pub async fn instance_id(&self) -> Result<InstanceId, Error> {
        wait_for(self.patience, || async {
            let branches = self.client.branches(&self.product, &T::MODULE).await?;
            let mut own = branches.into_iter().filter(|branch| branch.variant_id == self.plan);
            Ok(own.find_map(|branch| branch.current_draft_instance_id).ok_or_else(|| self.missing()))
        })
        .await
    }

    /// The resource as it is now.
    ///
    /// # Errors
    ///
    /// As for [`instance_id`](Draft::instance_id) and for the operation that finds by instance.
    pub async fn get(&self) -> Result<Response<T>, Error> {
        let instance = self.instance_id().await?;
        self.read(&instance).await
    }

    /// Reads the resource, changes it, and writes it back with its entity tag; on a conflict (409, 412) it is read and changed
    /// again, up to a hundred times. What `change` does not touch stays as it is, fields that the type does not know included.
    /// `change` may be called more than once.
    ///
    /// # Errors
    ///
    /// As for [`get`](Draft::get) and for the PUT; a conflict only when there is one every time.
    pub async fn modify(&self, change: impl Fn(T) -> T + Send + Sync) -> Result<Response<T>, Error> {
        let instance = self.instance_id().await?;
        let read = || self.read(&instance).boxed();
        let write = |resource: T, etag: &str| T::replace(&self.client, &self.product, &instance, resource, etag);
        modify(&read, &write, &change).await
    }

    async fn read(&self, instance: &InstanceId) -> Result<Response<T>, Error> {
        let found = T::find(&self.client, &self.product, instance).await?;
        if found.is_empty() {
            return Err(Error::new(ErrorKind::Lookup, format!("{} is empty", self.named())));
        }
        Ok(found.map(|mut items| items.swap_remove(0)))
    }

    fn missing(&self) -> Error {
        Error::new(ErrorKind::Lookup, format!("{} has no branch", self.named()))
    }

    /// Module, product and plan.
    fn named(&self) -> String {
        let plan = self.plan.as_ref().map(|plan| format!(", plan {plan}")).unwrap_or_default();
        format!("the module {} of product {}{plan}", T::MODULE, self.product)
    }
}

/// Looks until there is something, for so long; then what the last look missed.
pub(crate) async fn wait_for<T, F>(patience: Duration, look: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Result<T, Error>, Error>>,
{
    let until = Instant::now() + patience;
    let mut pause = LOOK.0;
    loop {
        let missing = match look().await? {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        let next = Instant::now() + pause;
        if next > until {
            return Err(missing);
        }
        tokio::time::sleep_until(next).await;
        pause = (pause * 2).min(LOOK.1);
    }
}
